//! Plaintext as a database holds it and as it's sealed: the kinds of values that are known without
//! the program's types.

use crate::sql::{Cell, Class, Engine};
use fieldseal::__sweep::{OptionalKind, WithType};
use fieldseal::Value;
use fieldseal::value::{Kind, StoredValue};
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// A [`Kind`] of `docs/format.md`, "Plaintext", whose type is known without the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KnownKind {
    Text,
    Bytes,
    Json,
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Uuid,
    Date,
    Time,
    DateTime,
    Timestamp,
    TimestampOffset,
    Decimal,
}

/// The column that plaintext is in, or goes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    pub(super) engine: Engine,
    pub(super) class: Class,
}

impl KnownKind {
    const ALL: [(Kind, Self); 23] = [
        (Kind::TEXT, Self::Text),
        (Kind::BYTES, Self::Bytes),
        (Kind::JSON, Self::Json),
        (Kind::BOOL, Self::Bool),
        (Kind::I8, Self::I8),
        (Kind::I16, Self::I16),
        (Kind::I32, Self::I32),
        (Kind::I64, Self::I64),
        (Kind::I128, Self::I128),
        (Kind::U8, Self::U8),
        (Kind::U16, Self::U16),
        (Kind::U32, Self::U32),
        (Kind::U64, Self::U64),
        (Kind::U128, Self::U128),
        (Kind::F32, Self::F32),
        (Kind::F64, Self::F64),
        (Kind::UUID, Self::Uuid),
        (Kind::DATE, Self::Date),
        (Kind::TIME, Self::Time),
        (Kind::DATETIME, Self::DateTime),
        (Kind::TIMESTAMP, Self::Timestamp),
        (Kind::TIMESTAMP_OFFSET, Self::TimestampOffset),
        (Kind::DECIMAL, Self::Decimal),
    ];

