//! `rust_decimal::Decimal`: sign, scale and coefficient, so that 1.0 and 1.00 stay different.

use super::{Encoded, Kind, Malformed, Value, number::array};
use crate::db::StoredValue;
use rust_decimal::Decimal;
use zeroize::Zeroizing;

impl Value for Decimal {
    const KIND: Kind = Kind::DECIMAL;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        let scale = u8::try_from(self.scale()).map_err(|_| "the decimal's scale is above 255")?;
        // 96 bits: the four bytes in front are always 0.
        let coefficient = self.mantissa().unsigned_abs().to_be_bytes();
        let mut bytes = [0; 14];
        bytes[0] = u8::from(self.is_sign_negative());
        bytes[1] = scale;
        bytes[2..].copy_from_slice(&coefficient[4..]);
        Ok(Encoded::short(&bytes))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let [sign @ 0..=1, scale, coefficient @ ..] = array::<14>(&bytes)? else { return Err(Malformed) };
        let mut wide = [0; 16];
        wide[4..].copy_from_slice(&coefficient);
        let magnitude = i128::from_be_bytes(wide);
        let mut decimal = Self::try_from_i128_with_scale(magnitude, u32::from(scale)).map_err(|_| Malformed)?;
        decimal.set_sign_negative(sign == 1);
        Ok(decimal)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        match stored {
            StoredValue::Integer(integer) => Some(integer.into()),
            StoredValue::Real(real) => Self::try_from(real).ok(),
            _ => Self::from_str_exact(stored.text()?).ok(),
        }
    }
}
