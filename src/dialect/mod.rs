//! What databases say when something fails. [`Dialect`] is at the crate's root.

// A dialect is a folder with a file for each concern, and `PARTS` in its `mod.rs` says what it's
// made of. The files beside this one say what each part has to give. Everything else asks
// `Dialect`; only `Dialect::parts` tells them apart.

mod columns;
pub(crate) mod engine;
mod fault;
pub(crate) mod guards;
#[cfg(feature = "_sql-store")]
mod key_table;
mod migration;
mod mysql;
mod postgres;
mod sqlite;
mod syntax;
mod transactions;

pub(crate) use self::columns::ColumnCheck;
pub(crate) use self::engine::Dialect;
pub use self::fault::Fault;
#[cfg(test)]
pub(crate) use self::guards::Refusal;
pub(crate) use self::guards::{Event, Known, PREFIX, Target};
#[cfg(feature = "_sql-store")]
pub(crate) use self::key_table::{COLUMNS, KeyTable, SessionLock};
#[cfg(any(feature = "diesel-postgres", feature = "sqlx-postgres", feature = "_sweep"))]
pub(crate) use self::postgres::types as postgres_types;
#[doc(hidden)]
pub use self::transactions::Transactions;

use self::engine::Parts;
