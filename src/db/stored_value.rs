//! What comes out of a database, before it is opened: hostile, and never printed.

use crate::format::envelope::MAX_SEALED_LEN;
use std::fmt;

/// What a database holds in a column, as its library hands it over. All of it is hostile.
#[derive(Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum StoredValue<'a> {
    /// SQL NULL.
    Null,
    /// An integer, where a sealed column should hold bytes.
    Integer(i64),
    /// A float, where a sealed column should hold bytes.
    Real(f64),
    /// Text, where a sealed column should hold bytes. Not necessarily UTF-8.
    Text(&'a [u8]),
    /// Bytes: a sealed value, perhaps.
    Bytes(&'a [u8]),
    /// Bytes from a database where the type belongs to the column, not to each value: a PostgreSQL
    /// `bytea`, whatever holds strings in MySQL. A sealed value, perhaps; or, in a column that is
    /// migrating, the bytes of a text.
    Untyped(&'a [u8]),
    /// Text or bytes, longer than any sealed value and therefore not copied: their length.
    TooLong(usize),
    /// A value of a type that no sealed column has: a date, an array.
    Other,
}

impl<'a> StoredValue<'a> {
    /// The text, if it is text and UTF-8.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        match self {
            StoredValue::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }
}

/// Never prints the value: it may be plaintext.
impl fmt::Debug for StoredValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoredValue::Null => f.write_str("Null"),
            StoredValue::Integer(_) => f.write_str("Integer([redacted])"),
            StoredValue::Real(_) => f.write_str("Real([redacted])"),
            StoredValue::Text(text) => write!(f, "Text([redacted, {} bytes])", text.len()),
            StoredValue::Bytes(bytes) => write!(f, "Bytes([redacted, {} bytes])", bytes.len()),
            StoredValue::Untyped(bytes) => write!(f, "Untyped([redacted, {} bytes])", bytes.len()),
            StoredValue::TooLong(len) => write!(f, "TooLong([{len} bytes])"),
            StoredValue::Other => f.write_str("Other"),
        }
    }
}

impl<'a> From<&'a [u8]> for StoredValue<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for StoredValue<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// For a column of base64, which is text.
impl<'a> From<&'a str> for StoredValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.as_bytes())
    }
}

/// For a column of base64, which is text.
impl<'a> From<&'a String> for StoredValue<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl<'a> From<&'a StoredBytes> for StoredValue<'a> {
    fn from(stored: &'a StoredBytes) -> Self {
        stored.as_value()
    }
}

impl<'a, T: ?Sized> From<Option<&'a T>> for StoredValue<'a>
where
    Self: From<&'a T>,
{
    fn from(value: Option<&'a T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// [`StoredValue`], owned: a column as a row struct holds it before it is opened.
#[derive(Clone, PartialEq)]
pub struct StoredBytes(Stored);

#[derive(Clone, PartialEq)]
enum Stored {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    Untyped(Vec<u8>),
    TooLong(usize),
    Other,
}

impl StoredBytes {
    /// Copies what the database handed over, unless it is longer than a sealed value can be.
    #[must_use]
    pub fn copy_of(value: StoredValue<'_>) -> Self {
        let too_long = |bytes: &[u8]| bytes.len() > MAX_SEALED_LEN;
        Self(match value {
            StoredValue::Text(bytes) | StoredValue::Bytes(bytes) | StoredValue::Untyped(bytes)
                if too_long(bytes) =>
            {
                Stored::TooLong(bytes.len())
            }
            StoredValue::Null => Stored::Null,
            StoredValue::Integer(integer) => Stored::Integer(integer),
            StoredValue::Real(real) => Stored::Real(real),
            StoredValue::Text(text) => Stored::Text(text.to_vec()),
            StoredValue::Bytes(bytes) => Stored::Bytes(bytes.to_vec()),
            StoredValue::Untyped(bytes) => Stored::Untyped(bytes.to_vec()),
            StoredValue::TooLong(len) => Stored::TooLong(len),
            StoredValue::Other => Stored::Other,
        })
    }

    /// SQL NULL.
    #[must_use]
    pub const fn null() -> Self {
        Self(Stored::Null)
    }

    /// Whether it is SQL NULL.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.0, Stored::Null)
    }

    /// The value.
    #[must_use]
    pub fn as_value(&self) -> StoredValue<'_> {
        match &self.0 {
            Stored::Null => StoredValue::Null,
            Stored::Integer(integer) => StoredValue::Integer(*integer),
            Stored::Real(real) => StoredValue::Real(*real),
            Stored::Text(text) => StoredValue::Text(text),
            Stored::Bytes(bytes) => StoredValue::Bytes(bytes),
            Stored::Untyped(bytes) => StoredValue::Untyped(bytes),
            Stored::TooLong(len) => StoredValue::TooLong(*len),
            Stored::Other => StoredValue::Other,
        }
    }
}

/// What sqlx's `query_as!` loads from a column of bytes.
impl From<Vec<u8>> for StoredBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(match bytes.len() {
            len if len > MAX_SEALED_LEN => Stored::TooLong(len),
            _ => Stored::Bytes(bytes),
        })
    }
}

/// What sqlx's `query_as!` loads from a column of text.
impl From<String> for StoredBytes {
    fn from(text: String) -> Self {
        Self(match text.len() {
            len if len > MAX_SEALED_LEN => Stored::TooLong(len),
            _ => Stored::Text(text.into_bytes()),
        })
    }
}

/// What sqlx's `query_as!` loads from a column that may be NULL.
impl<T> From<Option<T>> for StoredBytes
where
    Self: From<T>,
{
    fn from(stored: Option<T>) -> Self {
        stored.map_or_else(Self::null, Self::from)
    }
}

impl fmt::Debug for StoredBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_value().fmt(f)
    }
}
