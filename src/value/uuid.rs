//! `uuid::Uuid`: its 16 bytes.

use super::{Encoded, Kind, Malformed, Value, number::array};
use crate::db::StoredValue;
use uuid::Uuid;
use zeroize::Zeroizing;

impl Value for Uuid {
    const KIND: Kind = Kind::UUID;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::borrowed(self.as_bytes()))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        Ok(Self::from_bytes(array(&bytes)?))
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        match stored {
            StoredValue::Bytes(bytes) => Self::from_slice(bytes).ok(),
            _ => Self::try_parse(stored.text()?).ok(),
        }
    }
}
