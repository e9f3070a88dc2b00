//! What differs between the databases: all of the suite's SQL that isn't the same everywhere.

use fieldseal::context::ContextKind;
use fieldseal::envelope::Envelope;
use fieldseal::{Column, ErrorKind, Schema};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
    Mysql,
}

/// What somebody who writes the database puts into a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Raw {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// Sealed bytes as that column holds them.
    pub fn sealed(column: &Column, sealed: &[u8]) -> Self {
        if column.is_base64() { Self::Text(to_base64(sealed)) } else { Self::Bytes(sealed.to_vec()) }
    }

    /// What [`super::Database::raw`] gave.
    pub fn stored(column: &Column, stored: Vec<u8>) -> Self {
        if column.is_base64() { Self::Text(String::from_utf8(stored).unwrap()) } else { Self::Bytes(stored) }
    }

    /// How it would look in a message; nothing for values so short that they'd be found anywhere.
    pub fn printed_forms(&self) -> Vec<String> {
        let list = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
        let forms = match self {
            Self::Null => vec![],
            Self::Integer(integer) => vec![integer.to_string()],
            Self::Real(real) => vec![real.to_string()],
            Self::Text(text) => vec![list(text.as_bytes()), text.clone()],
            Self::Bytes(bytes) => {
                vec![list(bytes), hex::encode(bytes), String::from_utf8_lossy(bytes).into_owned()]
            }
        };
        forms.into_iter().filter(|form| form.len() >= 6).collect()
    }
}

pub fn to_base64(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}

pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()
}

impl Dialect {
    pub fn create_table(self, schema: &Schema, plain: &[(&str, &str)]) -> String {
        self.create_table_of(schema, plain, |column| self.sealed_type(column))
    }

    /// `plain` are columns that the model doesn't seal; those of its row and scope may be among
    /// them, and `id` is there anyway.
    pub fn create_table_of(
        self,
        schema: &Schema,
        plain: &[(&str, &str)],
        sealed_type: impl Fn(&Column) -> String,
    ) -> String {
        let mut columns = vec![("id".to_owned(), format!("{} PRIMARY KEY", self.integer()))];
        let mut add = |name: &str, sql_type: String| {
            if columns.iter().all(|(known, _)| known != name) {
                columns.push((name.to_owned(), sql_type));
            }
        };
        for (name, sql_type) in plain {
            add(name, (*sql_type).to_owned());
        }
        for column in schema.row.iter().chain(&schema.scope) {
            add(column.name, self.context_type(column.kind).to_owned());
        }
        for column in schema.columns {
            add(column.sql_name(), sealed_type(column));
        }
        let columns: Vec<_> = columns.into_iter().map(|(name, sql_type)| format!("{name} {sql_type}")).collect();
        format!("CREATE TABLE {} ({})", schema.sql_table, columns.join(", "))
    }

