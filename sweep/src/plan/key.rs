//! Primary keys of rows: read, kept, printed, and put back into statements.

use crate::sql::Cell;
use serde_json::{Value, json};
use std::fmt;

/// The primary key of a row, one or several columns of any type.
///
/// It prints as `42`, or `(7, "a")`; bytes in hex, as SQL writes them.
#[derive(Clone, PartialEq)]
pub struct RowKey(Vec<Cell>);

impl RowKey {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self(cells)
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.0
    }

    /// As JSON, to be kept in the database.
    pub(crate) fn to_json(&self) -> String {
        let value = |cell: &Cell| match cell {
            Cell::Null | Cell::Other => Value::Null,
            Cell::Integer(integer) => json!(integer),
            Cell::Unsigned(integer) => json!(integer),
            // Bits: JSON's floats are decimal.
            Cell::Real(real) => json!({ "real": real.to_bits() }),
            Cell::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => json!(text),
                Err(_) => json!({ "text": hex::encode(text) }),
            },
            Cell::Bytes(bytes) => json!({ "bytes": hex::encode(bytes) }),
        };
        Value::from_iter(self.0.iter().map(value)).to_string()
    }

    /// What [`Self::to_json`] made; `None` for anything else.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let cell = |value: Value| match value {
            Value::Null => Some(Cell::Null),
            Value::String(text) => Some(Cell::text(text)),
            Value::Number(number) => {
                number.as_i64().map(Cell::Integer).or_else(|| number.as_u64().map(Cell::Unsigned))
            }
            Value::Object(tagged) => match tagged.iter().next()? {
                (tag, Value::Number(bits)) if tag == "real" => bits.as_u64().map(f64::from_bits).map(Cell::Real),
                (tag, Value::String(text)) if tag == "text" => hex::decode(text).ok().map(Cell::Text),
                (tag, Value::String(text)) if tag == "bytes" => hex::decode(text).ok().map(Cell::Bytes),
                _ => None,
            },
            Value::Bool(_) | Value::Array(_) => None,
        };
        let cells: Vec<Value> = serde_json::from_str(text).ok()?;
        cells.into_iter().map(cell).collect::<Option<_>>().map(Self)
    }
}

/// The rows after one key up to another, in the order of the primary key; without an end where that
/// is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KeyRange<'a> {
    pub(crate) after: Option<&'a RowKey>,
    pub(crate) until: Option<&'a RowKey>,
}

impl<'a> KeyRange<'a> {
    /// What follows a key.
    pub(crate) const fn after(after: Option<&'a RowKey>) -> Self {
        Self { after, until: None }
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |cell: &Cell| match cell {
            Cell::Null => "NULL".to_owned(),
            Cell::Other => "?".to_owned(),
            Cell::Integer(integer) => integer.to_string(),
            Cell::Unsigned(integer) => integer.to_string(),
            Cell::Real(real) => real.to_string(),
            // Escaped: what prints it may be a terminal.
            Cell::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
            Cell::Bytes(bytes) => format!("x'{}'", hex::encode(bytes)),
        };
        match self.0.as_slice() {
            [cell] => f.write_str(&part(cell)),
            cells => write!(f, "({})", cells.iter().map(part).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_back_as_it_was() {
        let keys = [
            vec![Cell::Integer(i64::MIN)],
            vec![Cell::Unsigned(u64::MAX)],
            vec![Cell::text("it's \u{1F511}\n\"x\""), Cell::Integer(0)],
            vec![Cell::Text(vec![0xFF, 0]), Cell::Bytes(vec![0, 0xFF]), Cell::Bytes(vec![])],
            vec![Cell::Real(0.1), Cell::Real(-0.0), Cell::Null],
        ];
        for key in keys.map(RowKey::new) {
            assert_eq!(RowKey::from_json(&key.to_json()), Some(key));
        }
        for wrong in ["", "7", "{}", "[[]]", "[{\"bytes\":\"x\"}]", "[{}]", "[true]", "[1.5]"] {
            assert_eq!(RowKey::from_json(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_are_printed_for_people() {
        assert_eq!(RowKey::new(vec![Cell::Integer(-7)]).to_string(), "-7");
        let key = RowKey::new(vec![Cell::text("a\u{1b}[31m"), Cell::Bytes(vec![0xAB])]);
        assert_eq!(key.to_string(), "(\"a\\u{1b}[31m\", x'ab')");
    }
}
