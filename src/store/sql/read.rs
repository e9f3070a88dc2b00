//! Records read from the table of keys: a scope's, a page, one.

use super::connection::{Connection, Param};
use super::transaction::in_transaction;
use super::{Failed, Row};
use crate::context::Scope;
use crate::dialect::Dialect;
use crate::keys::{KeyId, KeyRecord, MalformedRecord};
use crate::store::Page;
use crate::store::read::MAX_KEYS;

/// The records of one scope.
pub(in crate::store) fn load_scope(
    connection: &mut impl Connection,
    scope: &Scope,
) -> Result<Vec<KeyRecord>, Failed> {
    let dialect = connection.dialect();
    let rows = read(connection, dialect.key_table().statements.load_scope, &[scope_param(dialect, scope)])?;
    if rows.len() > MAX_KEYS {
        return Err(Failed::Damaged(format!("it has more than {MAX_KEYS} keys")));
    }
    records(dialect, rows)
}

/// Records by their ids, for [`KeyStore::page`](crate::store::KeyStore::page).
pub(in crate::store) fn page(
    connection: &mut impl Connection,
    after: Option<KeyId>,
    limit: usize,
) -> Result<Page, Failed> {
    let limit = limit.min(MAX_KEYS + 1);
    let mut page = Page::default();
    let rows = page_of_rows(connection, after, limit)?;
    let is_full = rows.len() >= limit;
    for row in rows {
        let record = row.record(connection.dialect());
        let id = record.as_ref().map_or_else(|error| error.key, |record| Some(record.id));
        match record {
            // Rows at the end whose numbers are no ids: they make a page of their own, the last
            // one.
            Err(error) if id.is_none() && page.next.is_some() => {
                if is_full {
                    break;
                }
                page.damaged.push(error);
            }
            Err(error) => page.damaged.push(error),
            Ok(record) if id == page.next => {
                page.records.pop_if(|twin| twin.id == record.id);
                let error = MalformedRecord::twin(record.id);
                if page.damaged.last() != Some(&error) {
                    page.damaged.push(error);
                }
            }
            Ok(record) => page.records.push(record),
        }
        page.next = page.next.max(id);
    }
    if is_full && limit > 0 && page.next <= after {
        return Err(Failed::Damaged(format!(
            "{limit} records one after the other have no id: it is no table of keys"
        )));
    }
    if !is_full {
        page.next = None;
    }
    Ok(page)
}

fn page_of_rows(connection: &mut impl Connection, after: Option<KeyId>, limit: usize) -> Result<Vec<Row>, Failed> {
    let statements = &connection.dialect().key_table().statements;
    let limit = Param::Integer(i64::try_from(limit).unwrap_or(i64::MAX));
    match after {
        // The first page also has rows without an id.
        None => read(connection, statements.first_page, &[limit]),
        Some(after) => read(connection, statements.page, &[Param::Integer(after.get().into()), limit]),
    }
}

pub(in crate::store) fn get(connection: &mut impl Connection, id: KeyId) -> Result<Option<KeyRecord>, Failed> {
    let sql = connection.dialect().key_table().statements.get;
    let rows = read(connection, sql, &[Param::Integer(id.get().into())])?;
    Ok(records(connection.dialect(), rows)?.pop())
}

/// Reads rows outside of any transaction of the caller's.
///
/// MySQL's sessions can begin transactions by themselves, which would show the same old rows for
/// ever after, or see what others haven't committed: there a reading is a transaction of its own,
/// at a level that is known.
fn read(connection: &mut impl Connection, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Failed> {
    match connection.dialect().key_table().before_reading {
        Some(before) => {
            connection.batch(before)?;
            in_transaction(connection, |connection| Ok(connection.select(sql, params)?))
        }
        None => Ok(connection.select(sql, params)?),
    }
}

pub(super) fn records(dialect: Dialect, rows: Vec<Row>) -> Result<Vec<KeyRecord>, Failed> {
    rows.into_iter().map(|row| row.record(dialect).map_err(Failed::Malformed)).collect()
}

pub(super) fn scope_param(dialect: Dialect, scope: &Scope) -> Param<'_> {
    let scope = scope.as_str();
    if dialect.key_table().scopes_are_bytes { Param::Blob(scope.as_bytes()) } else { Param::Text(scope) }
}