    /// The kind of a column, or why it isn't known here.
    pub(super) fn of(kind: Kind) -> Result<Self, &'static str> {
        let known = Self::ALL.iter().find(|(known, _)| *known == kind).map(|(_, known)| *known);
        let known = known.ok_or("only the program's own type knows how it's encoded")?;
        match known.optional().and_then(OptionalKind::missing) {
            Some(missing) => Err(missing),
            None => Ok(known),
        }
    }

    /// The kind among those whose types are there if a feature of the library is on.
    const fn optional(self) -> Option<OptionalKind> {
        Some(match self {
            Self::Uuid => OptionalKind::Uuid,
            Self::Date => OptionalKind::Date,
            Self::Time => OptionalKind::Time,
            Self::DateTime => OptionalKind::DateTime,
            Self::Timestamp => OptionalKind::Timestamp,
            Self::TimestampOffset => OptionalKind::TimestampOffset,
            Self::Decimal => OptionalKind::Decimal,
            _ => return None,
        })
    }

    /// The encoding of a plaintext; `None` if it's none of this kind.
    pub(super) fn encode(self, cell: &Cell, holder: Holder) -> Option<Zeroizing<Vec<u8>>> {
        let number;
        let stored = match cell {
            Cell::Unsigned(integer) => {
                number = integer.to_string();
                StoredValue::Text(number.as_bytes())
            }
            // Where the column has a type and not the value, bytes can be a text's.
            Cell::Bytes(bytes) if holder.class != Class::Any && self != Self::Bytes => self.bytes_or_text(bytes),
            cell => cell.as_stored(),
        };
        if self == Self::Json {
            // The text as it is: parsed and printed again it would be another one.
            let text = stored.text()?;
            serde_json::from_str::<IgnoredAny>(text).ok()?;
            return Some(Zeroizing::new(text.as_bytes().to_vec()));
        }
        self.with(Encode(stored))
    }

    fn bytes_or_text(self, bytes: &[u8]) -> StoredValue<'_> {
        if self == Self::Uuid && bytes.len() == 16 { StoredValue::Bytes(bytes) } else { StoredValue::Text(bytes) }
    }

    /// Whether the bytes are an encoding of this kind.
    pub(super) fn reads(self, encoded: &[u8]) -> bool {
        match self {
            Self::Json => serde_json::from_slice::<IgnoredAny>(encoded).is_ok(),
            kind => kind.with(Reads(encoded)),
        }
    }

    /// The plaintext of an encoding, as that column holds it; `None` if it isn't one.
    pub(super) fn to_cell(self, encoded: &[u8], holder: Holder) -> Option<Cell> {
        let Holder { engine, class } = holder;
        let printed = match self {
            Self::Bytes if class == Class::Text => {
                return std::str::from_utf8(encoded).is_ok().then(|| Cell::Text(encoded.to_vec()));
            }
            Self::Bytes => return Some(Cell::Bytes(encoded.to_vec())),
            Self::Text | Self::Json => {
                std::str::from_utf8(encoded).ok()?;
                return Some(if class == Class::Bytes {
                    Cell::Bytes(encoded.to_vec())
                } else {
                    Cell::Text(encoded.to_vec())
                });
            }
            Self::Uuid if matches!(class, Class::Bytes | Class::Any) => return Some(Cell::Bytes(encoded.to_vec())),
            kind => kind.with(Print(encoded))?,
        };
        Some(match (self, class) {
            (Self::Bool, Class::Any | Class::Integer) => Cell::Integer(i64::from(printed == "true")),
            (Self::F32 | Self::F64, Class::Any) => Cell::Real(printed.parse().ok()?),
            (_, Class::Any | Class::Integer) => match (printed.parse(), printed.parse()) {
                (Ok(integer), _) => Cell::Integer(integer),
                (_, Ok(integer)) if class == Class::Integer => Cell::Unsigned(integer),
                _ => Cell::text(printed),
            },
            // MariaDB's times have no offsets.
            (Self::Timestamp, _) if engine == Engine::Mysql => Cell::text(printed.trim_end_matches("+00:00")),
            (_, Class::Bytes) => Cell::Bytes(printed.into_bytes()),
            _ => Cell::text(printed),
        })
    }

    /// Does something with the Rust type of this kind.
    fn with<D: Do>(self, what: D) -> D::Done {
        match self {
            Self::Text | Self::Json => what.with::<String>(),
            Self::Bytes => what.with_bytes(),
            Self::Bool => what.with::<bool>(),
            Self::I8 => what.with::<i8>(),
            Self::I16 => what.with::<i16>(),
            Self::I32 => what.with::<i32>(),
            Self::I64 => what.with::<i64>(),
            Self::I128 => what.with::<i128>(),
            Self::U8 => what.with::<u8>(),
            Self::U16 => what.with::<u16>(),
            Self::U32 => what.with::<u32>(),
            Self::U64 => what.with::<u64>(),
            Self::U128 => what.with::<u128>(),
            Self::F32 => what.with::<f32>(),
            Self::F64 => what.with::<f64>(),
            Self::Uuid => OptionalKind::Uuid.with(what),
            Self::Date => OptionalKind::Date.with(what),
            Self::Time => OptionalKind::Time.with(what),
            Self::DateTime => OptionalKind::DateTime.with(what),
            Self::Timestamp => OptionalKind::Timestamp.with(what),
            Self::TimestampOffset => OptionalKind::TimestampOffset.with(what),
            Self::Decimal => OptionalKind::Decimal.with(what),
        }
    }
}

/// What is done with a type, or with bytes, which have no type that prints.
trait Do: WithType {
    fn with_bytes(self) -> Self::Done;
}

struct Encode<'a>(StoredValue<'a>);

impl Encode<'_> {
    fn of<V: Value>(self) -> Option<Zeroizing<Vec<u8>>> {
        let value = V::from_plaintext(self.0)?;
        Some(Zeroizing::new(value.encode().ok()?.to_vec()))
    }
}

impl WithType for Encode<'_> {
    type Done = Option<Zeroizing<Vec<u8>>>;

    fn with<V: Value + ToString>(self) -> Self::Done {
        self.of::<V>()
    }

    fn without(self) -> Self::Done {
        None
    }
}

impl Do for Encode<'_> {
    fn with_bytes(self) -> Self::Done {
        self.of::<Vec<u8>>()
    }
}

struct Reads<'a>(&'a [u8]);

impl WithType for Reads<'_> {
    type Done = bool;

    fn with<V: Value + ToString>(self) -> Self::Done {
        V::decode(Zeroizing::new(self.0.to_vec())).is_ok()
    }

    fn without(self) -> Self::Done {
        true
    }
}

impl Do for Reads<'_> {
    fn with_bytes(self) -> Self::Done {
        true
    }
}

