//! What is to be done with a table's values.

use fieldseal::{Column, Schema};
use std::fmt;

/// What a sweep does with each value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Job {
    /// Moves sealed values to the primary key of their scope, and to the column's suite.
    Reencrypt,
    /// Seals plaintext, in place or out of another column.
    Encrypt {
        /// The column that has the plaintext, by its name in the database; `None` for the sealed
        /// column itself.
        from: Option<String>,
    },
    /// Opens sealed values to plaintext, in place or into another column.
    Decrypt {
        /// The column that gets the plaintext, by its name in the database; `None` for the sealed
        /// column itself.
        into: Option<String>,
    },
    /// Opens every value, and changes none.
    Verify,
}

impl Job {
    /// The name of the command for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Reencrypt => "reencrypt",
            Self::Encrypt { .. } => "encrypt",
            Self::Decrypt { .. } => "decrypt",
            Self::Verify => "verify",
        }
    }

    /// Whether it writes rows.
    #[must_use]
    pub const fn writes(&self) -> bool {
        !matches!(self, Self::Verify)
    }
}

/// A job on columns of one table: what the workers of one sweep share.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) job: Job,
    pub(crate) schema: Schema,
    pub(crate) columns: Vec<Column>,
    /// Whether `encrypt` takes a value for plaintext that looks sealed under a key that exists, but
    /// doesn't open.
    pub(crate) seal_lookalikes: bool,
    /// Whether plaintext may be sealed in, or written to, a column whose program refuses plaintext.
    pub(crate) program_stopped: bool,
}

/// `reencrypt patients (name, notes)`: the same for all workers that share a sweep.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The suite is part of the text where a column changes it: a sweep that was begun before
        // would otherwise be gone on with, and leave the rows that it has passed.
        let named = |column: &Column| match column.previous_suite() {
            Some(previous) => format!("{} from {previous} to {}", column.sql_name(), column.suite()),
            None => column.sql_name().to_owned(),
        };
        let columns: Vec<_> = self.columns.iter().map(named).collect();
        write!(f, "{} {} ({})", self.job.name(), self.schema.sql_table, columns.join(", "))?;
        match &self.job {
            Job::Encrypt { from: Some(column) } => write!(f, " from {column}"),
            Job::Encrypt { from: None } if self.seal_lookalikes => f.write_str(" with what looks sealed"),
            Job::Decrypt { into: Some(column) } => write!(f, " into {column}"),
            _ => Ok(()),
        }
    }
}
