//! What an encoding is called.

use std::fmt;

/// The name of an encoding: how a value is written before it's sealed
/// ([the format](crate::guide::format), "Plaintext"). Two types of one kind read each other's
/// values.
///
/// The schema lock holds each column's kind, and notices when a field's type changes to one of
/// another kind. The constants are the kinds of this crate's own types. It isn't an enum, since a
/// type of the program's that implements [`Value`](crate::Value) by itself names its own:
///
/// ```
/// use fieldseal::value::Kind;
///
/// const MONEY: Kind = Kind::new("money-2");
/// assert_eq!(MONEY.name(), "money-2");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(&'static str);

/// The longest name of a kind, in bytes.
const MAX_LEN: usize = 64;

impl Kind {
    /// UTF-8 text.
    pub const TEXT: Self = Self::new("text");
    /// Bytes as they are.
    pub const BYTES: Self = Self::new("bytes");
    /// JSON text.
    pub const JSON: Self = Self::new("json");
    /// A `bool`.
    pub const BOOL: Self = Self::new("bool");
    /// A signed integer of 8 bits.
    pub const I8: Self = Self::new("i8");
    /// A signed integer of 16 bits.
    pub const I16: Self = Self::new("i16");
    /// A signed integer of 32 bits.
    pub const I32: Self = Self::new("i32");
    /// A signed integer of 64 bits.
    pub const I64: Self = Self::new("i64");
    /// A signed integer of 128 bits.
    pub const I128: Self = Self::new("i128");
    /// An unsigned integer of 8 bits.
    pub const U8: Self = Self::new("u8");
    /// An unsigned integer of 16 bits.
    pub const U16: Self = Self::new("u16");
    /// An unsigned integer of 32 bits.
    pub const U32: Self = Self::new("u32");
    /// An unsigned integer of 64 bits.
    pub const U64: Self = Self::new("u64");
    /// An unsigned integer of 128 bits.
    pub const U128: Self = Self::new("u128");
    /// A floating-point number of 32 bits.
    pub const F32: Self = Self::new("f32");
    /// A floating-point number of 64 bits.
    pub const F64: Self = Self::new("f64");
    /// A UUID.
    pub const UUID: Self = Self::new("uuid");
    /// A date.
    pub const DATE: Self = Self::new("date");
    /// A time of day.
    pub const TIME: Self = Self::new("time");
    /// A date and time of day without an offset from UTC.
    pub const DATETIME: Self = Self::new("datetime");
    /// A point in time, in UTC.
    pub const TIMESTAMP: Self = Self::new("timestamp");
    /// A point in time with an offset from UTC.
    pub const TIMESTAMP_OFFSET: Self = Self::new("timestamp-offset");
    /// A decimal number.
    pub const DECIMAL: Self = Self::new("decimal");

    /// The kind of that name: 1 to 64 lower-case ASCII letters, digits and hyphens. It's stored in
    /// the schema lock, so it must never change.
    ///
    /// # Panics
    ///
    /// At compile time in a constant, if `name` doesn't have that form.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_name(name.as_bytes()), "a kind's name is 1 to 64 lower-case letters, digits and hyphens");
        Self(name)
    }

    /// A kind that a lock file names, whatever it is: the column of a kind that nobody knows is
    /// left to its program.
    pub(crate) const fn of_lock_file(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

const fn is_name(mut rest: &[u8]) -> bool {
    let fits = !rest.is_empty() && rest.len() <= MAX_LEN;
    while let [first, others @ ..] = rest {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'-') {
            return false;
        }
        rest = others;
    }
    fits
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let long = "x".repeat(65);
        for (name, fits) in [
            ("timestamp-offset", true),
            (&long[1..], true),
            (&long, false),
            ("", false),
            ("Text", false),
            ("my kind", false),
            ("größe", false),
            ("a\nb", false),
        ] {
            assert_eq!(is_name(name.as_bytes()), fits, "{name:?}");
        }
    }
}