struct Print<'a>(&'a [u8]);

impl WithType for Print<'_> {
    type Done = Option<String>;

    fn with<V: Value + ToString>(self) -> Self::Done {
        V::decode(Zeroizing::new(self.0.to_vec())).ok().map(|value| value.to_string())
    }

    fn without(self) -> Self::Done {
        None
    }
}

impl Do for Print<'_> {
    fn with_bytes(self) -> Self::Done {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQLITE: Holder = Holder { engine: Engine::Sqlite, class: Class::Any };
    const OTHER: Holder = Holder { engine: Engine::Postgres, class: Class::Other };

    /// Encodes the plaintext and decodes it again.
    fn round(kind: KnownKind, cell: &Cell, holder: Holder) -> Cell {
        let encoded = kind.encode(cell, holder).unwrap_or_else(|| panic!("{kind:?} doesn't take {cell:?}"));
        assert!(kind.reads(&encoded), "{kind:?}");
        kind.to_cell(&encoded, holder).unwrap_or_else(|| panic!("{kind:?} doesn't give {cell:?} back"))
    }

    #[test]
    fn every_plaintext_comes_back_as_it_was() {
        for text in ["", "é\u{0}", " 007 ", "\u{1}AQAAAAE="] {
            assert_eq!(round(KnownKind::Text, &Cell::text(text), SQLITE), Cell::text(text));
        }
        let json = Cell::text("{ \"b\": 1,\"a\":[1.50, null] }");
        assert_eq!(round(KnownKind::Json, &json, SQLITE), json);
        assert_eq!(round(KnownKind::Bytes, &Cell::Bytes(vec![1, 0, 255]), SQLITE), Cell::Bytes(vec![1, 0, 255]));
        assert_eq!(round(KnownKind::Bool, &Cell::Integer(1), SQLITE), Cell::Integer(1));
        assert_eq!(round(KnownKind::Bool, &Cell::text("false"), OTHER), Cell::text("false"));
        assert_eq!(round(KnownKind::I64, &Cell::Integer(i64::MIN), SQLITE), Cell::Integer(i64::MIN));
        let unsigned = Holder { engine: Engine::Mysql, class: Class::Integer };
        assert_eq!(round(KnownKind::U64, &Cell::Unsigned(u64::MAX), unsigned), Cell::Unsigned(u64::MAX));
        assert_eq!(round(KnownKind::F64, &Cell::Real(-0.0), SQLITE), Cell::Real(-0.0));
        assert_eq!(round(KnownKind::F32, &Cell::text("0.1"), OTHER), Cell::text("0.1"));
    }

    #[test]
    fn dates_uuids_and_decimals_are_written_as_databases_write_them() {
        let texts = [
            (KnownKind::Date, "2026-02-28"),
            (KnownKind::Time, "23:59:59.000001"),
            (KnownKind::DateTime, "2026-02-28 01:02:03"),
            (KnownKind::Timestamp, "2026-02-28 01:02:03.500+00:00"),
            (KnownKind::TimestampOffset, "2026-02-28 01:02:03 +05:30"),
            (KnownKind::Decimal, "1.50"),
            (KnownKind::Uuid, "67e55044-10b1-426f-9247-bb680e5fe0c8"),
        ];
        for (kind, text) in texts {
            assert_eq!(round(kind, &Cell::text(text), OTHER), Cell::text(text), "{kind:?}");
        }
        let naive = Holder { engine: Engine::Mysql, class: Class::Other };
        let time = Cell::text("2026-02-28 01:02:03.500");
        assert_eq!(round(KnownKind::Timestamp, &time, naive), time);
        assert_eq!(round(KnownKind::Uuid, &Cell::Bytes(vec![7; 16]), SQLITE), Cell::Bytes(vec![7; 16]));
    }

    #[test]
    fn what_is_of_another_kind_is_refused() {
        assert!(KnownKind::I8.encode(&Cell::Integer(128), SQLITE).is_none());
        assert!(KnownKind::Text.encode(&Cell::Integer(1), SQLITE).is_none());
        assert!(KnownKind::Json.encode(&Cell::text("{"), SQLITE).is_none());
        assert!(KnownKind::Text.encode(&Cell::Bytes(vec![0xFF]), OTHER).is_none());
        assert!(KnownKind::of(Kind::new("postcode")).is_err());
    }
}
