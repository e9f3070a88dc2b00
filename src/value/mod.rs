//! Rust values to bytes and back: exactly, and the same on every machine (`docs/format.md`,
//! "Plaintext").

#[cfg(feature = "chrono")]
mod chrono;
#[cfg(feature = "decimal")]
mod decimal;
mod json;
mod number;
mod secret;
mod text;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "uuid")]
mod uuid;

pub use json::{Json, JsonValue};
pub(crate) use json::{encode_json, encode_readable};

use crate::db::StoredValue;
use std::ops::Deref;
use zeroize::Zeroizing;

/// A type that a sealed column can hold.
///
/// Implemented for `String`, `Vec<u8>`, `bool`, every integer, `f32` and `f64`, secrecy's
/// `SecretString` and `SecretBox`, and, with the features of their names, UUIDs, chrono and `time`
/// dates and `Decimal`. A newtype gets it by `#[derive(EncryptValue)]`; anything else that serde
/// knows is sealed with `#[encrypt(json)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sealed",
    label = "not a type that fieldseal knows",
    note = "a type that implements serde's `Serialize` and `DeserializeOwned` is sealed with `#[encrypt(json)]`",
    note = "a newtype around a known type gets there with `#[derive(fieldseal::EncryptValue)]`",
    note = "UUIDs, chrono and time dates and `Decimal` need fieldseal's feature `uuid`, `chrono`, `time` or `decimal`"
)]
pub trait Value: Sized {
    /// The encoding's name in the schema lock.
    ///
    /// Two types with the same kind read each other's values.
    const KIND: &'static str;

    /// The value's bytes.
    ///
    /// # Errors
    ///
    /// What is wrong with the value, in words that don't contain the value.
    fn encode(&self) -> Result<Encoded<'_>, &'static str>;

    /// The value that `bytes` encode.
    ///
    /// The bytes are authentic, but another type may have written them.
    ///
    /// # Errors
    ///
    /// [`Malformed`] unless [`Self::encode`] could have made exactly these bytes.
    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed>;

    /// The value of a plaintext that a migrating column still holds, as the database library would
    /// have read it.
    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self>;
}

/// Bytes that aren't an encoding of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A value's bytes: borrowed, short enough to need no allocation, or wiped on drop.
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
    /// The value's own bytes.
    #[must_use]
    pub const fn borrowed(bytes: &'a [u8]) -> Self {
        Self(Repr::Borrowed(bytes))
    }

    /// A few bytes, of a number for example.
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

/// What a sealed field can be: a [`Value`], or an `Option` of one where the column may be NULL.
///
/// There is nothing to implement: every `Value` is a `Field`, and so is every `Option<Value>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sealed",
    label = "neither a `fieldseal::Value` nor an `Option` of one",
    note = "a type that implements serde's `Serialize` and `DeserializeOwned` is sealed as `fieldseal::Json`",
    note = "a newtype around a known type gets there with `#[derive(fieldseal::EncryptValue)]`"
)]
pub trait Field: Sized {
    /// The type of a value that isn't NULL.
    type Value: Value;

    /// The value; `None` for NULL.
    fn value(&self) -> Option<&Self::Value>;

    /// The field for a value or NULL; `None` if the field has no NULL.
    fn from_value(value: Option<Self::Value>) -> Option<Self>;
}

impl<T: Value> Field for T {
    type Value = T;

    fn value(&self) -> Option<&T> {
        Some(self)
    }

    fn from_value(value: Option<T>) -> Option<Self> {
        value
    }
}

impl<T: Value> Field for Option<T> {
    type Value = T;

    fn value(&self) -> Option<&T> {
        self.as_ref()
    }

    fn from_value(value: Option<T>) -> Option<Self> {
        Some(value)
    }
}

#[cfg(test)]
mod tests;
