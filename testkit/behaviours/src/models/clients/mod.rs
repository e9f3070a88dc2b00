//! Libraries connected to databases, and what differs between them.

#[macro_use]
mod stores;
pub mod by_rusqlite;
mod client;
mod dialect;
mod key;
mod sqlite;

pub use self::client::{Client, Database, Failed, Store, World};
pub use self::dialect::{Dialect, Raw, from_base64, to_base64};
pub use self::key::Key;
pub use self::sqlite::{DieselSqlite, Rusqlite, SqliteFile};
