//! What a program is about to need: what it prefetches.

use crate::context::Scope;
use crate::db::StoredValue;
use crate::format::armor;
use crate::format::envelope::{Envelope, HEADER_LEN};
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
    /// The key that it takes to open what a database holds in that column, in base64 too, and
    /// whatever its library calls it: bytes, text or neither. `None` for NULL, and for what isn't a
    /// sealed value.
    ///
    /// A field of type [`Sealed`](crate::Sealed) knows its column:
    /// [`Sealed::need`](crate::Sealed::need).
    ///
    /// ```
    /// # use fieldseal::keyring::Need;
    /// # use fieldseal::value::StoredBytes;
    /// # use fieldseal::{Column, Keyring, KeyringError};
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

/// The key whose id is at the beginning of what is stored, if that begins like a sealed value. The
/// rest may be damaged.
pub(crate) fn claimed_key(column: &Column, stored: StoredValue<'_>) -> Option<KeyId> {
    /// Eight characters of base64 are six bytes; a header has five.
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

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: Column = Column::new("t", "c");
    const BASE64: Column = BYTES.base64();

    #[test]
    fn whatever_a_library_calls_it_the_key_is_found() {
        let id = KeyId::new(7).unwrap();
        let mut sealed = Envelope::header(id).to_vec();
        sealed.extend([0x5A; 40]);
        let text = armor::encode(&sealed);
        let needs = Some(Need::Open(id));
        for (column, stored, text_too) in [(&BYTES, &sealed, None), (&BASE64, &text, needs.clone())] {
            assert_eq!(Need::of_stored(column, StoredValue::Bytes(stored)), needs);
            assert_eq!(Need::of_stored(column, StoredValue::Untyped(stored)), needs);
            assert_eq!(Need::of_stored(column, StoredValue::Text(stored)), text_too);
        }
    }

    #[test]
    fn what_is_not_sealed_needs_nothing() {
        let header = Envelope::header(KeyId::new(7).unwrap());
        let others = [StoredValue::Null, StoredValue::Integer(1), StoredValue::Real(1.0), StoredValue::TooLong(9)];
        for column in [&BYTES, &BASE64] {
            for bytes in [
                &b""[..],
                b"\x01",
                b"plain",
                b"\x02\0\0\0\x07",
                b"plaintext that is long",
                b"AQAAAA",
                b"Ag\xE9AAAB8",
            ] {
                assert_eq!(Need::of_stored(column, bytes), None, "{bytes:?}");
            }
            assert_eq!(Need::of_stored(column, &header[..4]), None);
            for other in others {
                assert_eq!(Need::of_stored(column, other), None, "{other:?}");
            }
        }
        assert_eq!(Need::of_stored(&BASE64, header.as_slice()), None, "bytes in a column of base64");
    }
}
