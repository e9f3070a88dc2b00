//! What can go wrong with a statement.

use std::fmt;

/// A statement failed, or there is no connection. It quotes no URL and no value.
#[derive(Clone, PartialEq, Eq)]
pub struct SqlError {
    kind: SqlErrorKind,
    text: String,
}

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlErrorKind {
    /// The database can't be reached, or the connection was lost: connect again.
    Lost,
    /// Rolled back in favour of another transaction, or a lock wasn't given in time: try again.
    Again,
    /// The user, its password or its rights.
    Denied,
    /// There is no such table or column.
    Missing,
    /// The database refused a value: of the wrong type, too long, against a constraint.
    Refused,
    /// Anything else.
    Other,
}

impl SqlError {
    /// `text` may say what happened and what to do, and must quote no value.
    #[must_use]
    pub fn new(kind: SqlErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> SqlErrorKind {
        self.kind
    }

    /// Whether the same may succeed a moment later, on this connection or a new one.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, SqlErrorKind::Lost | SqlErrorKind::Again)
    }

    /// Of what a database says about a value only the code is passed on: the text may quote it.
    #[cfg(feature = "_sqlx")]
    pub(super) fn refused(code: &dyn fmt::Display) -> Self {
        let text = format!(
            "the database refused a value (its error {code}; the message may quote the value and isn't repeated)"
        );
        Self::new(SqlErrorKind::Refused, text)
    }

    /// What one of fieldseal's guards says, which quotes no value.
    #[cfg(feature = "_sqlx")]
    pub(super) fn of_guard(text: &str) -> Option<Self> {
        text.starts_with("fieldseal: ").then(|| Self::new(SqlErrorKind::Refused, text))
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As it's displayed: `unwrap` and `{:?}` show what a person reads.
impl fmt::Debug for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for SqlError {}
