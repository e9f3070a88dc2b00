//! Why a value is left as it is.

use crate::sql::SqlError;
use fieldseal::ErrorKind;
use fieldseal::value::Kind;

/// Why a value is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// It can't be opened or sealed.
    #[error("{0}")]
    Value(#[from] ErrorKind),
    /// The row's id or scope isn't what the schema says.
    #[error("{0}")]
    Row(&'static str),
    /// It's plaintext, but not of the column's kind.
    #[error("the plaintext is no valid {0}, as the lock file says: mend the value, or the kind")]
    NotOfKind(Kind),
    /// The tenant's keys were destroyed.
    #[error(
        "its tenant was forgotten, all of its keys are destroyed: delete the row, or give the tenant a key by `Admin::ensure_scope`"
    )]
    Forgotten,
    /// The other column holds something else already.
    #[error(
        "the other column already has another value: find out which of the two is right, and make the other column NULL or repeat the write in the program"
    )]
    Differs,
    /// The database refused the new value.
    #[error("the new value was refused: {0}")]
    Refused(SqlError),
    /// The database left the old value, without an error.
    #[error("the database didn't write the new value, and said nothing: look for a trigger or rule on the table")]
    NotWritten,
    /// The database stored something else than the sealed value, which could not have been opened
    /// again.
    #[error(
        "the database changed the sealed value on the way in, which was taken back: look for a trigger or rule on the table that changes the column, or for a type that does"
    )]
    Rewritten,
    /// The database stored something else than it was given.
    #[error(
        "the database changed the plaintext on the way in, since its column's type can't hold it as it is; it stays sealed: decrypt into a column of another type"
    )]
    Altered,
}
