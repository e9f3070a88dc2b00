//! What can go wrong with a statement.

use fieldseal::dialect::Fault;
use std::fmt;

/// A statement failed, or there is no connection. It quotes no URL and no value.
#[derive(Clone, PartialEq, Eq)]
pub struct SqlError {
    fault: Fault,
    text: String,
    hint: Option<&'static str>,
}

impl SqlError {
    /// `text` says what happened, and must quote no value.
    #[must_use]
    pub fn new(fault: Fault, text: impl Into<String>) -> Self {
        Self { fault, text: text.into(), hint: None }
    }

    /// What to try, in place of what [`SqlError::hint`] says of the fault. No full stop at its end.
    #[must_use]
    pub fn with_hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.hint.unwrap_or_else(|| self.fault.hint())
    }

    /// What went wrong, by what the caller can do about it.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// Whether the database refused a value, and not the statement.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self.fault, Fault::Refused | Fault::Duplicate)
    }

    /// Whether there is no such table or column.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self.fault, Fault::Missing | Fault::Mismatched)
    }

    /// Whether the same may succeed a moment later, on this connection or a new one.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.fault.is_transient()
    }

    /// A database's message, or its code alone where the message may quote a value.
    #[cfg(feature = "_sqlx")]
    pub(super) fn said(fault: Fault, code: &dyn fmt::Display, message: &str) -> Self {
        if fault.may_quote_a_value() {
            return Self::new(
                fault,
                format!(
                    "the database refused a value (its error {code}; the message may quote the value and isn't repeated)"
                ),
            );
        }
        Self::new(fault, message)
    }

    /// The message of one of fieldseal's guards, which quotes no value.
    #[cfg(feature = "_sqlx")]
    pub(super) fn of_guard(text: &str) -> Option<Self> {
        text.starts_with("fieldseal: ").then(|| Self::new(Fault::Refused, text))
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What `unwrap` and `?` in `main` print: the message, and what to try.
impl fmt::Debug for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}; hint: {}", self.hint())
    }
}

impl std::error::Error for SqlError {}
