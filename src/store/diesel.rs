//! A key store in SQLite, through diesel.

use super::sql::{self, BUSY_TIMEOUT, COLUMNS, Cell, Param, Row};
use super::{Change, Dialect, KeyStore, StoreError, check_writable, migration};
use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord};
use diesel::connection::{LoadConnection, TransactionManager};
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::query_builder::BoxedSqlQuery;
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};
use diesel::{RunQueryDsl, sql_query};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Data keys in the table `fieldseal_keys` of an SQLite database, through any of diesel's connections to it: a
/// `SqliteConnection`, a pooled one, an instrumented one.
///
/// Any number of processes can share the table. The store keeps its connection, so a pool has one less to give.
pub struct Diesel<C> {
    connection: Mutex<Slot<C>>,
}

struct Slot<C> {
    connection: C,
    /// Whether the busy timeout was looked at.
    ready: bool,
}

/// The library doesn't say which database a connection is to.
const NAME: &str = "in the table `fieldseal_keys`";

impl<C: LoadConnection<Backend = Sqlite>> Diesel<C> {
    /// Takes a connection. Where it has no busy timeout (diesel sets none), it gets one of five seconds at the first
    /// use.
    ///
    /// The table must exist before the first use: see [`Self::create_table`].
    #[must_use]
    pub const fn new(connection: C) -> Self {
        Self { connection: Mutex::new(Slot { connection, ready: false }) }
    }

    /// Makes the table `fieldseal_keys`, if it isn't there. Programs with migrations of their own apply
    /// [`migration()`] instead.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub fn create_table(&self) -> Result<(), StoreError> {
        self.connection()?.connection.batch_execute(migration(Dialect::Sqlite).up).map_err(failed)
    }

    /// The connection, outside of any transaction.
    fn connection(&self) -> Result<MutexGuard<'_, Slot<C>>, StoreError> {
        // After a panic the transaction below may still be open: that is found out next.
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let status = C::TransactionManager::transaction_manager_status_mut(&mut slot.connection);
        // A commit inside a transaction would only be a savepoint of it.
        if !matches!(status.transaction_depth(), Ok(None)) {
            return Err(sql::in_transaction(NAME));
        }
        if !slot.ready {
            set_busy_timeout(&mut slot.connection).map_err(failed)?;
            slot.ready = true;
        }
        Ok(slot)
    }
}

impl<C: LoadConnection<Backend = Sqlite> + Send> KeyStore for Diesel<C> {
    fn load(&self) -> Result<Vec<KeyRecord>, StoreError> {
        sql::load(&mut Statements(&mut self.connection()?.connection), None)
    }

    fn page(&self, after: Option<KeyId>, most: usize) -> Result<Vec<KeyRecord>, StoreError> {
        sql::page(&mut Statements(&mut self.connection()?.connection), after, most)
    }

    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        sql::load(&mut Statements(&mut self.connection()?.connection), Some(scope))
    }

    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
        sql::get(&mut Statements(&mut self.connection()?.connection), id)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        check_writable(NAME, changes)?;
        let mut slot = self.connection()?;
        let done = slot.connection.transaction(|connection| {
            sql_query(sql::TAKE_WRITE_LOCK).execute(connection)?;
            sql::apply(&mut Statements(connection), changes).map_err(Failed::Store)
        });
        done.map_err(|error| match error {
            Failed::Store(error) => error,
            Failed::Diesel(error) => failed(error),
        })
    }
}

impl<C> fmt::Debug for Diesel<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diesel").finish_non_exhaustive()
    }
}

/// Why a transaction was rolled back.
enum Failed {
    Store(StoreError),
    Diesel(diesel::result::Error),
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self::Diesel(error)
    }
}

fn failed(error: diesel::result::Error) -> StoreError {
    sql::failed(NAME, error)
}

fn set_busy_timeout<C: LoadConnection<Backend = Sqlite>>(connection: &mut C) -> diesel::QueryResult<()> {
    let Timeout(timeout) = sql_query("PRAGMA busy_timeout").get_result(connection)?;
    if timeout == 0 {
        connection.batch_execute(&format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis()))?;
    }
    Ok(())
}

struct Timeout(i64);

