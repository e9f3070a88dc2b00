//! What the database holds, counted by the database: rows by column and key.

use super::statements::all_of;
use crate::sql::{Cell, Class, Client, Engine, SqlError, Table, TableColumn, identifier, quoted};
use fieldseal::{__sweep, Envelope, KeyId, Suite};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The shortest sealed value of any suite, and its base64.
const SHORTEST: usize = Suite::Aes256Siv.overhead();

/// The values of one column, by what they look like. Nothing is opened: what looks sealed may not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// Rows.
    pub rows: u64,
    /// Values that are NULL.
    pub null: u64,
    /// Values that can't be sealed ones.
    pub not_sealed: u64,
    /// Values that look sealed, by the id of the key that they name.
    pub by_key: BTreeMap<KeyId, u64>,
    /// The length of the longest value, in bytes or characters.
    pub longest: u64,
}

impl Survey {
    /// Counts a column in one pass over the table, on the server: those that look sealed as bytes, as base64, or as either of
    /// them if it isn't known how the column stores them.
    ///
    /// # Errors
    ///
    /// [`SqlError`].
    pub fn of(
        client: &mut dyn Client,
        table: &Table,
        column: &TableColumn,
        base64: Option<bool>,
    ) -> Result<Self, SqlError> {
        let engine = client.engine();
        let Parts { bytes, text, length } = Parts::of(engine, column);
        let bytes = if base64.is_none() { any_bytes(engine, column).or(bytes) } else { bytes };
        let (bytes, text) = (bytes.filter(|_| base64 != Some(true)), text.filter(|_| base64 != Some(false)));
        let prefix = match (bytes, text) {
            (Some(bytes), Some(text)) => format!("coalesce({bytes}, {text})"),
            (Some(only), None) | (None, Some(only)) => only,
            // A number or a date. PostgreSQL groups by nothing that has no type.
            (None, None) if engine == Engine::Postgres => "NULL::text".to_owned(),
            (None, None) => "NULL".to_owned(),
        };
        let name = identifier(engine, &column.name);
        let sql = format!(
            "SELECT {name} IS NULL, {prefix}, count(*), max({length}) FROM {} GROUP BY 1, 2",
            all_of(engine, &quoted(engine.dialect(), &table.name))
        );
        let mut survey = Self::default();
        client.query(&sql, &[], &mut |row| {
            survey.count(&row);
            ControlFlow::Continue(())
        })?;
        Ok(survey)
    }

    fn count(&mut self, row: &[Cell]) {
        let [is_null, prefix, rows, longest] = row else { return };
        let positive = |cell: &Cell| cell.integer().and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        let rows = positive(rows);
        self.rows += rows;
        self.longest = self.longest.max(positive(longest));
        if is_null.integer() == Some(1) {
            self.null += rows;
        } else if let Some(id) = key_of(prefix) {
            *self.by_key.entry(id).or_default() += rows;
        } else {
            self.not_sealed += rows;
        }
    }

    /// Values that look sealed.
    #[must_use]
    pub fn sealed(&self) -> u64 {
        self.by_key.values().sum()
    }

    /// Values under that key.
    #[must_use]
    pub fn under(&self, id: KeyId) -> u64 {
        self.by_key.get(&id).copied().unwrap_or(0)
    }
}

/// A column in one aggregate, without an order: the fast way, where only a few keys matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) null: u64,
    /// Values that look sealed under one of each group's keys.
    pub(super) under: Vec<u64>,
}

impl Tally {
    pub(super) fn of(
        client: &mut dyn Client,
        table: &str,
        column: &TableColumn,
        base64: bool,
        groups: &[Vec<KeyId>],
    ) -> Result<Self, SqlError> {
        let engine = client.engine();
        let name = identifier(engine, &column.name);
        let text = Parts::of(engine, column).text;
        let bytes = matches!(column.class, Class::Any | Class::Bytes).then(|| first_bytes(engine, &name));
        let prefix = if base64 { text } else { bytes };
        let count = |keys: &Vec<KeyId>| match &prefix {
            Some(prefix) if !keys.is_empty() => {
                let listed: Vec<_> = keys.iter().flat_map(|id| prefixes(engine, *id, base64)).collect();
                format!("count(CASE WHEN {prefix} IN ({}) THEN 1 END)", listed.join(", "))
            }
            _ => "0".to_owned(),
        };
        let counts: String = groups.iter().map(|keys| format!(", {}", count(keys))).collect();
        let sql = format!(
            "SELECT count(*), count({}){counts} FROM {}",
            identifier(engine, &column.name),
            all_of(engine, &quoted(engine.dialect(), table))
        );
        let row = client.row(&sql, &[])?.unwrap_or_default();
        let at = |at: usize| row.get(at).and_then(Cell::integer).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        Ok(Self { rows: at(0), null: at(0) - at(1).min(at(0)), under: (2..row.len()).map(at).collect() })
    }
}

/// The first five bytes of a value that is long enough, as they are.
fn first_bytes(engine: Engine, name: &str) -> String {
    match engine {
        // Of text it's text, which is no bytes.
        Engine::Sqlite => format!("CASE WHEN length({name}) >= {SHORTEST} THEN substr({name}, 1, 5) END"),
        Engine::Postgres => {
            format!("CASE WHEN octet_length({name}) >= {SHORTEST} THEN substring({name} FROM 1 FOR 5) END")
        }
        Engine::Mysql => format!("CASE WHEN LENGTH({name}) >= {SHORTEST} THEN LEFT({name}, 5) END"),
    }
}

