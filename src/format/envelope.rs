//! The bytes of one sealed value: `0x01 ‖ key id ‖ body`, the wire format of a Tink AEAD keyset
//! entry.

use crate::keys::KeyId;

/// The first byte of every sealed value.
const VERSION: u8 = 1;
/// Version and key id.
pub(crate) const HEADER_LEN: usize = 5;
/// The longest sealed value that is written or read, in bytes: 64 MiB.
pub const MAX_SEALED_LEN: usize = 64 * 1024 * 1024;

/// A sealed value, taken apart. Nothing of it is authenticated yet: someone who writes the database
/// chooses every byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope<'a> {
    /// The key that the value says it is sealed under.
    pub key_id: KeyId,
    /// Nonce, ciphertext and tag; which of it is which depends on the column's suite.
    pub body: &'a [u8],
}

/// Bytes that can't be a sealed value of any suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Shorter than the header (5 bytes), with a wrong first byte, or with key id 0.
    #[error("not a sealed value")]
    NotSealed,
    /// Longer than [`MAX_SEALED_LEN`].
    #[error("longer than {MAX_SEALED_LEN} bytes")]
    TooLong,
}

impl EnvelopeError {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotSealed => "check that these are a sealed column's bytes: fieldseal didn't write them",
            Self::TooLong => "look at how the value was read: nothing of that length was ever sealed",
        }
    }
}

impl<'a> Envelope<'a> {
    /// Takes `stored` apart without copying it.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError`] where it can't be a sealed value.
    pub fn parse(stored: &'a [u8]) -> Result<Self, EnvelopeError> {
        if stored.len() > MAX_SEALED_LEN {
            return Err(EnvelopeError::TooLong);
        }
        let (header, body) = stored.split_first_chunk::<HEADER_LEN>().ok_or(EnvelopeError::NotSealed)?;
        let [VERSION, id @ ..] = *header else { return Err(EnvelopeError::NotSealed) };
        let key_id = KeyId::new(u32::from_be_bytes(id)).ok_or(EnvelopeError::NotSealed)?;
        Ok(Self { key_id, body })
    }

    /// The five bytes in front of the body of a value under that key.
    pub(crate) fn header(key_id: KeyId) -> [u8; HEADER_LEN] {
        let [a, b, c, d] = key_id.get().to_be_bytes();
        [VERSION, a, b, c, d]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_cannot_be_sealed() {
        for stored in
            [b"".as_slice(), b"\x01", b"\x01\0\0\0", b"\0\0\0\0\x01x", b"\x02\0\0\0\x01x", b"\x01\0\0\0\0x"]
        {
            assert_eq!(Envelope::parse(stored), Err(EnvelopeError::NotSealed), "{stored:?}");
        }
        assert_eq!(Envelope::parse(&vec![1; MAX_SEALED_LEN + 1]), Err(EnvelopeError::TooLong));
        assert!(Envelope::parse(&vec![1; MAX_SEALED_LEN]).is_ok());
    }

    proptest! {
        #[test]
        fn header_and_parse_are_inverse(id in 1..=u32::MAX, body in prop::collection::vec(any::<u8>(), 0..64)) {
            let key_id = KeyId::new(id).unwrap();
            let bytes = [Envelope::header(key_id).as_slice(), &body].concat();
            prop_assert_eq!(Envelope::parse(&bytes), Ok(Envelope { key_id, body: &body }));
        }
    }
}
