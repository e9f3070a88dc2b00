//! The kinds of values whose Rust types come with features of this crate: only here it's known
//! which of them are on. And the kinds of row ids and scopes, which are exhaustive only here.

use crate::context::ContextKind;
use crate::value::Value;

/// How a column that names a row or a tenant is encoded: outside of this crate [`ContextKind`]
/// isn't exhaustive. A new one doesn't compile until the sweeps know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are named after the kinds")]
pub enum IdKind {
    Integer,
    Text,
    Bytes,
    Uuid,
}

impl IdKind {
    /// Of a kind.
    #[must_use]
    pub const fn of(kind: ContextKind) -> Self {
        match kind {
            ContextKind::Int => Self::Integer,
            ContextKind::Text => Self::Text,
            ContextKind::Bytes => Self::Bytes,
            ContextKind::Uuid => Self::Uuid,
        }
    }
}

/// What is done with the Rust type of a kind.
pub trait WithType: Sized {
    /// What it gives.
    type Done;

    /// With that type.
    fn with<V: Value + ToString>(self) -> Self::Done;

    /// Where there is no type, since its feature is off.
    fn without(self) -> Self::Done;
}

/// A kind of `docs/format.md`, "Plaintext", whose type is another crate's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are named after the kinds")]
pub enum OptionalKind {
    Uuid,
    Date,
    Time,
    DateTime,
    Timestamp,
    TimestampOffset,
    Decimal,
}

impl OptionalKind {
    /// What is missing where the type isn't there.
    #[must_use]
    pub const fn missing(self) -> Option<&'static str> {
        match self {
            Self::Uuid if cfg!(feature = "uuid") => None,
            Self::Uuid => Some("fieldseal was built without its feature `uuid`"),
            Self::Date | Self::Time | Self::DateTime | Self::Timestamp | Self::TimestampOffset
                if cfg!(feature = "chrono") =>
            {
                None
            }
            Self::Date | Self::Time | Self::DateTime | Self::Timestamp | Self::TimestampOffset => {
                Some("fieldseal was built without its feature `chrono`")
            }
            Self::Decimal if cfg!(feature = "decimal") => None,
            Self::Decimal => Some("fieldseal was built without its feature `decimal`"),
        }
    }

    /// Does something with the type of this kind.
    pub fn with<W: WithType>(self, what: W) -> W::Done {
        match self {
            #[cfg(feature = "uuid")]
            Self::Uuid => what.with::<uuid::Uuid>(),
            #[cfg(feature = "chrono")]
            Self::Date => what.with::<chrono::NaiveDate>(),
            #[cfg(feature = "chrono")]
            Self::Time => what.with::<chrono::NaiveTime>(),
            #[cfg(feature = "chrono")]
            Self::DateTime => what.with::<chrono::NaiveDateTime>(),
            #[cfg(feature = "chrono")]
            Self::Timestamp => what.with::<utc::Utc>(),
            #[cfg(feature = "chrono")]
            Self::TimestampOffset => what.with::<chrono::DateTime<chrono::FixedOffset>>(),
            #[cfg(feature = "decimal")]
            Self::Decimal => what.with::<rust_decimal::Decimal>(),
            #[allow(unreachable_patterns, reason = "with all features there is nothing left")]
            _ => what.without(),
        }
    }
}

#[cfg(feature = "chrono")]
mod utc {
    use crate::db::StoredValue;
    use crate::value::{Encoded, Kind, Malformed, Value};
    use chrono::{DateTime, Utc as Zone};
    use std::fmt;
    use zeroize::Zeroizing;

    /// A time that prints its offset as SQL writes it: chrono's own writes `UTC`.
    pub(super) struct Utc(DateTime<Zone>);

    impl Value for Utc {
        const KIND: Kind = Kind::TIMESTAMP;

        fn encode(&self) -> Result<Encoded<'_>, &'static str> {
            self.0.encode()
        }

        fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
            DateTime::decode(bytes).map(Self)
        }

        fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
            DateTime::<Zone>::from_plaintext(stored).map(Self)
        }
    }

    impl fmt::Display for Utc {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0.format("%Y-%m-%d %H:%M:%S%.f%:z"))
        }
    }
}
