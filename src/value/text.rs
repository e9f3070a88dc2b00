//! Text and bytes: as they are.

use super::{Encoded, Kind, Malformed, Value};
use crate::db::StoredValue;
use zeroize::Zeroizing;

impl Value for String {
    const KIND: Kind = Kind::TEXT;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::borrowed(self.as_bytes()))
    }

    fn decode(mut bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        Self::from_utf8(std::mem::take(&mut bytes)).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            Malformed
        })
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        stored.text().map(str::to_owned)
    }
}

impl Value for Vec<u8> {
    const KIND: Kind = Kind::BYTES;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::borrowed(self))
    }

    fn decode(mut bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        Ok(std::mem::take(&mut bytes))
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        match stored {
            StoredValue::Bytes(bytes) => Some(bytes.to_vec()),
            StoredValue::Text(text) => Some(text.to_vec()),
            _ => None,
        }
    }
}

/// For structs that only write.
impl Value for &str {
    const KIND: Kind = Kind::TEXT;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::borrowed(self.as_bytes()))
    }

    /// Borrowed text can't be read from a database; the derive refuses such a field unless the
    /// model only writes.
    fn decode(_bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        Err(Malformed)
    }

    fn from_plaintext(_stored: StoredValue<'_>) -> Option<Self> {
        None
    }
}

/// For structs that only write.
impl Value for &[u8] {
    const KIND: Kind = Kind::BYTES;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::borrowed(self))
    }

    /// Borrowed bytes can't be read from a database; the derive refuses such a field unless the
    /// model only writes.
    fn decode(_bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        Err(Malformed)
    }

    fn from_plaintext(_stored: StoredValue<'_>) -> Option<Self> {
        None
    }
}
