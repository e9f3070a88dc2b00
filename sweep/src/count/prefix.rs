//! The beginnings of sealed values, in each database's SQL.

use crate::plan::{SHORTEST, SealedForm};
use crate::sql::{Class, Engine, TableColumn, identifier};
use fieldseal::__sweep;
use fieldseal::keys::KeyId;

/// SQL for the first five bytes of a value that is long enough.
pub(super) fn first_bytes(engine: Engine, name: &str) -> String {
    match engine {
        // `substr` of text is text, and must not count as bytes.
        Engine::Sqlite => format!("CASE WHEN length({name}) >= {SHORTEST} THEN substr({name}, 1, 5) END"),
        Engine::Postgres => {
            format!("CASE WHEN octet_length({name}) >= {SHORTEST} THEN substring({name} FROM 1 FOR 5) END")
        }
        Engine::Mysql => format!("CASE WHEN LENGTH({name}) >= {SHORTEST} THEN LEFT({name}, 5) END"),
    }
}

/// The beginnings of values under that key, as SQL: five bytes, or seven characters of base64, of
/// which the last has two more bits.
pub(super) fn prefixes(engine: Engine, id: KeyId, form: SealedForm) -> Vec<String> {
    let header = __sweep::header_of(id);
    if form != SealedForm::Base64 {
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

/// The first five bytes in hex of what looks sealed, where bytes may have got into text: by a cast
/// on SQLite, and in MySQL's character sets of one byte. No program opens these, but a cast back
/// makes them sealed values again.
pub(super) fn any_bytes(engine: Engine, column: &TableColumn) -> Option<String> {
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
pub(super) struct Parts {
    /// The first five bytes in hex, of bytes that look sealed; NULL for others.
    pub(super) bytes: Option<String>,
    /// The first seven characters, of text that looks like base64 of something sealed; NULL for
    /// others.
    pub(super) text: Option<String>,
    pub(super) length: String,
}

impl Parts {
    pub(super) fn of(engine: Engine, column: &TableColumn) -> Self {
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
