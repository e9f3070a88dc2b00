//! What the database itself says of its tables.

use super::{Cell, Client, Engine, Param, SqlError, SqlErrorKind, identifier, quoted};
use fieldseal::store::Dialect;

/// A table as it is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// Its name, with its schema if it was asked for by one.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<TableColumn>,
    /// The columns of its primary key, in order; SQLite's `rowid` where there is no other.
    pub key: Vec<String>,
    /// Whether `name` and `Name` are two columns.
    case_matters: bool,
}

/// A column as it is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub class: Class,
    /// Its type as the database writes it: `character varying(20)`.
    pub type_name: String,
    /// Whether it can hold NULL.
    pub is_nullable: bool,
    /// How much it holds, in bytes or in characters, where the database says so.
    pub size: Option<u64>,
    /// Whether the database computes it, so that nobody can write it.
    pub is_generated: bool,
}

/// What the values of a column are, as far as sweeps care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Integers of up to 64 bits.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// SQLite's columns hold anything.
    Any,
    /// Anything else. It travels as the text that the database writes it as.
    Other,
}

impl Table {
    /// The table of that name, in the connection's own schema unless the name says another; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`SqlError`].
    pub fn describe(client: &mut dyn Client, name: &str) -> Result<Option<Self>, SqlError> {
        let columns = columns(client, name)?;
        if columns.is_empty() {
            return Ok(None);
        }
        let key = key(client, name, &columns)?;
        let case_matters = client.engine() == Engine::Postgres;
        Ok(Some(Self { name: name.to_owned(), columns, key, case_matters }))
    }

    /// The names of all tables, on MySQL those of the connection's own database. fieldseal's own are left out.
    ///
    /// # Errors
    ///
    /// [`SqlError`]; a table too whose name has a dot in it, since such a name means a table of another schema.
    pub fn all(client: &mut dyn Client) -> Result<Vec<String>, SqlError> {
        let sql = match client.engine() {
            Engine::Sqlite => {
                "SELECT NULL, name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            }
            // A partitioned table, and not its parts; materialised views. Other schemas than the connection's own are named.
            Engine::Postgres => {
                "SELECT nullif(n.nspname, current_schema())::text, c.relname::text FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition \
                 AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1 NULLS FIRST, 2"
            }
            Engine::Mysql => {
                "SELECT NULL, table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                 AND table_type = 'BASE TABLE' ORDER BY table_name"
            }
        };
        let mut names = Vec::new();
        for row in client.rows(sql, &[])? {
            let [schema, name] = row.as_slice() else { continue };
            // In other schemas they may be anything.
            let is_own = |name: &str| schema.is_null() && OWN.contains(&name);
            let Some(name) = name.as_str().filter(|name| !is_own(name)) else { continue };
            if name.contains('.') || schema.as_str().is_some_and(|schema| schema.contains('.')) {
                let what = format!(
                    "the name of the table {name:?} has a dot in it, so that it can't be looked at: rename the table"
                );
                return Err(SqlError::new(SqlErrorKind::Other, what));
            }
            names.push(schema.as_str().map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}")));
        }
        Ok(names)
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        let named = |column: &&TableColumn| match self.case_matters {
            true => column.name == name,
            false => column.name.eq_ignore_ascii_case(name),
        };
        self.columns.iter().find(named)
    }
}

impl TableColumn {
    /// SQLite's own key of a row, for tables without a primary key.
    pub(crate) fn rowid(alias: &str) -> Self {
        let (name, type_name) = (alias.to_owned(), "INTEGER".to_owned());
        Self { name, class: Class::Any, type_name, is_nullable: false, size: None, is_generated: false }
    }

    /// SQL that reads the column: natively, or as text where its type is one that nobody here knows.
    pub(crate) fn read(&self, engine: Engine) -> String {
        let name = identifier(engine, &self.name);
        match (engine, self.class) {
            (Engine::Postgres, Class::Other) => format!("{name}::text"),
            (Engine::Mysql, Class::Other) => format!("CAST({name} AS CHAR CHARACTER SET utf8mb4)"),
            _ => name,
        }
    }

