//! Why a value is left as it is.

use crate::sql::SqlError;
use fieldseal::ErrorKind;
use fieldseal::value::Kind;

/// Why a value is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// It can't be opened or sealed.
    #[error(transparent)]
    Value(#[from] ErrorKind),
    /// The row's id or scope isn't what the schema says.
    #[error("{0}")]
    Row(&'static str),
    /// It's plaintext, but not of the column's kind.
    #[error("the plaintext is no valid {0}, as the lock file says")]
    NotOfKind(Kind),
    /// The tenant's keys were destroyed.
    #[error("its tenant was forgotten, all of its keys are destroyed")]
    Forgotten,
    /// The other column holds something else already.
    #[error("the other column already has another value")]
    Differs,
    /// The database refused the new value.
    #[error("the new value was refused: {0}")]
    Refused(SqlError),
    /// The database left the old value, without an error.
    #[error("the database didn't write the new value, and said nothing")]
    NotWritten,
    /// The database stored something else than the sealed value, which could not have been opened
    /// again.
    #[error("the database changed the sealed value on the way in, which was taken back")]
    Rewritten,
    /// The database stored something else than it was given.
    #[error(
        "the database changed the plaintext on the way in, since its column's type can't hold it as it is; it stays sealed"
    )]
    Altered,
}

impl ProblemKind {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Value(kind) => kind.hint(),
            Self::Row(_) => "fix the row, or the lock file",
            Self::NotOfKind(_) => "fix the value, or the kind in the model",
            Self::Forgotten => "delete the row, or give the tenant a new key",
            Self::Differs => {
                "find out which of the two is right, and make the other column NULL or repeat the write in the program"
            }
            Self::Refused(_) => "look at the table's constraints, triggers and guards, and at the column's type",
            Self::NotWritten => "look for a trigger or rule on the table",
            Self::Rewritten => {
                "look for a trigger or rule on the table that changes the column, or for a type that does"
            }
            Self::Altered => "decrypt into a column of another type",
        }
    }
}
