//! What a program is about to need: what it prefetches.

use crate::armor;
use crate::context::Scope;
use crate::db::StoredValue;
use crate::envelope::{Envelope, HEADER_LEN};
use crate::keys::KeyId;
use crate::model::Column;
use std::fmt;

/// A key that a program is about to need.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Need {
    /// To seal for a scope: its primary key.
    Seal(Scope),
    /// To open what is sealed under a key: that key.
    Open(KeyId),
}

impl Need {
    /// The key that it takes to open what a database holds in that column, in base64 too, and whatever its library calls
    /// it: bytes, text or neither. `None` for NULL, and for what isn't a sealed value.
    ///
    /// A field of type [`Sealed`](crate::Sealed) knows its column: [`Sealed::need`](crate::Sealed::need).
    ///
    /// ```
    /// # use fieldseal::{Column, Keyring, KeyringError, Need, StoredBytes};
    /// const NAME: Column = Column::new("patients", "name");
    ///
    /// async fn prefetch(keyring: &Keyring, names: &[StoredBytes]) -> Result<(), KeyringError> {
    ///     keyring.prefetch(names.iter().filter_map(|name| Need::of_stored(&NAME, name))).await
    /// }
    /// ```
    #[must_use]
    pub fn of_stored<'a>(column: &Column, stored: impl Into<StoredValue<'a>>) -> Option<Self> {
        claimed_key(column, stored.into()).map(Self::Open)
    }
}

/// The key that what is stored begins with the id of, if it begins like a sealed value. It may be damaged after that.
pub(crate) fn claimed_key(column: &Column, stored: StoredValue<'_>) -> Option<KeyId> {
    /// So many characters of base64 are six bytes; a header has five.
    const HEADER_CHARACTERS: usize = 8;
    let header = |bytes: &[u8]| Envelope::parse(bytes.get(..HEADER_LEN)?).ok().map(|envelope| envelope.key_id);
    match stored {
        StoredValue::Bytes(text) | StoredValue::Untyped(text) | StoredValue::Text(text) if column.is_base64() => {
            header(&armor::decode(text.get(..HEADER_CHARACTERS)?)?)
        }
        StoredValue::Bytes(bytes) | StoredValue::Untyped(bytes) => header(bytes),
        _ => None,
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seal(scope) => write!(f, "loading the primary key of {scope}"),
            Self::Open(id) => write!(f, "loading key {id}"),
        }
    }
}
