//! Rust values to bytes and back: exactly, and the same on every machine
//! ([the format](crate::guide::format), "Plaintext"). [`Value`] and [`Field`] are at the crate's
//! root.

#[cfg(feature = "chrono")]
mod chrono;
#[cfg(feature = "decimal")]
mod decimal;
pub(crate) mod field;
mod json;
mod kind;
mod number;
mod secret;
mod text;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "uuid")]
mod uuid;

pub use crate::db::{SealedValue, StoredBytes, StoredValue};
/// Of the crate secrecy: they can be sealed fields, and passphrases.
pub use ::secrecy::{ExposeSecret, SecretBox, SecretString};
/// What wipes plaintext when it's dropped, from the crate zeroize: [`Value::decode`](crate::Value)
/// takes it.
pub use ::zeroize::Zeroizing;
pub use json::{Json, JsonValue};
pub use kind::Kind;

pub(crate) use field::{Field, Value};
pub(crate) use json::{encode_json, encode_readable};

use std::ops::Deref;

/// Bytes that aren't an encoding of the type. It says no more on purpose: what it said could quote
/// the plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A value's bytes, to be sealed. They are borrowed from the value, or wiped when this is dropped.
#[derive(Debug)]
pub struct Encoded<'a>(Repr<'a>);

enum Repr<'a> {
    Borrowed(&'a [u8]),
    Short(Zeroizing<[u8; 16]>, usize),
    Owned(Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for Repr<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'a> Encoded<'a> {
    /// The value's own bytes, for types that are stored as they are.
    #[must_use]
    pub const fn borrowed(bytes: &'a [u8]) -> Self {
        Self(Repr::Borrowed(bytes))
    }

    /// A copy of a few bytes, of a number for example. Up to 16 need no allocation.
    #[must_use]
    pub fn short(bytes: &[u8]) -> Self {
        let mut short = Zeroizing::new([0; 16]);
        match short.get_mut(..bytes.len()) {
            Some(start) => {
                start.copy_from_slice(bytes);
                Self(Repr::Short(short, bytes.len()))
            }
            None => Self(Repr::Owned(Zeroizing::new(bytes.to_vec()))),
        }
    }

    /// Bytes that were allocated for this encoding.
    #[must_use]
    pub const fn owned(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(Repr::Owned(bytes))
    }
}

impl Deref for Encoded<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Borrowed(bytes) => bytes,
            Repr::Short(bytes, len) => bytes.get(..*len).unwrap_or_default(),
            Repr::Owned(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests;
