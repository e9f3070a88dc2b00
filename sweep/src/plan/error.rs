//! Why a job can't be done on a table.

use fieldseal::value::Kind;

/// Why a job can't be done on a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The lock file or the model names a table that isn't there.
    #[error("the database has no table {0}")]
    NoTable(String),
    /// The lock file or the model names a column that isn't there.
    #[error("the table {table} has no column {column}")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The table has no key in whose order it could be gone through.
    #[error("the table {0} has no primary key, whose order a sweep goes by")]
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
        /// Why not.
        why: &'static str,
        /// What to try.
        hint: &'static str,
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
        /// Why not.
        why: &'static str,
    },
    /// The column isn't migrating, so its program refuses plaintext in it.
    #[error(
        "{table}.{column} is not migrating: a program that runs refuses plaintext there, and plaintext that is there was put there by something else"
    )]
    NotMigrating {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The other column can't be used for plaintext.
    #[error("{table}.{column} {why}")]
    OtherColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why not.
        why: &'static str,
        /// What to try.
        hint: &'static str,
    },
    /// Most of what is to be encrypted looks sealed already.
    #[error("{values} of the values in {table}.{column} look sealed, under keys that the key store doesn't have")]
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

impl PlanError {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoTable(_) => {
                "compare `stored_in` in the lock file with the database, and the database with the URL"
            }
            Self::NoColumn { .. } | Self::NothingToDo(_) => {
                "compare the lock file, or the model, with the database"
            }
            Self::NoKey(_) => "give the table a primary key first",
            Self::KeyType { .. } => "give the table a primary key of an integer, a text, bytes or a UUID",
            Self::ColumnType { hint, .. } | Self::OtherColumn { hint, .. } => hint,
            Self::Kind { .. } => {
                "encrypt or decrypt them in a program that has the type, with all features that it needs"
            }
            Self::NotMigrating { .. } => {
                "declare it `migrating`, deploy that, and let the program's test write the lock file; or stop the \
                 program, and set `program_stopped`"
            }
            Self::UnknownKeys { .. } => {
                "check that it is the right key store, and restore it if it was lost; if they are plaintext that looks so, \
                 set `seal_lookalikes`"
            }
        }
    }
}
