//! Adapters for database libraries: one library, one file, one feature. What they share is beside them.

#[cfg(feature = "diesel-sqlite")]
pub(crate) mod diesel;
#[cfg(feature = "rusqlite")]
pub(crate) mod rusqlite;
mod sealed_value;
mod stored;

pub use sealed_value::SealedValue;
pub use stored::{StoredBytes, StoredValue};
