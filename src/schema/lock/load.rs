//! The lock file as schemas again, for tools that have no model.

use super::{Entry, LockError, SchemaLock, read};
use crate::context::ContextKind;
use crate::model::{Column, ContextColumn, Schema};
use crate::suite::Suite;
use crate::value::Kind;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

impl SchemaLock {
    /// The tables of a lock file, for tools that work without the program's code. Their `model` is
    /// the file's path.
    ///
    /// Names of columns are `&'static`, like those that the derive makes: each new name stays in
    /// memory until the process ends.
    ///
    /// # Errors
    ///
    /// [`LockError::Missing`], or [`LockError::File`] if the file can't be read, or is no lock
    /// file.
    pub fn load(path: impl AsRef<Path>) -> Result<Vec<Schema>, LockError> {
        let path = path.as_ref();
        let entries = read(path)?.ok_or_else(|| LockError::Missing(path.to_owned()))?;
        let failed = |message: String| LockError::file(path, message, None);
        let mut tables: BTreeMap<Table, Vec<Column>> = BTreeMap::new();
        // Columns under AES-256-SIV are bound to no row, and say nothing of their table's row id.
        let mut rows: BTreeMap<&str, &[String]> = BTreeMap::new();
        for entry in entries.values().filter(|entry| !entry.row.is_empty()) {
            rows.insert(&entry.table, &entry.row);
        }
        for entry in entries.values() {
            let row = rows.get(entry.table.as_str()).copied().unwrap_or_default();
            let (table, column) =
                parsed(entry, row).map_err(|what| failed(format!("{}.{}: {what}", entry.table, entry.column)))?;
            tables.entry(table).or_default().push(column);
        }
        let model = interned(&path.display().to_string());
        Ok(tables.into_iter().map(|(table, columns)| table.schema(model, columns)).collect())
    }
}

/// What the columns of one schema have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Table {
    table: &'static str,
    sql_table: &'static str,
    row: Vec<(&'static str, ContextKind)>,
    scope: Option<(&'static str, ContextKind)>,
}

impl Table {
    fn schema(self, model: &'static str, columns: Vec<Column>) -> Schema {
        let context = |(name, kind)| ContextColumn::new(name, kind);
        let row: Vec<_> = self.row.into_iter().map(context).collect();
        let schema = Schema::new(self.table, columns.leak()).with_model(model);
        let schema = schema.with_sql_table(self.sql_table).with_row(row.leak());
        match self.scope {
            Some(scope) => schema.with_scope(context(scope)),
            None => schema,
        }
    }
}

fn parsed(entry: &Entry, row: &[String]) -> Result<(Table, Column), String> {
    if entry.table.is_empty() || entry.column.is_empty() {
        return Err("its name is empty".to_owned());
    }
    let (sql_table, sql_name) =
        entry.stored_in.rsplit_once('.').ok_or_else(|| "`stored_in` is `table.column`".to_owned())?;
    let suite = |name: &String| Suite::from_name(name).ok_or_else(|| format!("there is no suite `{name}`"));
    let mut column = Column::new(interned(&entry.table), interned(&entry.column))
        .with_sql_name(interned(sql_name))
        .with_kind(Kind::of_lock_file(interned(&entry.kind)))
        .with_suite(suite(&entry.suite)?);
    if let Some(previous) = &entry.previous_suite {
        column = column.with_previous_suite(suite(previous)?);
    }
    if entry.row.is_empty() {
        column = column.unbound_row();
    }
    if entry.padded {
        column = match entry.pad {
            Some(multiple @ 2..=65_536) if entry.hide_null => column.hide_null(multiple),
            Some(multiple @ 2..=65_536) => column.pad(multiple),
            Some(multiple) => return Err(format!("values can't be padded to a multiple of {multiple}")),
            None => return Err("the file doesn't say what its values are padded to".to_owned()),
        };
    } else if entry.hide_null {
        return Err("`hide_null` needs `padded`".to_owned());
    }
    if entry.migrating {
        column = column.migrating();
    }
    if entry.base64 {
        column = column.base64();
    }
    if let Some(size) =
        entry.size.filter(|size| usize::try_from(*size).is_ok_and(|size| size >= column.size_for(0)))
    {
        column = column.with_size(size);
    }
    let table = Table {
        table: column.table(),
        sql_table: interned(sql_table),
        row: row.iter().map(|text| context(text)).collect::<Result<_, _>>()?,
        scope: entry.scope.as_ref().map(|text| context(text)).transpose()?,
    };
    Ok((table, column))
}

/// `name: kind`
fn context(text: &str) -> Result<(&'static str, ContextKind), String> {
    let (name, kind) = text.rsplit_once(": ").ok_or_else(|| format!("`{text}` is not `name: kind`"))?;
    let known = ContextKind::from_name(kind);
    Ok((interned(name), known.ok_or_else(|| format!("`{kind}` is no kind of a row id or scope"))?))
}

/// The same text, kept once and until the process ends.
fn interned(text: &str) -> &'static str {
    static TEXTS: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = texts.get_or_insert_default();
    if let Some(known) = texts.get(text) {
        return known;
    }
    let text: &'static str = text.to_owned().leak();
    texts.insert(text);
    text
}