impl QueryableByName<Sqlite> for Timeout {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        NamedRow::get::<BigInt, _>(row, "timeout").map(Self)
    }
}

struct Statements<'a, C>(&'a mut C);

impl<C: LoadConnection<Backend = Sqlite>> sql::Connection for Statements<'_, C> {
    fn store(&self) -> &str {
        NAME
    }

    fn select(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        bound(sql, params).load(self.0).map_err(failed)
    }

    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<usize, StoreError> {
        bound(sql, params).execute(self.0).map_err(failed)
    }
}

fn bound<'a>(sql: &str, params: &[Param<'a>]) -> BoxedSqlQuery<'a, Sqlite, diesel::query_builder::SqlQuery> {
    params.iter().fold(sql_query(sql).into_boxed(), |query, param| match *param {
        Param::Integer(integer) => query.bind::<BigInt, _>(integer),
        Param::Text(text) => query.bind::<Text, _>(text),
        Param::Blob(blob) => query.bind::<Binary, _>(blob),
    })
}

impl QueryableByName<Sqlite> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        let mut cells = [const { Cell::Unusable }; COLUMNS.len()];
        for (cell, column) in cells.iter_mut().zip(COLUMNS) {
            *cell = NamedRow::get::<Binary, Cell>(row, column)?;
        }
        Ok(Self(cells))
    }
}

/// Whatever is stored: SQLite's own type decides, not the column's.
impl FromSql<Binary, Sqlite> for Cell {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(match value.value_type() {
            Some(SqliteType::Long | SqliteType::Integer | SqliteType::SmallInt) => Self::Integer(value.read_long()),
            Some(SqliteType::Text) => {
                let text = Self::from_text(value.read_text().as_bytes());
                match text {
                    // diesel puts U+FFFD for what isn't UTF-8; only the stored bytes can tell.
                    Self::Text(text) if text.contains('\u{FFFD}') && value.read_blob() != text.as_bytes() => {
                        Self::Unusable
                    }
                    text => text,
                }
            }
            Some(SqliteType::Binary) => Self::from_blob(value.read_blob()),
            _ => Self::Unusable,
        })
    }

    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        value.map_or(Ok(Self::Unusable), Self::from_sql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::Connection as _;
    use diesel::sqlite::SqliteConnection;

    fn store() -> Diesel<SqliteConnection> {
        let store = Diesel::new(SqliteConnection::establish(":memory:").unwrap());
        store.create_table().unwrap();
        store
    }

    #[test]
    fn survives_a_thread_that_panicked() {
        let store = store();
        std::thread::scope(|threads| {
            let thread = threads.spawn(|| {
                let _slot = store.connection.lock().unwrap();
                panic!("on purpose");
            });
            assert!(thread.join().is_err());
        });
        assert!(store.connection.is_poisoned());
        store.commit(&[]).unwrap();
    }

    /// diesel doesn't roll back what a panic left: whatever came after would be part of it, and lost with it.
    #[test]
    fn a_transaction_that_a_panic_left_open_is_reported() {
        let store = store();
        std::thread::scope(|threads| {
            let thread = threads.spawn(|| {
                let mut slot = store.connection.lock().unwrap();
                slot.connection.transaction::<(), diesel::result::Error, _>(|_| panic!("on purpose"))
            });
            assert!(thread.join().is_err());
        });
        for error in [store.load().unwrap_err(), store.commit(&[]).unwrap_err(), store.create_table().unwrap_err()]
        {
            assert!(matches!(&error, StoreError::Unavailable { message, .. } if message.contains("transaction")));
        }
    }

    #[test]
    fn a_busy_timeout_of_the_programs_own_stays() {
        let timeout = |store: &Diesel<SqliteConnection>| {
            let mut slot = store.connection().unwrap();
            sql_query("PRAGMA busy_timeout").get_result::<Timeout>(&mut slot.connection).unwrap().0
        };
        assert_eq!(timeout(&store()), 5000);
        let mut own = SqliteConnection::establish(":memory:").unwrap();
        diesel::connection::SimpleConnection::batch_execute(&mut own, "PRAGMA busy_timeout = 70").unwrap();
        assert_eq!(timeout(&Diesel::new(own)), 70);
    }
}
