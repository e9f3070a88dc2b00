//! What looks like a sealed value, and the key that it names.

use crate::sql::Cell;
use fieldseal::envelope::Envelope;
use fieldseal::keys::KeyId;
use fieldseal::{__sweep, Column, Suite};

/// The shortest sealed value of any suite, in bytes.
pub(crate) const SHORTEST: usize = Suite::Aes256Siv.overhead();

/// How a column holds its sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealedForm {
    /// As bytes.
    Bytes,
    /// As base64.
    Base64,
    /// It isn't known which.
    Either,
}

impl SealedForm {
    /// The form that the model or the lock file declares.
    #[must_use]
    pub const fn of(column: &Column) -> Self {
        if column.is_base64() { Self::Base64 } else { Self::Bytes }
    }
}

/// Whether a value would be counted as one that looks sealed.
pub(super) fn looks_sealed(cell: &Cell, column: &Column) -> bool {
    let base64 = column.is_base64();
    let prefix = match cell {
        Cell::Text(text) | Cell::Bytes(text) if base64 && text.len() >= __sweep::base64_len(SHORTEST) => {
            text.get(..7).map(<[u8]>::to_vec)
        }
        Cell::Bytes(bytes) if !base64 && bytes.len() >= SHORTEST => {
            bytes.get(..5).map(|start| hex::encode(start).into())
        }
        _ => None,
    };
    prefix.is_some_and(|prefix| key_named_by(&Cell::Text(prefix)).is_some())
}

/// The key that a value's first characters name: hex of its first five bytes, or seven characters
/// of base64.
pub(crate) fn key_named_by(prefix: &Cell) -> Option<KeyId> {
    let prefix = prefix.as_bytes()?;
    let header = match prefix.len() {
        10 => hex::decode(prefix).ok()?,
        // Eight characters are six bytes, of which five are the header.
        7 => __sweep::from_base64(&[prefix, b"A"].concat())?.get(..5)?.to_vec(),
        _ => return None,
    };
    Envelope::parse(&header).ok().map(|envelope| envelope.key_id)
}
