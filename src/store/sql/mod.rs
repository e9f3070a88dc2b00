//! What the SQL key stores share: statements, the rules of a commit, the reading of hostile rows, what faults mean.
//!
//! An adapter runs statements; everything else is here.

mod commit;
mod fault;
mod row;
mod statements;

pub(super) use self::commit::commit;
pub(super) use self::fault::{Failed, Fault, Kind};
pub(super) use self::row::{Cell, Row};
pub(super) use self::statements::COLUMNS;

use self::statements::Statements;
use super::read::MAX_KEYS;
use super::{Dialect, Page, migration};
use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord, MalformedRecord};
use std::thread;
use std::time::{Duration, Instant};

/// How often an operation is begun that the database rolls back in favour of another.
const ATTEMPTS: u32 = 6;

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

    /// Makes sure that there is a connection, and that it's outside of any transaction. Whatever is done with it until the
    /// next call of this is over by `until`, if the adapter can see to that.
    fn ready(&mut self, until: Option<Instant>) -> Result<(), Fault>;

    /// The connection can't be trusted any more. Whether another one can be made.
    fn lose(&mut self) -> bool;

    /// Rows of keys.
    fn select(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Fault>;

    /// The integer in the column `n` of the one row that `sql` gives.
    fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, Fault>;

    /// The number of rows that were changed.
    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<usize, Fault>;

    /// Statements that give nothing.
    fn batch(&mut self, sql: &'static str) -> Result<(), Fault>;

    fn begin(&mut self) -> Result<(), Fault> {
        self.batch(match self.dialect() {
            // Whatever `sql_mode` is; and below, whatever `completion_type` is.
            Dialect::Mysql => "START TRANSACTION",
            _ => "BEGIN",
        })
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.batch(match self.dialect() {
            Dialect::Mysql => "COMMIT AND NO CHAIN NO RELEASE",
            _ => "COMMIT",
        })
    }

    fn rollback(&mut self) -> Result<(), Fault> {
        self.batch(match self.dialect() {
            Dialect::Mysql => "ROLLBACK AND NO CHAIN NO RELEASE",
            _ => "ROLLBACK",
        })
    }
}

/// Does `work` on a connection that is fit for use: from the beginning again, a few times, where that helps, but not once
/// `until` is over.
pub(super) fn run<C: Connection, T>(
    connection: &mut C,
    until: Option<Instant>,
    mut work: impl FnMut(&mut C) -> Result<T, Failed>,
) -> Result<T, Failed> {
    let mut attempt = 1;
    loop {
        let ready = connection.ready(until).map_err(Failed::from);
        let fault = match ready.and_then(|()| work(connection)) {
            Err(Failed::Fault(fault)) => explained(connection, fault),
            done => return done,
        };
        let anew = fault.kind.may_be_the_connections() && connection.lose();
        let again = match fault.kind {
            Kind::Again => attempt < ATTEMPTS,
            // The server was restarted, say, since the connection was last used.
            Kind::Lost => anew && attempt == 1,
            _ => false,
        };
        if !again || until.is_some_and(|until| Instant::now() >= until) {
            return Err(fault.into());
        }
        thread::sleep(Duration::from_millis(2 << attempt));
        attempt += 1;
    }
}

/// Where a library gives no more than a text, in whatever language the server has: is it the table?
fn explained(connection: &mut impl Connection, mut fault: Fault) -> Fault {
    if fault.kind == Kind::Unclear {
        let columns = connection.integer(Statements::of(connection.dialect()).columns);
        fault.kind = match columns.map(|columns| columns.map(usize::try_from)) {
            Ok(Some(Ok(0))) => Kind::Missing,
            Ok(Some(Ok(columns))) if columns < COLUMNS.len() => Kind::OtherTable,
            Ok(_) => Kind::Other,
            Err(_) => Kind::Lost,
        };
    }
    fault
}

/// Makes the table if it isn't there, whoever else does the same at the same moment.
pub(super) fn create_table(connection: &mut impl Connection) -> Result<(), Failed> {
    let dialect = connection.dialect();
    // A table that is there needs no right to make one. On SQLite rights are no matter, and an index may be missing.
    if dialect != Dialect::Sqlite && connection.integer(Statements::of(dialect).columns)? == Some(7) {
        return Ok(());
    }
    match dialect {
        // `IF NOT EXISTS` doesn't keep two of them apart there.
        Dialect::Postgres => commit::in_transaction(connection, |connection| {
            connection.batch(commit::POSTGRES_CREATION)?;
            Ok(connection.batch(migration(dialect).up)?)
        }),
        Dialect::Sqlite | Dialect::Mysql => Ok(connection.batch(migration(dialect).up)?),
    }
}

/// The records of one scope.
pub(super) fn load_scope(connection: &mut impl Connection, scope: &Scope) -> Result<Vec<KeyRecord>, Failed> {
    let dialect = connection.dialect();
    let rows = read(connection, Statements::of(dialect).load_scope, &[scope_param(dialect, scope)])?;
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
    let statements = Statements::of(connection.dialect());
    let limit = Param::Integer(i64::try_from(limit).unwrap_or(i64::MAX));
    match after {
        // What has no id is seen too.
        None => read(connection, statements.first_page, &[limit]),
        Some(after) => read(connection, statements.page, &[Param::Integer(after.get().into()), limit]),
    }
}

pub(super) fn get(connection: &mut impl Connection, id: KeyId) -> Result<Option<KeyRecord>, Failed> {
    let sql = Statements::of(connection.dialect()).get;
    let rows = read(connection, sql, &[Param::Integer(id.get().into())])?;
    Ok(records(connection.dialect(), rows)?.pop())
}

/// Outside of a transaction.
///
/// MySQL's sessions can begin transactions by themselves, which would show the same old rows for ever after, or see what
/// others haven't committed: there a reading is a transaction of its own, at a level that is known.
fn read(connection: &mut impl Connection, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Failed> {
    if connection.dialect() == Dialect::Mysql {
        connection.batch(commit::MYSQL_ISOLATION)?;
        commit::in_transaction(connection, |connection| Ok(connection.select(sql, params)?))
    } else {
        Ok(connection.select(sql, params)?)
    }
}

fn records(dialect: Dialect, rows: Vec<Row>) -> Result<Vec<KeyRecord>, Failed> {
    rows.into_iter().map(|row| row.record(dialect).map_err(Failed::Malformed)).collect()
}

fn scope_param(dialect: Dialect, scope: &Scope) -> Param<'_> {
    match dialect {
        Dialect::Sqlite => Param::Text(scope.as_str()),
        Dialect::Postgres | Dialect::Mysql => Param::Blob(scope.as_str().as_bytes()),
    }
}

/// The connection is inside a transaction that was begun elsewhere: nothing that is committed would last.
#[cfg(any(feature = "rusqlite", feature = "diesel"))]
pub(super) fn in_transaction() -> Fault {
    let message = "its connection is inside a transaction that was never finished; open the store again, on a \
                   connection that nothing else uses";
    Fault::own(Kind::Other, message)
}

/// What a key store does with its connection: the methods of `KeyStore`, for a store with `run` and `shown`.
macro_rules! key_store {
    () => {
        fn page(
            &self,
            after: Option<$crate::KeyId>,
            limit: usize,
        ) -> Result<$crate::store::Page, $crate::store::StoreError> {
            self.run(|connection| $crate::store::sql::page(connection, after, limit))
        }

        fn load_scope(&self, scope: &$crate::Scope) -> Result<Vec<$crate::KeyRecord>, $crate::store::StoreError> {
            self.run(|connection| $crate::store::sql::load_scope(connection, scope))
        }

        fn get(&self, id: $crate::KeyId) -> Result<Option<$crate::KeyRecord>, $crate::store::StoreError> {
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
