//! The databases that tables can be in.

/// A database engine that can hold the program's tables and the table of data keys.
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

impl Dialect {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];
}
