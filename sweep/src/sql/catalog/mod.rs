//! What the database itself says of its tables. Each database has a file with its queries.

mod mysql;
mod postgres;
mod sqlite;

pub(crate) use sqlite::ROWID;

use super::{Cell, Client, Engine, Param, SqlError, identifier};
use fieldseal::dialect::Fault;

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
    /// Whether the database computes it, so that it can't be written.
    pub is_generated: bool,
}

/// What the values of a column are, as far as sweeps care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
    /// The table of that name, in the connection's own schema unless the name says another; `None`
    /// if there is none.
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

    /// The names of all tables, on MySQL those of the connection's own database. fieldseal's own
    /// are left out.
    ///
    /// # Errors
    ///
    /// [`SqlError`]; a table too whose name has a dot in it, since such a name means a table of
    /// another schema.
    pub fn all(client: &mut dyn Client) -> Result<Vec<String>, SqlError> {
        let sql = match client.engine() {
            Engine::Sqlite => sqlite::TABLES,
            Engine::Postgres => postgres::TABLES,
            Engine::Mysql => mysql::TABLES,
        };
        let mut names = Vec::new();
        for row in client.rows(sql, &[])? {
            let [schema, name] = row.as_slice() else { continue };
            // In other schemas, tables of these names may be another program's.
            let is_own = |name: &str| schema.is_null() && OWN.contains(&name);
            let Some(name) = name.as_str().filter(|name| !is_own(name)) else { continue };
            if name.contains('.') || schema.as_str().is_some_and(|schema| schema.contains('.')) {
                let what = format!("the name of the table {name:?} has a dot in it, so that it can't be looked at");
                return Err(SqlError::new(Fault::Other, what).with_hint("rename the table"));
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

    /// SQL that reads the column: natively, or as text where its type isn't known here.
    pub(crate) fn read(&self, engine: Engine) -> String {
        let name = identifier(engine, &self.name);
        match (engine, self.class) {
            (Engine::Postgres, Class::Other) => format!("{name}::text"),
            (Engine::Mysql, Class::Other) => format!("CAST({name} AS CHAR CHARACTER SET utf8mb4)"),
            _ => name,
        }
    }

    /// A value as it was read, under the column's own class: MySQL calls text with a binary
    /// collation bytes.
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
        Engine::Sqlite => sqlite::COLUMNS,
        Engine::Postgres => postgres::COLUMNS,
        Engine::Mysql => mysql::COLUMNS,
    };
    let rows = client.rows(sql, &parts(name))?;
    let column = |row: Vec<Cell>| {
        let text = |at: usize| row.get(at).and_then(Cell::as_str).unwrap_or_default();
        let integer = |at: usize| row.get(at).and_then(Cell::integer);
        let class = match engine {
            Engine::Sqlite => sqlite::class(),
            Engine::Postgres => postgres::class(text(4)),
            Engine::Mysql => mysql::class(text(4)),
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

fn key(client: &mut dyn Client, name: &str, columns: &[TableColumn]) -> Result<Vec<String>, SqlError> {
    let engine = client.engine();
    let sql = match engine {
        Engine::Sqlite => sqlite::KEY,
        Engine::Postgres => postgres::KEY,
        Engine::Mysql => mysql::KEY,
    };
    let rows = client.rows(sql, &parts(name))?;
    let mut key: Vec<String> = rows.into_iter().filter_map(|row| Some(row.first()?.as_str()?.to_owned())).collect();
    if key.is_empty() && engine == Engine::Sqlite {
        key.extend(sqlite::rowid(client, name, columns));
    }
    Ok(key)
}
