//! What the SQL key stores share: statements, the rules of a commit, the reading of hostile rows,
//! what faults mean.
//!
//! An adapter runs statements; everything else is here.

mod commit;
mod row;
mod said;

pub(super) use self::commit::commit;
pub(super) use self::row::{Cell, Row};
pub(super) use self::said::{Failed, Said};
pub(super) use crate::dialect::COLUMNS;

use super::read::MAX_KEYS;
use super::{Page, migration};
use crate::context::Scope;
use crate::dialect::{Dialect, Fault};
use crate::keys::{KeyId, KeyRecord, MalformedRecord};
use crate::retry::{self, Tried, again};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::time::{Duration, Instant};

/// How often an operation is begun that the database rolls back in favour of another.
const ATTEMPTS: usize = 6;

/// How long a statement waits for another process's transaction.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A value that is bound to a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Param<'a> {
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A database connection.
pub(super) trait Connection {
    fn dialect(&self) -> Dialect;

    /// Makes sure that there is a connection, and that it's outside of any transaction. Whatever is
    /// done with it until the next call of this is over by `until`, if the adapter can see to that.
    fn ready(&mut self, until: Option<Instant>) -> Result<(), Said>;

    /// The connection can't be trusted any more. Whether another one can be made.
    fn lose(&mut self) -> bool;

