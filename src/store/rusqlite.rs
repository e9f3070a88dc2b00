//! A key store in SQLite, through rusqlite.

use super::sql::{self, BUSY_TIMEOUT, COLUMNS, Cell, Connection, Param, Row};
use super::{Change, Dialect, KeyStore, StoreError, check_writable, migration};
use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ToSql, TransactionBehavior};
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Data keys in the table `fieldseal_keys` of an SQLite database, usually the program's own.
///
/// Any number of processes can share it. The store has a connection to itself; it is used one call at a time.
pub struct Sqlite {
    name: String,
    connection: Mutex<rusqlite::Connection>,
}

impl Sqlite {
    /// Opens the database at `path`, or makes an empty one there, with a busy timeout of five seconds.
    ///
    /// The table must exist before the first use: see [`Self::create_table`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database can't be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let failed = |error| sql::failed(&path.display().to_string(), error);
        let connection = rusqlite::Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        Ok(Self::from_connection(connection))
    }

    /// Takes a connection as it is, with its busy timeout, its pragmas and its extensions (SQLCipher, say).
    #[must_use]
    pub fn from_connection(connection: rusqlite::Connection) -> Self {
        let name = match connection.path() {
            Some(path) if !path.is_empty() => path.to_owned(),
            _ => "in an SQLite database in memory".to_owned(),
        };
        Self { name, connection: Mutex::new(connection) }
    }

    /// Makes the table `fieldseal_keys`, if it isn't there. Programs with migrations of their own apply
    /// [`migration()`] instead.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub fn create_table(&self) -> Result<(), StoreError> {
        self.connection()?.execute_batch(migration(Dialect::Sqlite).up).map_err(|error| self.failed(error))
    }

    fn connection(&self) -> Result<MutexGuard<'_, rusqlite::Connection>, StoreError> {
        // A transaction is rolled back where a panic drops it, so the connection is fit for use after one.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.is_autocommit() { Ok(connection) } else { Err(sql::in_transaction(&self.name)) }
    }

    fn statements<'a>(&'a self, connection: &'a rusqlite::Connection) -> Statements<'a> {
        Statements { connection, name: &self.name }
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        sql::failed(&self.name, error)
    }
}

impl KeyStore for Sqlite {
    fn load(&self) -> Result<Vec<KeyRecord>, StoreError> {
        sql::load(&mut self.statements(&*self.connection()?), None)
    }

    fn page(&self, after: Option<KeyId>, most: usize) -> Result<Vec<KeyRecord>, StoreError> {
        sql::page(&mut self.statements(&*self.connection()?), after, most)
    }

    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        sql::load(&mut self.statements(&*self.connection()?), Some(scope))
    }

    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
        sql::get(&mut self.statements(&*self.connection()?), id)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        check_writable(&self.name, changes)?;
        let mut connection = self.connection()?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| self.failed(error))?;
        // Dropped without a commit, the transaction is rolled back.
        sql::apply(&mut self.statements(&transaction), changes)?;
        transaction.commit().map_err(|error| self.failed(error))
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("name", &self.name).finish_non_exhaustive()
    }
}

struct Statements<'a> {
    connection: &'a rusqlite::Connection,
    name: &'a str,
}

impl Connection for Statements<'_> {
    fn store(&self) -> &str {
        self.name
    }

    fn select(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        let rows = || {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(params))?;
            let mut read = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = [const { Cell::Unusable }; COLUMNS.len()];
                for (at, cell) in cells.iter_mut().enumerate() {
                    *cell = Cell::from(row.get_ref(at)?);
                }
                read.push(Row(cells));
            }
            Ok(read)
        };
        rows().map_err(|error: rusqlite::Error| sql::failed(self.name, error))
    }

    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<usize, StoreError> {
        self.connection
            .execute(sql, rusqlite::params_from_iter(params))
            .map_err(|error| sql::failed(self.name, error))
    }
}

impl From<ValueRef<'_>> for Cell {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Integer(integer) => Self::Integer(integer),
            ValueRef::Text(bytes) => Self::from_text(bytes),
            ValueRef::Blob(bytes) => Self::from_blob(bytes),
            ValueRef::Null | ValueRef::Real(_) => Self::Unusable,
        }
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Integer(integer) => ValueRef::Integer(integer),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(blob) => ValueRef::Blob(blob),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_thread_that_panicked_inside_a_transaction() {
        let store = Sqlite::from_connection(rusqlite::Connection::open_in_memory().unwrap());
        store.create_table().unwrap();
        std::thread::scope(|threads| {
            let thread = threads.spawn(|| {
                let mut connection = store.connection.lock().unwrap();
                let _transaction = connection.transaction().unwrap();
                panic!("on purpose");
            });
            assert!(thread.join().is_err());
        });
        assert!(store.connection.is_poisoned());
        assert_eq!(store.load().unwrap(), []);
        store.commit(&[]).unwrap();
    }
}