/// The beginnings of values under that key, as SQL: five bytes, or seven characters of base64, of which the last has two more bits.
fn prefixes(engine: Engine, id: KeyId, base64: bool) -> Vec<String> {
    let header = __sweep::header_of(id);
    if !base64 {
        let header = hex::encode(header);
        return vec![match engine {
            Engine::Postgres => format!("'\\x{header}'::bytea"),
            Engine::Sqlite | Engine::Mysql => format!("x'{header}'"),
        }];
    }
    let seventh = |bits: u8| {
        let characters = __sweep::to_base64(&[header.as_slice(), &[bits << 6]].concat());
        format!("'{}'", String::from_utf8_lossy(characters.get(..7).unwrap_or_default()))
    };
    (0..4).map(seventh).collect()
}

/// Whether a value would be counted as one that looks sealed.
pub(super) fn looks_sealed(cell: &Cell, base64: bool) -> bool {
    let prefix = match cell {
        Cell::Text(text) | Cell::Bytes(text) if base64 && text.len() >= __sweep::base64_len(SHORTEST) => {
            text.get(..7).map(<[u8]>::to_vec)
        }
        Cell::Bytes(bytes) if !base64 && bytes.len() >= SHORTEST => {
            bytes.get(..5).map(|start| hex::encode(start).into())
        }
        _ => None,
    };
    prefix.is_some_and(|prefix| key_of(&Cell::Text(prefix)).is_some())
}

/// The key that a value's first characters name: hex of its first five bytes, or seven characters of base64.
fn key_of(prefix: &Cell) -> Option<KeyId> {
    let prefix = prefix.as_bytes()?;
    let header = match prefix.len() {
        10 => hex::decode(prefix).ok()?,
        // Eight characters are six bytes, of which five are the header.
        7 => __sweep::from_base64(&[prefix, b"A"].concat())?.get(..5)?.to_vec(),
        _ => return None,
    };
    Envelope::parse(&header).ok().map(|envelope| envelope.key_id)
}

/// The first five bytes in hex of what looks sealed, where bytes may have got into text: by a cast on SQLite, and in MySQL's
/// character sets of one byte. No program reads these, and a cast back makes them values again.
fn any_bytes(engine: Engine, column: &TableColumn) -> Option<String> {
    let name = identifier(engine, &column.name);
    match (engine, column.class) {
        (Engine::Sqlite, _) => Some(format!(
            "CASE WHEN length(CAST({name} AS BLOB)) >= {SHORTEST} AND substr(CAST({name} AS BLOB), 1, 1) = x'01' \
             THEN hex(substr(CAST({name} AS BLOB), 1, 5)) END"
        )),
        (Engine::Mysql, Class::Text) => Some(format!(
            "CASE WHEN LENGTH({name}) >= {SHORTEST} AND LEFT(CAST({name} AS BINARY), 1) = x'01' \
             THEN HEX(LEFT(CAST({name} AS BINARY), 5)) END"
        )),
        _ => None,
    }
}

/// SQL for one column.
struct Parts {
    /// The first five bytes in hex, of bytes that look sealed; NULL for others.
    bytes: Option<String>,
    /// The first seven characters, of text that looks like base64 of something sealed; NULL for others.
    text: Option<String>,
    length: String,
}

impl Parts {
    fn of(engine: Engine, column: &TableColumn) -> Self {
        let name = identifier(engine, &column.name);
        let base64 = __sweep::base64_len(SHORTEST);
        let (holds_bytes, holds_text) = match column.class {
            Class::Any => (true, true),
            Class::Bytes => (true, false),
            Class::Text => (false, true),
            Class::Integer | Class::Other => (false, false),
        };
        let (bytes, text, length) = match engine {
            Engine::Sqlite => (
                format!(
                    "CASE WHEN typeof({name}) = 'blob' AND length({name}) >= {SHORTEST} AND substr({name}, 1, 1) = x'01' \
                     THEN hex(substr({name}, 1, 5)) END"
                ),
                format!(
                    "CASE WHEN typeof({name}) IN ('text', 'blob') AND length({name}) >= {base64} \
                     AND CAST(substr({name}, 1, 1) AS TEXT) = 'A' COLLATE BINARY \
                     THEN CAST(substr({name}, 1, 7) AS TEXT) COLLATE BINARY END"
                ),
                format!("length({name})"),
            ),
            Engine::Postgres => (
                format!(
                    "CASE WHEN octet_length({name}) >= {SHORTEST} AND substring({name} FROM 1 FOR 1) = '\\x01'::bytea \
                     THEN encode(substring({name} FROM 1 FOR 5), 'hex') END"
                ),
                format!(
                    "CASE WHEN length({name}::text) >= {base64} AND left({name}::text, 1) COLLATE \"C\" = 'A' \
                     THEN left({name}::text, 7) COLLATE \"C\" END"
                ),
                match column.class {
                    Class::Bytes => format!("octet_length({name})"),
                    _ => format!("length({name}::text)"),
                },
            ),
            Engine::Mysql => (
                format!(
                    "CASE WHEN LENGTH({name}) >= {SHORTEST} AND LEFT({name}, 1) = x'01' THEN HEX(LEFT({name}, 5)) END"
                ),
                // Upper and lower case are different keys, and MySQL may group without case.
                format!(
                    "CASE WHEN CHAR_LENGTH({name}) >= {base64} AND CAST(CONVERT(LEFT({name}, 1) USING utf8mb4) AS BINARY) = 'A' \
                     THEN CAST(CONVERT(LEFT({name}, 7) USING utf8mb4) AS BINARY) END"
                ),
                match column.class {
                    Class::Bytes => format!("LENGTH({name})"),
                    _ => format!("CHAR_LENGTH({name})"),
                },
            ),
        };
        Self { bytes: holds_bytes.then_some(bytes), text: holds_text.then_some(text), length }
    }
}
