//! What must hold on every database and with every library: one definition, run on each.
//!
//! A crate that includes this folder gives macros: `model!` derives a model for the libraries that the crate has,
//! `stores!` makes each of its clients keep a model, `behaviours!` makes a test of each behaviour on each client and
//! `pairs!` one of each client that writes and each other of its database that reads. `histories!` says which two share a
//! table, `uuid_modules!` and `uuid_stores!` how the databases keep UUIDs. The library's own crate has the clients of SQLite
//! that need no server; `tests-crates/databases` has all nine.

#[macro_use]
mod stores;
mod armor;
pub mod bindings;
pub mod by_rusqlite;
mod client;
mod damage;
mod dialect;
mod hidden;
mod histories;
mod key;
mod limits;
mod lookups;
mod migrating;
mod printed;
mod sizes;
mod sqlite;
mod suites;
mod swaps;
mod types;
mod vault;

pub use client::{Client, Database, Failed, Store, World};
pub use dialect::{Dialect, Raw, from_base64, to_base64};
pub use key::Key;
#[allow(unused_imports, reason = "the library's own crate adds no clients of SQLite")]
pub use sqlite::SqliteFile;
pub use sqlite::{DieselSqlite, Rusqlite};
