//! The table of data keys in a user's own database.

mod files;

pub use self::files::{MigrationFile, Tool};

use crate::dialect::Dialect;

/// One step of a schema migration, for whichever tool the program uses: [`Self::files`] gives it in
/// the form of those that keep migrations in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Lower-case letters and `_`.
    pub name: &'static str,
    /// Makes the table and its indexes; does nothing if they are there. Several statements on
    /// SQLite and PostgreSQL, one on MySQL.
    pub up: &'static str,
    /// Drops the table, and with it every data key: whatever was sealed is lost, unless the keys
    /// were copied.
    pub down: &'static str,
}

/// What makes the table `fieldseal_keys`.
#[must_use]
pub const fn migration(dialect: Dialect) -> Migration {
    let scripts = dialect.scripts();
    Migration { name: "create_fieldseal_keys", up: scripts.up, down: scripts.down }
}