    /// Rows of keys.
    fn select(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Said>;

    /// The integer in the column `n` of the one row that `sql` gives.
    fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, Said>;

    /// The number of rows that were changed.
    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<usize, Said>;

    /// Statements that give nothing.
    fn batch(&mut self, sql: &'static str) -> Result<(), Said>;

    fn begin(&mut self) -> Result<(), Said> {
        self.batch(self.dialect().transactions().begin)
    }

    fn commit(&mut self) -> Result<(), Said> {
        self.batch(self.dialect().transactions().commit)
    }

    fn rollback(&mut self) -> Result<(), Said> {
        self.batch(self.dialect().transactions().rollback)
    }
}

/// Does `work` on a connection that is fit for use: from the beginning again, a few times, where
/// that helps, but not once `until` is over.
pub(super) fn run<C: Connection, T>(
    connection: &mut C,
    until: Option<Instant>,
    mut work: impl FnMut(&mut C) -> Result<T, Failed>,
) -> Result<T, Failed> {
    let mut attempts = 0;
    let once = || {
        attempts += 1;
        let ready = connection.ready(until).map_err(Failed::from);
        let said = match ready.and_then(|()| work(connection)) {
            Err(Failed::Said(said)) => explained(connection, said),
            Err(failed) => return Err(Tried::Ended(failed)),
            Ok(done) => return Ok(done),
        };
        let is_new = said.may_be_the_connections() && connection.lose();
        let helps = match said.fault() {
            Fault::Conflict => true,
            Fault::Duplicate => connection.dialect().key_table().duplicates_are_conflicts,
            // The server was restarted, say, since the connection was last used.
            Fault::Lost => is_new && attempts == 1,
            _ => false,
        };
        Err(if helps { Tried::Again(said.into()) } else { Tried::Ended(said.into()) })
    };
    again(pauses(), retry::until(until), once)
}

/// Between one attempt and the next: 4 ms and twice as long each time.
fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new().with_min_delay(Duration::from_millis(4)).with_max_times(ATTEMPTS - 1).build()
}

/// Where a library gives no more than a text, in whatever language the server has: is it the table?
fn explained(connection: &mut impl Connection, said: Said) -> Said {
    if said.is_clear() {
        return said;
    }
    let columns = connection.integer(connection.dialect().key_table().statements.columns);
    said.meaning(match columns.map(|columns| columns.map(usize::try_from)) {
        Ok(Some(Ok(0))) => Fault::Missing,
        Ok(Some(Ok(columns))) if columns < COLUMNS.len() => Fault::Mismatched,
        Ok(_) => Fault::Other,
        Err(_) => Fault::Lost,
    })
}

/// Makes the table if it isn't there, whoever else does the same at the same moment.
pub(super) fn create_table(connection: &mut impl Connection) -> Result<(), Failed> {
    let dialect = connection.dialect();
    let (table, up) = (dialect.key_table(), migration(dialect).up);
    if table.creation.looks_first && connection.integer(table.statements.columns)? == Some(7) {
        return Ok(());
    }
    match table.creation.lock {
        Some(lock) => commit::in_transaction(connection, |connection| {
            connection.batch(lock)?;
            Ok(connection.batch(up)?)
        }),
        None => Ok(connection.batch(up)?),
    }
}

/// The records of one scope.
pub(super) fn load_scope(connection: &mut impl Connection, scope: &Scope) -> Result<Vec<KeyRecord>, Failed> {
    let dialect = connection.dialect();
    let rows = read(connection, dialect.key_table().statements.load_scope, &[scope_param(dialect, scope)])?;
    if rows.len() > MAX_KEYS {
        return Err(Failed::Damaged(format!("it has more than {MAX_KEYS} keys")));
    }
    records(dialect, rows)
}

/// Records by their ids, for [`super::KeyStore::page`].
pub(super) fn page(connection: &mut impl Connection, after: Option<KeyId>, limit: usize) -> Result<Page, Failed> {
    let limit = limit.min(MAX_KEYS + 1);
    let mut page = Page::default();
    let rows = page_of_rows(connection, after, limit)?;
    let is_full = rows.len() >= limit;
    for row in rows {
        let record = row.record(connection.dialect());
        let id = record.as_ref().map_or_else(|error| error.key, |record| Some(record.id));
        match record {
            // Those at the end have numbers that are no ids: they are the last page.
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
        // What has no id is seen too.
        None => read(connection, statements.first_page, &[limit]),
        Some(after) => read(connection, statements.page, &[Param::Integer(after.get().into()), limit]),
    }
}

pub(super) fn get(connection: &mut impl Connection, id: KeyId) -> Result<Option<KeyRecord>, Failed> {
    let sql = connection.dialect().key_table().statements.get;
    let rows = read(connection, sql, &[Param::Integer(id.get().into())])?;
    Ok(records(connection.dialect(), rows)?.pop())
}

/// Outside of a transaction.
///
/// MySQL's sessions can begin transactions by themselves, which would show the same old rows for
/// ever after, or see what others haven't committed: there a reading is a transaction of its own,
/// at a level that is known.
fn read(connection: &mut impl Connection, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Failed> {
    match connection.dialect().key_table().before_reading {
        Some(before) => {
            connection.batch(before)?;
            commit::in_transaction(connection, |connection| Ok(connection.select(sql, params)?))
        }
        None => Ok(connection.select(sql, params)?),
    }
}

fn records(dialect: Dialect, rows: Vec<Row>) -> Result<Vec<KeyRecord>, Failed> {
    rows.into_iter().map(|row| row.record(dialect).map_err(Failed::Malformed)).collect()
}

fn scope_param(dialect: Dialect, scope: &Scope) -> Param<'_> {
    let scope = scope.as_str();
    if dialect.key_table().scopes_are_bytes { Param::Blob(scope.as_bytes()) } else { Param::Text(scope) }
}

/// The connection is inside a transaction that was begun elsewhere: nothing that is committed would
/// last.
#[cfg(any(feature = "rusqlite", feature = "diesel"))]
pub(super) fn in_transaction() -> Said {
    let message = "its connection is inside a transaction that was never finished; open the store again, on a \
                   connection that nothing else uses";
    Said::own(Fault::Other, message)
}

/// What a key store does with its connection: the methods of `KeyStore`, for a store with `run` and
/// `shown`.
macro_rules! key_store {
    () => {
        fn page(
            &self,
            after: Option<$crate::keys::KeyId>,
            limit: usize,
        ) -> Result<$crate::store::Page, $crate::store::StoreError> {
            self.run(|connection| $crate::store::sql::page(connection, after, limit))
        }

        fn load_scope(
            &self,
            scope: &$crate::Scope,
        ) -> Result<Vec<$crate::keys::KeyRecord>, $crate::store::StoreError> {
            self.run(|connection| $crate::store::sql::load_scope(connection, scope))
        }

        fn get(
            &self,
            id: $crate::keys::KeyId,
        ) -> Result<Option<$crate::keys::KeyRecord>, $crate::store::StoreError> {
            self.run(|connection| $crate::store::sql::get(connection, id))
        }

        fn commit(&self, changes: &[$crate::store::Change]) -> Result<(), $crate::store::StoreError> {
            $crate::store::check_writable(&self.name(), changes)?;
            self.run(|connection| $crate::store::sql::commit(connection, changes))
        }

        fn name(&self) -> String {
            self.shown().to_owned()
        }
    };
}

pub(super) use key_store;

#[cfg(test)]
mod tests;
