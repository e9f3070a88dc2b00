//! How much is lost with a key: the stored values that can't be read any more.

use super::Context;
use crate::error::Error;
use crate::survey::{self, Surveyed};
use crate::target::Target;
use crate::words;
use fieldseal::keys::KeyId;
use serde::Serialize;

/// The values under some keys, by column.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Readable {
    pub(crate) values: u64,
    pub(crate) columns: Vec<Counted>,
}

/// One column of the database.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Counted {
    pub(crate) table: String,
    pub(crate) column: String,
    /// Whether the lock file has it.
    pub(crate) declared: bool,
    pub(crate) rows: u64,
    pub(crate) values: u64,
}

/// The stored values under those keys; `None` without a lock file, where the keys have no database
/// beside them, or where the database can't be counted: that is no reason to keep a key.
///
/// What `key destroy` and `shred` show before they ask, and report afterwards.
pub(crate) fn readable(context: &Context<'_>, keys: &[KeyId]) -> Option<Readable> {
    let target = &context.target;
    if !target.has_database() {
        return None;
    }
    if !target.lock().exists() {
        context.output.warn(format!(
            "the values under the keys aren't counted: there is no schema lock at {}, which says where they are (--lock)",
            target.lock().display()
        ));
        return None;
    }
    let counting = context.output.during("counts the values under the keys".to_owned(), || count(target, keys));
    let counted = match counting {
        Ok(counted) => counted,
        Err(error) => {
            context.output.warn(format!("the values under the keys can't be counted: {}", error.summary()));
            return None;
        }
    };
    let columns: Vec<_> = counted.into_iter().filter(|column| column.values > 0).collect();
    Some(Readable { values: columns.iter().map(|column| column.values).sum(), columns })
}

/// Every column that could hold such values, with how many it does.
fn count(target: &Target, keys: &[KeyId]) -> Result<Vec<Counted>, Error> {
    let client = &mut *target.sql()?.connect()?;
    let surveyed = survey::all(target, client)?;
    let counted = |column: Surveyed| Counted {
        values: keys.iter().map(|id| column.survey.under(*id)).sum(),
        table: column.table,
        column: column.name,
        declared: column.column.is_some(),
        rows: column.survey.rows,
    };
    Ok(surveyed.into_iter().map(counted).collect())
}

/// The sentence that people see before they are asked.
pub(crate) fn lost(readable: Option<&Readable>) -> String {
    match readable.map(|readable| readable.values) {
        Some(0) => "no stored value is under them".to_owned(),
        Some(1) => "1 stored value could not be read any more".to_owned(),
        Some(values) => format!("{values} stored values could not be read any more"),
        None => "whatever is sealed under them could not be read any more".to_owned(),
    }
}

/// The lines of the report: how many values of each column can't be read any more.
pub(crate) fn lines(readable: Option<&Readable>) -> String {
    let columns = readable.map_or(&[][..], |readable| &readable.columns);
    let line = |column: &Counted| {
        let undeclared = if column.declared { "" } else { ", which the lock file doesn't have" };
        let name = words::plain(&format!("{}.{}", column.table, column.column));
        format!("  {name}: {}{undeclared}\n", words::values(column.values))
    };
    columns.iter().map(line).collect()
}
