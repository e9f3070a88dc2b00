//! Values on their way to and from a database.

use fieldseal::value::StoredValue;
use std::borrow::Cow;
use std::fmt;

/// A value as it's stored. It's never printed: it may be plaintext.
#[derive(Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Cell {
    /// SQL NULL.
    #[default]
    Null,
    /// An integer.
    Integer(i64),
    /// An integer beyond [`i64::MAX`], of MySQL's unsigned columns.
    Unsigned(u64),
    /// A float.
    Real(f64),
    /// Text. In SQLite not necessarily UTF-8.
    Text(Vec<u8>),
    /// Bytes. What holds strings in MySQL is bytes or text as the column's collation has it.
    Bytes(Vec<u8>),
    /// A value of another type, which the statement should have converted.
    Other,
}

impl Cell {
    /// Text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into().into_bytes())
    }

    /// Whether it's SQL NULL.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            // MySQL's counts and sums are decimals or unsigned.
            Self::Unsigned(integer) => i64::try_from(*integer).ok(),
            _ => None,
        }
    }

    /// The text, if it's UTF-8, whether the database calls it text or bytes.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()?).ok()
    }

    /// The bytes of a text or blob.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(bytes) | Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// About how much memory the value takes.
    pub(crate) fn size(&self) -> usize {
        self.as_bytes().map_or(8, <[u8]>::len)
    }

    /// The text from which PostgreSQL reads the value; `None` for NULL.
    pub(crate) fn to_postgres(&self) -> Option<String> {
        match self {
            Self::Null | Self::Other => None,
            Self::Integer(integer) => Some(integer.to_string()),
            Self::Unsigned(integer) => Some(integer.to_string()),
            Self::Real(real) => Some(real.to_string()),
            Self::Text(text) => String::from_utf8(text.clone()).ok(),
            Self::Bytes(bytes) => Some(format!("\\x{}", hex::encode(bytes))),
        }
    }

    /// A count, as databases hand it over; 0 for what isn't one.
    pub(crate) fn count(&self) -> u64 {
        self.integer().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
    }

    /// The value in the form that a keyring takes.
    #[must_use]
    pub fn as_stored(&self) -> StoredValue<'_> {
        match self {
            Self::Null => StoredValue::Null,
            Self::Integer(integer) => StoredValue::Integer(*integer),
            Self::Real(real) => StoredValue::Real(*real),
            Self::Text(text) => StoredValue::Text(text),
            Self::Bytes(bytes) => StoredValue::Bytes(bytes),
            Self::Unsigned(_) | Self::Other => StoredValue::Other,
        }
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(_) => f.write_str("Unsigned([redacted])"),
            other => other.as_stored().fmt(f),
        }
    }
}

/// A value, or on PostgreSQL a list of values, that is bound to a statement.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Param<'a> {
    /// One value.
    Cell(Cow<'a, Cell>),
    /// `text[]`, of texts and NULLs.
    Texts(Vec<Option<String>>),
    /// `bytea[]`, of bytes and NULLs.
    Blobs(Vec<Option<&'a [u8]>>),
}

/// Never prints the values.
impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(cell) => cell.fmt(f),
            Self::Texts(texts) => write!(f, "Texts([redacted, {}])", texts.len()),
            Self::Blobs(blobs) => write!(f, "Blobs([redacted, {}])", blobs.len()),
        }
    }
}

impl From<Cell> for Param<'_> {
    fn from(cell: Cell) -> Self {
        Self::Cell(Cow::Owned(cell))
    }
}

impl<'a> From<&'a Cell> for Param<'a> {
    fn from(cell: &'a Cell) -> Self {
        Self::Cell(Cow::Borrowed(cell))
    }
}

impl From<i64> for Param<'_> {
    fn from(integer: i64) -> Self {
        Cell::Integer(integer).into()
    }
}

impl From<&str> for Param<'_> {
    fn from(text: &str) -> Self {
        Cell::text(text).into()
    }
}

impl From<Option<&str>> for Param<'_> {
    fn from(text: Option<&str>) -> Self {
        text.map_or_else(|| Cell::Null.into(), Self::from)
    }
}
