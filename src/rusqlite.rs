//! Models with rusqlite: [the guide](crate::guide::rusqlite).

pub use crate::db::rusqlite::NamedParams;
