//! Statements on any of the databases, for tools that work on the rows of any program: the sweeps,
//! and others like them.
//!
//! A [`Database`] says how to connect, a [`Client`] is one connection. Its calls block: they're
//! meant for threads of their own, such as a sweep's workers.

mod catalog;
mod cell;
mod client;
mod error;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod quoting;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "_sqlx")]
mod sqlx;
mod statement;

#[cfg(feature = "mysql")]
pub use ::sqlx::mysql::MySqlConnectOptions;
#[cfg(feature = "postgres")]
pub use ::sqlx::postgres::PgConnectOptions;
pub(crate) use catalog::ROWID;
pub use catalog::{Class, Table, TableColumn};
pub use cell::{Cell, Param};
pub use client::{Client, Database};
pub use error::SqlError;
pub(crate) use fieldseal::__sweep::Engine;
#[cfg(feature = "mysql")]
pub use mysql::Mysql;
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
pub(crate) use quoting::identifier;
pub use quoting::{literal, quoted};
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
pub(crate) use statement::{Statement, all_of};
