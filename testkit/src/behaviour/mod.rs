//! What must hold on every database and with every library: one definition, run on each.
//!
//! A behaviour is a function over a [`Client`], a library connected to a database, which keeps the
//! models that the behaviour needs. The clients of SQLite that need no server are here;
//! `tests-crates/databases` adds seven more, and makes them keep the models by
//! [`every_model!`](crate::every_model). Each crate makes its tests by
//! [`every_behaviour!`](crate::every_behaviour).

#[macro_use]
mod stores;
pub mod armor;
pub mod bindings;
pub mod by_rusqlite;
mod client;
pub mod damage;
mod dialect;
pub mod hidden;
pub mod histories;
mod key;
pub mod limits;
mod lists;
pub mod lookups;
pub mod migrating;
pub mod prefetched;
pub mod printed;
pub mod sizes;
mod sqlite;
pub mod suites;
pub mod swaps;
pub mod types;
pub mod vault;

pub use client::{Client, Database, Failed, Store, World};
pub use dialect::{Dialect, Raw, from_base64, to_base64};
pub use key::Key;
pub use sqlite::{DieselSqlite, Rusqlite, SqliteFile};
