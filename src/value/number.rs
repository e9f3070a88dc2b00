//! `bool`, integers and floats: big-endian, at the width of the type.

use super::{Encoded, Malformed, Value};
use crate::db::StoredValue;
use zeroize::Zeroizing;

/// Exactly `N` bytes.
pub(super) fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| Malformed)
}

macro_rules! integers {
    ($($int:ty, $kind:literal, $wire:ty;)*) => {$(
        impl Value for $int {
            const KIND: &'static str = $kind;

            fn encode(&self) -> Result<Encoded<'_>, &'static str> {
                let wire = <$wire>::try_from(*self).map_err(|_| "the integer is wider than 64 bits")?;
                Ok(Encoded::short(&wire.to_be_bytes()))
            }

            fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
                <$int>::try_from(<$wire>::from_be_bytes(array(&bytes)?)).map_err(|_| Malformed)
            }

            fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
                match stored {
                    StoredValue::Integer(integer) => integer.try_into().ok(),
                    _ => stored.text()?.parse().ok(),
                }
            }
        }
    )*};
}

integers! {
    i8, "i8", i8;
    i16, "i16", i16;
    i32, "i32", i32;
    i64, "i64", i64;
    i128, "i128", i128;
    isize, "i64", i64;
    u8, "u8", u8;
    u16, "u16", u16;
    u32, "u32", u32;
    u64, "u64", u64;
    u128, "u128", u128;
    usize, "u64", u64;
}

macro_rules! floats {
    ($($float:ident $kind:literal)*) => {$(
        impl Value for $float {
            const KIND: &'static str = $kind;

            fn encode(&self) -> Result<Encoded<'_>, &'static str> {
                Ok(Encoded::short(&self.to_bits().to_be_bytes()))
            }

            fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
                Ok(Self::from_be_bytes(array(&bytes)?))
            }

            fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
                match stored {
                    #[allow(clippy::cast_possible_truncation, reason = "an f32 column was written from an f32")]
                    StoredValue::Real(real) => Some(real as $float),
                    #[allow(clippy::cast_precision_loss, reason = "SQLite stores whole floats as integers")]
                    StoredValue::Integer(integer) => Some(integer as $float),
                    _ => stored.text()?.parse().ok(),
                }
            }
        }
    )*};
}

floats!(f32 "f32" f64 "f64");

impl Value for bool {
    const KIND: &'static str = "bool";

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::short(&[u8::from(*self)]))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        match bytes.as_slice() {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Malformed),
        }
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        match stored {
            StoredValue::Integer(0) => Some(false),
            StoredValue::Integer(1) => Some(true),
            _ => stored.text()?.parse().ok(),
        }
    }
}
