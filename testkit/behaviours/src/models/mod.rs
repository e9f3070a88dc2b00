//! What must hold on every database and with every library: one definition, run on each.
//!
//! A behaviour is a function over a [`Client`], a library connected to a database, which keeps the
//! models that the behaviour needs. The clients of SQLite that need no server are here;
//! `tests-crates/databases` adds seven more, and makes them keep the models by
//! [`every_model!`](crate::every_model). Each crate makes its tests by
//! [`every_behaviour!`](crate::every_behaviour).

#[macro_use]
mod clients;
mod changes;
mod lists;
mod rows;
mod values;
pub mod vault;

pub use self::changes::{histories, migrating, suites};
pub use self::clients::{
    Client, Database, Dialect, DieselSqlite, Failed, Key, Raw, Rusqlite, SqliteFile, Store, World,
};
pub use self::clients::{by_rusqlite, from_base64, to_base64};
pub use self::rows::{bindings, damage, lookups, prefetched, swaps};
pub use self::values::{armor, hidden, limits, printed, sizes, types};