    /// A value as it was read, under the column's own class: MySQL calls text with a binary collation bytes.
    #[must_use]
    pub fn normalised(&self, cell: Cell) -> Cell {
        match (self.class, cell) {
            (Class::Text | Class::Other, Cell::Bytes(bytes)) => Cell::Text(bytes),
            (Class::Bytes, Cell::Text(bytes)) => Cell::Bytes(bytes),
            (_, cell) => cell,
        }
    }
}

/// fieldseal's own tables.
const OWN: [&str; 3] = ["fieldseal_keys", "fieldseal_sweeps", "fieldseal_leases"];

/// Schema and name; the schema is NULL for the connection's own.
fn parts(name: &str) -> [Param<'_>; 2] {
    match name.rsplit_once('.') {
        Some((schema, name)) => [schema.into(), name.into()],
        None => [Cell::Null.into(), name.into()],
    }
}

fn columns(client: &mut dyn Client, name: &str) -> Result<Vec<TableColumn>, SqlError> {
    let engine = client.engine();
    let sql = match engine {
        // Those that are hidden in another way than being generated are virtual tables'.
        Engine::Sqlite => {
            "SELECT name, type, \"notnull\" = 0, NULL, '', hidden > 1 FROM pragma_table_xinfo(?2, coalesce(?1, 'main')) WHERE hidden <> 1 ORDER BY cid"
        }
        Engine::Postgres => POSTGRES_COLUMNS,
        Engine::Mysql => {
            "SELECT column_name, column_type, is_nullable = 'YES', CAST(character_maximum_length AS SIGNED), data_type, \
             coalesce(generation_expression, '') <> '' \
             FROM information_schema.columns WHERE table_schema = coalesce(?, DATABASE()) AND table_name = ? \
             ORDER BY ordinal_position"
        }
    };
    let rows = client.rows(sql, &parts(name))?;
    let column = |row: Vec<Cell>| {
        let text = |at: usize| row.get(at).and_then(Cell::as_str).unwrap_or_default();
        let integer = |at: usize| row.get(at).and_then(Cell::integer);
        let class = match engine {
            Engine::Sqlite => Class::Any,
            Engine::Postgres => match text(4) {
                "int" => Class::Integer,
                "bytes" => Class::Bytes,
                "text" => Class::Text,
                _ => Class::Other,
            },
            Engine::Mysql => mysql_class(text(4)),
        };
        TableColumn {
            name: text(0).to_owned(),
            class,
            type_name: text(1).to_owned(),
            is_nullable: integer(2) == Some(1),
            size: integer(3).and_then(|size| u64::try_from(size).ok()),
            is_generated: integer(5) == Some(1),
        }
    };
    Ok(rows.into_iter().map(column).collect())
}

/// A domain is what it's made of, in the end. `text` is what PostgreSQL sends as the characters themselves.
const POSTGRES_COLUMNS: &str = "\
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod)::text, NOT a.attnotnull, \
CASE WHEN b.oid IN (1042, 1043) AND a.atttypmod > 4 THEN (a.atttypmod - 4)::int8 END, \
CASE WHEN b.oid IN (20, 21, 23) THEN 'int' WHEN b.oid = 17 THEN 'bytes' \
WHEN b.oid IN (25, 1042, 1043) OR b.typname = 'citext' THEN 'text' ELSE 'other' END, a.attgenerated <> '' \
FROM pg_catalog.pg_attribute a \
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
JOIN pg_catalog.pg_type b ON b.oid = (WITH RECURSIVE base (oid, next, kind) AS (SELECT t.oid, t.typbasetype, t.typtype \
UNION ALL SELECT d.oid, d.typbasetype, d.typtype FROM base JOIN pg_catalog.pg_type d ON d.oid = base.next AND base.kind = 'd') \
SELECT base.oid FROM base WHERE base.kind <> 'd' LIMIT 1) \
WHERE a.attrelid = to_regclass(CASE WHEN $1::text IS NULL THEN '' ELSE quote_ident($1) || '.' END || quote_ident($2)) \
AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

fn mysql_class(data_type: &str) -> Class {
    match data_type {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Class::Integer,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Class::Bytes,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => Class::Text,
        _ => Class::Other,
    }
}

/// What SQLite calls its own key of a row, unless a column has the name.
pub(crate) const ROWID: [&str; 3] = ["rowid", "_rowid_", "oid"];

fn key(client: &mut dyn Client, name: &str, columns: &[TableColumn]) -> Result<Vec<String>, SqlError> {
    let sql = match client.engine() {
        Engine::Sqlite => "SELECT name FROM pragma_table_xinfo(?2, coalesce(?1, 'main')) WHERE pk > 0 ORDER BY pk",
        Engine::Postgres => {
            "SELECT a.attname::text FROM pg_catalog.pg_index i \
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place) \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
             WHERE i.indrelid = to_regclass(CASE WHEN $1::text IS NULL THEN '' ELSE quote_ident($1) || '.' END || quote_ident($2)) \
             AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place"
        }
        Engine::Mysql => {
            "SELECT column_name FROM information_schema.statistics WHERE table_schema = coalesce(?, DATABASE()) \
             AND table_name = ? AND index_name = 'PRIMARY' ORDER BY seq_in_index"
        }
    };
    let rows = client.rows(sql, &parts(name))?;
    let mut key: Vec<String> = rows.into_iter().filter_map(|row| Some(row.first()?.as_str()?.to_owned())).collect();
    if key.is_empty() && client.engine() == Engine::Sqlite {
        // A view has none, and neither has a table WITHOUT ROWID, which always has a primary key.
        let taken = |alias: &&str| columns.iter().any(|column| column.name.eq_ignore_ascii_case(alias));
        let Some(alias) = ROWID.into_iter().find(|alias| !taken(alias)) else { return Ok(key) };
        let probe = format!("SELECT {alias} FROM {} LIMIT 0", quoted(Dialect::Sqlite, name));
        if client.rows(&probe, &[]).is_ok() {
            key.push(alias.to_owned());
        }
    }
    Ok(key)
}
