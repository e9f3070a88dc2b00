//! The table of data keys in a user's own database.

mod files;

pub use self::files::{MigrationFile, Tool};

/// A database engine that can hold the table of data keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite 3.8 or newer.
    Sqlite,
    /// PostgreSQL 11 or newer.
    Postgres,
    /// MySQL 8.0.16 or newer, MariaDB 10.5 or newer.
    Mysql,
}

/// One step of a schema migration, for whichever tool the program uses: [`Self::files`] gives it in the form of those
/// that keep migrations in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Lower-case letters and `_`.
    pub name: &'static str,
    /// Makes the table and its indexes; does nothing if they are there. Several statements on SQLite and PostgreSQL, one
    /// on MySQL.
    pub up: &'static str,
    /// Drops the table, and with it every data key: whatever was sealed is lost, unless the keys were copied.
    pub down: &'static str,
}

/// What makes the table `fieldseal_keys`.
#[must_use]
pub const fn migration(dialect: Dialect) -> Migration {
    let (up, down) = match dialect {
        Dialect::Sqlite => (include_str!("sqlite.up.sql"), include_str!("sqlite.down.sql")),
        Dialect::Postgres => (include_str!("postgres.up.sql"), include_str!("postgres.down.sql")),
        Dialect::Mysql => (include_str!("mysql.up.sql"), include_str!("mysql.down.sql")),
    };
    Migration { name: "create_fieldseal_keys", up, down }
}
