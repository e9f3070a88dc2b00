//! secrecy's wrappers, around the values they keep from being printed.

use super::{Encoded, Kind, Malformed, Value};
use crate::db::StoredValue;
use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::Zeroizing;

impl Value for SecretString {
    const KIND: Kind = Kind::TEXT;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::borrowed(self.expose_secret().as_bytes()))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        // A copy of exactly the right size: shrinking a larger one would leave the old allocation
        // behind.
        let text = std::str::from_utf8(&bytes).map_err(|_| Malformed)?;
        Ok(Self::from(Box::<str>::from(text)))
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        stored.text().map(|text| Self::from(Box::<str>::from(text)))
    }
}

impl Value for SecretBox<[u8]> {
    const KIND: Kind = Kind::BYTES;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::borrowed(self.expose_secret()))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        Ok(Self::new(Box::from(bytes.as_slice())))
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        Vec::from_plaintext(stored).map(|bytes| Self::new(bytes.into_boxed_slice()))
    }
}

impl<T: Value + Zeroize> Value for SecretBox<T> {
    const KIND: Kind = T::KIND;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        self.expose_secret().encode()
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        Ok(Self::new(Box::new(T::decode(bytes)?)))
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        T::from_plaintext(stored).map(|value| Self::new(Box::new(value)))
    }
}
