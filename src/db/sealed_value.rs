//! What goes into a database: sealed, and printed redacted.

use crate::error::Error;
use std::fmt;

/// One value on its way into the database: sealed, NULL, or the error that kept it from being sealed.
///
/// Binding it to a statement reports the error; nothing is written then. It prints redacted: database libraries log
/// what they bind.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue(Result<Option<Vec<u8>>, Error>);

impl SealedValue {
    pub(crate) const fn new(sealed: Result<Option<Vec<u8>>, Error>) -> Self {
        Self(sealed)
    }

    /// The bytes to store, or `None` for NULL.
    ///
    /// # Errors
    ///
    /// Why the value could not be sealed.
    pub fn bytes(&self) -> Result<Option<&[u8]>, &Error> {
        self.0.as_ref().map(Option::as_deref)
    }

    /// The bytes to store, or `None` for NULL.
    ///
    /// # Errors
    ///
    /// Why the value could not be sealed.
    pub fn into_bytes(self) -> Result<Option<Vec<u8>>, Error> {
        self.0
    }
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(Some(bytes)) => write!(f, "Sealed([{} bytes])", bytes.len()),
            Ok(None) => f.write_str("Sealed(NULL)"),
            Err(error) => write!(f, "NotSealed({error})"),
        }
    }
}
