//! What a field of a model can be.

use super::{Encoded, Kind, Malformed, StoredValue};
use zeroize::Zeroizing;

/// A type that a sealed column can hold.
///
/// Implemented for `String`, `Vec<u8>`, `bool`, every integer, `f32` and `f64`, secrecy's
/// `SecretString` and `SecretBox`, and, with the features of their names, UUIDs, chrono and `time`
/// dates and `Decimal`. A newtype gets it by `#[derive(EncryptValue)]`; anything else that serde
/// knows is sealed with `#[encrypt(json)]`.
///
/// A program may implement it for a type of its own, with an encoding of its own:
///
/// ```
/// use fieldseal::Value;
/// use fieldseal::value::{Encoded, Kind, Malformed, StoredValue, Zeroizing};
///
/// #[derive(Debug, PartialEq)]
/// struct Celsius(i16);
///
/// impl Value for Celsius {
///     const KIND: Kind = Kind::new("celsius");
///
///     fn encode(&self) -> Result<Encoded<'_>, &'static str> {
///         Ok(Encoded::short(&self.0.to_be_bytes()))
///     }
///
///     fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
///         let bytes = bytes.as_slice().try_into().map_err(|_| Malformed)?;
///         Ok(Self(i16::from_be_bytes(bytes)))
///     }
///
///     fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
///         i16::from_plaintext(stored).map(Self)
///     }
/// }
///
/// assert_eq!(Celsius::decode(Zeroizing::new(vec![0, 21])), Ok(Celsius(21)));
/// ```
///
/// Methods that are added later will have a default implementation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sealed",
    label = "not a type that fieldseal knows",
    note = "a type that implements serde's `Serialize` and `DeserializeOwned` is sealed with `#[encrypt(json)]`",
    note = "a newtype around a known type gets there with `#[derive(fieldseal::EncryptValue)]`",
    note = "UUIDs, chrono and time dates and `Decimal` need fieldseal's feature `uuid`, `chrono`, `time` or `decimal`"
)]
pub trait Value: Sized {
    /// The encoding's name in the schema lock. Two types of the same kind must read each other's
    /// values.
    const KIND: Kind;

    /// The value's bytes: the same for the same value on every machine and in every version.
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
    /// have read it; `None` if it's no plaintext of this type.
    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self>;
}

/// What a sealed field can be: a [`Value`], or an `Option` of one where the column may be NULL.
///
/// It can't be implemented outside of this crate, and needn't be: every `Value` is a `Field`, and
/// so is every `Option` of a `Value`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sealed",
    label = "neither a `fieldseal::Value` nor an `Option` of one",
    note = "a type that implements serde's `Serialize` and `DeserializeOwned` is sealed as `fieldseal::value::Json`",
    note = "a newtype around a known type gets there with `#[derive(fieldseal::EncryptValue)]`"
)]
pub trait Field: Sized + sealed::Closed {
    /// The type of a value that isn't NULL.
    type Value: Value;

    /// The value; `None` for NULL.
    fn value(&self) -> Option<&Self::Value>;

    /// The field for a value or NULL; `None` if the field has no NULL.
    fn from_value(value: Option<Self::Value>) -> Option<Self>;
}

/// A value, and an `Option` of one, are all the fields there are.
mod sealed {
    pub trait Closed {}

    impl<T: super::Value> Closed for T {}
    impl<T: super::Value> Closed for Option<T> {}
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
