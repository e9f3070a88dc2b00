//! The table of data keys in a user's own database.

/// A database engine that can hold the table of data keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite 3.8 or newer.
    Sqlite,
}

/// One step of a schema migration, for whichever tool the program uses.
///
/// With diesel_migrations, `up` and `down` are the content of `up.sql` and `down.sql` in a folder that is called after
/// `name`; with refinery, `up` is the SQL of `Migration::unapplied(&format!("V1__{name}"), …)`. Both tools run each of
/// the two texts as several statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Lower-case letters and `_`.
    pub name: &'static str,
    /// Makes the table and its indexes; does nothing if they are there.
    pub up: &'static str,
    /// Drops the table, and with it every data key: whatever was sealed is lost, unless the keys were copied.
    pub down: &'static str,
}

/// What makes the table `fieldseal_keys`.
#[must_use]
pub const fn migration(dialect: Dialect) -> Migration {
    match dialect {
        Dialect::Sqlite => Migration { name: "create_fieldseal_keys", up: SQLITE_UP, down: SQLITE_DOWN },
    }
}

const SQLITE_UP: &str = "\
CREATE TABLE IF NOT EXISTS fieldseal_keys (
    id         INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 4294967295),
    scope      TEXT    NOT NULL CHECK (typeof(scope) = 'text'),
    state      TEXT    NOT NULL CHECK (state IN ('staged', 'primary', 'active', 'retired', 'destroyed')),
    commitment BLOB    NOT NULL CHECK (typeof(commitment) = 'blob' AND length(commitment) = 32),
    wrapped    TEXT    NOT NULL CHECK (typeof(wrapped) = 'text'),
    created    INTEGER NOT NULL CHECK (typeof(created) = 'integer'),
    revision   INTEGER NOT NULL CHECK (typeof(revision) = 'integer' AND revision >= 0)
);
CREATE INDEX IF NOT EXISTS fieldseal_keys_scope ON fieldseal_keys (scope);
CREATE UNIQUE INDEX IF NOT EXISTS fieldseal_keys_primary ON fieldseal_keys (scope) WHERE state = 'primary';
";

const SQLITE_DOWN: &str = "\
DROP TABLE IF EXISTS fieldseal_keys;
";