    const fn integer(self) -> &'static str {
        if matches!(self, Self::Sqlite) { "INTEGER" } else { "BIGINT" }
    }

    const fn context_type(self, kind: ContextKind) -> &'static str {
        match (self, kind) {
            (_, ContextKind::Int) => self.integer(),
            (Self::Mysql, ContextKind::Text) => "VARCHAR(100)",
            (_, ContextKind::Text) => "TEXT",
            (Self::Postgres, ContextKind::Uuid) => "uuid",
            (Self::Mysql, ContextKind::Uuid) => "BINARY(16)",
            (Self::Postgres, ContextKind::Bytes) => "bytea",
            (Self::Mysql, ContextKind::Bytes) => "VARBINARY(100)",
            (_, _) => "BLOB",
        }
    }

    /// Whatever holds the size that the model gives the column; every one may be NULL.
    pub fn sealed_type(self, column: &Column) -> String {
        match (self, column.is_base64(), column.size()) {
            (Self::Sqlite, true, _) | (Self::Postgres, true, None) => "TEXT".into(),
            (Self::Sqlite, false, _) => "BLOB".into(),
            (Self::Postgres, false, _) => "bytea".into(),
            (Self::Postgres, true, Some(size @ ..=10_485_760)) => format!("varchar({size})"),
            (Self::Postgres, true, Some(_)) => "text".into(),
            (Self::Mysql, true, Some(size @ ..512)) => format!("VARCHAR({size})"),
            (Self::Mysql, false, Some(size @ ..512)) => format!("VARBINARY({size})"),
            (Self::Mysql, true, None | Some(..=65_535)) => "TEXT".into(),
            (Self::Mysql, false, None | Some(..=65_535)) => "BLOB".into(),
            (Self::Mysql, true, Some(..=16_777_215)) => "MEDIUMTEXT".into(),
            (Self::Mysql, false, Some(..=16_777_215)) => "MEDIUMBLOB".into(),
            (Self::Mysql, true, Some(_)) => "LONGTEXT".into(),
            (Self::Mysql, false, Some(_)) => "LONGBLOB".into(),
        }
    }

    /// A column of exactly that many bytes, or characters: SQLite and PostgreSQL need a check for
    /// it.
    pub fn exact_type(self, column: &Column, size: usize) -> String {
        let name = column.sql_name();
        match (self, column.is_base64()) {
            (Self::Sqlite, base64) => {
                format!("{} CHECK (length({name}) <= {size})", if base64 { "TEXT" } else { "BLOB" })
            }
            (Self::Postgres, true) => format!("varchar({size})"),
            (Self::Postgres, false) => format!("bytea CHECK (octet_length({name}) <= {size})"),
            (Self::Mysql, true) => format!("VARCHAR({size})"),
            (Self::Mysql, false) => format!("VARBINARY({size})"),
        }
    }

    /// The types of text that a column of base64 may have, with room for 200 characters.
    pub const fn text_types(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["TEXT", "VARCHAR(200)", "TEXT COLLATE NOCASE", "TEXT COLLATE RTRIM", "BLOB", ""],
            Self::Postgres => &["text", "varchar(200)", "varchar", "citext", "text COLLATE \"C\""],
            Self::Mysql => &[
                "VARCHAR(200) COLLATE utf8mb4_general_ci",
                "VARCHAR(200) COLLATE utf8mb4_bin",
                "VARCHAR(200) CHARACTER SET latin1",
                "VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin",
                "VARBINARY(200)",
                "CHAR(200)",
                "TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                "TEXT CHARACTER SET latin1",
                "TINYTEXT",
                "LONGTEXT",
            ],
        }
    }

    pub fn literal(self, value: &Raw) -> String {
        match (self, value) {
            (_, Raw::Null) => "NULL".into(),
            (_, Raw::Integer(integer)) => integer.to_string(),
            (Self::Postgres, Raw::Real(real)) if real.is_infinite() => "'Infinity'::float8".into(),
            (_, Raw::Real(real)) if real.is_infinite() => "9e999".into(),
            (_, Raw::Real(real)) => format!("{real:e}"),
            (Self::Postgres, Raw::Bytes(bytes)) => format!("'\\x{}'::bytea", hex::encode(bytes)),
            (_, Raw::Bytes(bytes)) => format!("x'{}'", hex::encode(bytes)),
            (Self::Sqlite, Raw::Text(text)) => format!("CAST(x'{}' AS TEXT)", hex::encode(text)),
            (Self::Postgres, Raw::Text(text)) => format!("convert_from('\\x{}', 'UTF8')", hex::encode(text)),
            (Self::Mysql, Raw::Text(text)) => format!("CONVERT(x'{}' USING utf8mb4)", hex::encode(text)),
        }
    }

    pub fn uuid(self, uuid: uuid::Uuid) -> String {
        match self {
            Self::Postgres => format!("'{uuid}'::uuid"),
            Self::Sqlite | Self::Mysql => self.literal(&Raw::Bytes(uuid.into_bytes().to_vec())),
        }
    }

    /// That many zero bytes, and as many characters, made by the database itself.
    pub fn zeros(self, len: usize) -> (String, String) {
        match self {
            Self::Sqlite => (format!("zeroblob({len})"), format!("CAST(zeroblob({len}) AS TEXT)")),
            Self::Postgres => (format!("decode(repeat('00', {len}), 'hex')"), format!("repeat('0', {len})")),
            Self::Mysql => (format!("repeat(x'00', {len})"), format!("repeat('0', {len})")),
        }
    }

    pub fn hex_of(self, column: &Column) -> String {
        let name = column.sql_name();
        match (self, column.is_base64()) {
            (Self::Sqlite, _) => format!("CASE WHEN {name} IS NOT NULL THEN hex({name}) END"),
            (Self::Postgres, true) => format!("encode(convert_to({name}::text, 'UTF8'), 'hex')"),
            (Self::Postgres, false) => format!("encode({name}, 'hex')"),
            (Self::Mysql, _) => format!("hex({name})"),
        }
    }

    /// Whether the database takes that value for the column at all.
    pub fn takes(self, column: &Column, value: &Raw) -> bool {
        match (self, value) {
            (Self::Sqlite, _) | (_, Raw::Null) => true,
            (Self::Mysql, Raw::Real(real)) if real.is_infinite() => false,
            // Bytes become their hexadecimal text.
            (Self::Postgres, Raw::Bytes(_)) => true,
            (Self::Postgres, _) => column.is_base64(),
            (Self::Mysql, Raw::Bytes(bytes)) => !column.is_base64() || std::str::from_utf8(bytes).is_ok(),
            (Self::Mysql, _) => true,
        }
    }

    /// What fieldseal must say of such a value in that column, if no keyring of the test has a key
    /// with such an id.
    pub fn kind_of(self, column: &Column, value: &Raw) -> ErrorKind {
        let text = match value {
            Raw::Null => return ErrorKind::UnexpectedNull,
            Raw::Text(text) => text.clone().into_bytes(),
            Raw::Bytes(bytes) => bytes.clone(),
            // MySQL and PostgreSQL make their text of numbers; it's neither sealed nor base64 of
            // what is.
            Raw::Integer(_) | Raw::Real(_) => return ErrorKind::NotSealed,
        };
        let sealed = match (column.is_base64(), value) {
            (true, _) => from_base64(&text),
            // MySQL knows no text in a column of bytes.
            (false, Raw::Text(_)) if self != Self::Mysql => None,
            (false, _) => Some(text),
        };
        let envelope = sealed.as_deref().filter(|sealed| sealed.len() >= column.suite().overhead());
        match envelope.map(Envelope::parse) {
            Some(Ok(envelope)) => ErrorKind::UnknownKey(envelope.key_id),
            _ => ErrorKind::NotSealed,
        }
    }

    /// What makes a connection cut values that are too long, in the database that can.
    pub const fn without_strictness(self) -> Option<&'static str> {
        match self {
            Self::Mysql => Some("SET sql_mode = ''"),
            Self::Sqlite | Self::Postgres => None,
        }
    }
}
