//! What goes into a database: sealed, and printed redacted.

use super::StoredValue;
use crate::error::{Error, ErrorKind};
use crate::model::Column;
use std::fmt;

/// One value on its way into the database: sealed, NULL, or the error that kept it from being
/// sealed.
///
/// Binding it to a statement reports the error; nothing is written then. It prints redacted:
/// database libraries log what they bind.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    stored: Result<Option<Vec<u8>>, Error>,
    form: Form,
}

/// What the column says of the bytes that it stores.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Form {
    at: (&'static str, &'static str),
    base64: bool,
    /// Whether it's known that the column holds them.
    sized: bool,
}

impl SealedValue {
    /// `stored` is what is to be stored, already in base64 if the column is.
    pub(crate) fn new(column: &Column, stored: Result<Option<Vec<u8>>, Error>) -> Self {
        let at = (column.table(), column.name());
        // What was sealed elsewhere and is written as it is must fit too.
        let stored = stored.and_then(|value| {
            let len = value.as_ref().map_or(0, Vec::len);
            check_fits(column, len).map(|()| value).map_err(|kind| Error::at(column, kind))
        });
        Self { stored, form: Form { at, base64: column.is_base64(), sized: column.size().is_some() } }
    }

    /// A column whose value wasn't made; binding it is an error.
    #[cfg(feature = "sqlx")]
    pub(crate) const fn missing() -> Self {
        let error = Error::new(ErrorKind::Encode("the value was not sealed"));
        Self { stored: Err(error), form: Form { at: ("", ""), base64: false, sized: true } }
    }

    /// Whether the column holds base64: the value is text, or a NULL of a column of text.
    #[must_use]
    pub const fn is_base64(&self) -> bool {
        self.form.base64
    }

    /// The value itself unless it holds an error, for libraries that keep only an error's text, or
    /// panic where it is bound: in sqlx `QueryBuilder::push_bind` does.
    ///
    /// # Errors
    ///
    /// Why the value could not be sealed.
    pub fn checked(self) -> Result<Self, Error> {
        match self.stored {
            Err(error) => Err(error),
            Ok(_) => Ok(self),
        }
    }

    /// The bytes to store, or `None` for NULL. In a column of base64 they are its ASCII characters.
    ///
    /// # Errors
    ///
    /// Why the value could not be sealed.
    pub fn bytes(&self) -> Result<Option<&[u8]>, &Error> {
        self.stored.as_ref().map(Option::as_deref)
    }

    /// As [`Self::bytes`].
    ///
    /// # Errors
    ///
    /// Why the value could not be sealed.
    pub fn into_bytes(self) -> Result<Option<Vec<u8>>, Error> {
        self.stored
    }

    /// What to bind: text in a column of base64, otherwise bytes, or NULL.
    ///
    /// # Errors
    ///
    /// Why the value could not be sealed.
    pub fn as_value(&self) -> Result<StoredValue<'_>, Error> {
        let stored = self.bytes().map_err(Error::clone)?;
        Ok(match stored {
            None => StoredValue::Null,
            Some(text) if self.form.base64 => StoredValue::Text(text),
            Some(bytes) => StoredValue::Bytes(bytes),
        })
    }

    /// [`Self::as_value`] for MySQL and MariaDB, which without strict mode cut a value that is too
    /// long for its column without an error: the column's size has to be checked before, or a part
    /// of the value would be lost.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SizeUnknown`] too.
    pub fn as_value_for_mysql(&self) -> Result<StoredValue<'_>, Error> {
        match self.as_value() {
            Ok(StoredValue::Bytes(_) | StoredValue::Text(_)) if !self.form.sized => {
                Err(Error::at_names(self.form.at, ErrorKind::SizeUnknown))
            }
            other => other,
        }
    }
}

/// Whether `needs` stored bytes, or characters of base64, fit into the database's column as far as
/// the model says.
pub(crate) fn check_fits(column: &Column, needs: usize) -> Result<(), ErrorKind> {
    match column.size() {
        Some(size) if usize::try_from(size).is_ok_and(|size| needs > size) => {
            Err(ErrorKind::TooLongForColumn { needs, size, base64: column.is_base64() })
        }
        _ => Ok(()),
    }
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stored {
            Ok(Some(bytes)) => write!(f, "Sealed([{} bytes])", bytes.len()),
            Ok(None) => f.write_str("Sealed(NULL)"),
            Err(error) => write!(f, "NotSealed({error})"),
        }
    }
}
