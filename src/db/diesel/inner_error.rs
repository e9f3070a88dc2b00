//! What diesel's errors carry.

use std::error::Error as StdError;

/// The error that diesel's carries. `diesel::result::Error::source` passes over it.
pub(crate) fn inner_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    use diesel::result::Error::{DeserializationError, QueryBuilderError, SerializationError};
    match error.downcast_ref()? {
        DeserializationError(inner) | SerializationError(inner) | QueryBuilderError(inner) => Some(&**inner),
        _ => None,
    }
}
