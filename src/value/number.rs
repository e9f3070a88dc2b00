//! `bool`, integers and floats: big-endian, at the width of the type.

use super::{Encoded, Kind, Malformed, Value};
use crate::db::StoredValue;
use zeroize::Zeroizing;

/// Exactly `N` bytes.
pub(super) fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| Malformed)
}

macro_rules! integers {
    ($($int:ty, $kind:ident, $wire:ty;)*) => {$(
        impl Value for $int {
            const KIND: Kind = Kind::$kind;

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
    i8, I8, i8;
    i16, I16, i16;
    i32, I32, i32;
    i64, I64, i64;
    i128, I128, i128;
    isize, I64, i64;
    u8, U8, u8;
    u16, U16, u16;
    u32, U32, u32;
    u64, U64, u64;
    u128, U128, u128;
    usize, U64, u64;
}

macro_rules! floats {
    ($($float:ident $kind:ident)*) => {$(
        impl Value for $float {
            const KIND: Kind = Kind::$kind;

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

floats!(f32 F32 f64 F64);

impl Value for bool {
    const KIND: Kind = Kind::BOOL;

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
