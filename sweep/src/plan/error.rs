//! Why a job can't be done on a table.

use fieldseal::value::Kind;

/// Why a job can't be done on a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The lock file or the model names a table that isn't there.
    #[error(
        "the database has no table {0}: compare `stored_in` in the lock file with the database, and the database with the URL"
    )]
    NoTable(String),
    /// The lock file or the model names a column that isn't there.
    #[error("the table {table} has no column {column}: compare the lock file, or the model, with the database")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// There is no order to go through the table in.
    #[error("the table {0} has no primary key: a sweep goes through a table in the order of one, so add one first")]
    NoKey(String),
    /// The primary key can't be compared with what was read.
    #[error("the column {column} of the primary key of {table} is {type_name}, which sweeps can't go by")]
    KeyType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        type_name: String,
    },
    /// The column that is to get sealed values changes them, or can't hold them.
    #[error("{table}.{column} is {type_name}, which {why}")]
    ColumnType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        type_name: String,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// Values of that kind have no form outside of the program.
    #[error(
        "values of the kind {kind} in {table}.{column} can't be encrypted or decrypted without the program: {why}"
    )]
    Kind {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The kind.
        kind: Kind,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// Plaintext in the column is nothing that its program takes.
    #[error(
        "{table}.{column} is not migrating: a program that runs refuses plaintext there, and plaintext there now was put there by somebody else; declare it `migrating`, deploy that, and let the program's test write the lock file; or stop the program and say so"
    )]
    NotMigrating {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The other column is no place for plaintext.
    #[error("{table}.{column} {why}")]
    OtherColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// Most of what is to be encrypted looks sealed already.
    #[error(
        "{values} of the values in {table}.{column} look sealed, under keys that the key store doesn't have: is it the right key store? Restore it; or if they are plaintext that looks so, say that it's to be sealed"
    )]
    UnknownKeys {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// How many.
        values: u64,
    },
    /// No column was chosen.
    #[error("the table {0} has no such sealed column")]
    NothingToDo(String),
}
