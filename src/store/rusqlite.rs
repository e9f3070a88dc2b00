//! A key store in SQLite, through rusqlite.

use super::sql::{self, BUSY_TIMEOUT, COLUMNS, Cell, Connection, Failed, Param, Row, Said};
use super::{KeyStore, StoreError};
use crate::dialect::{Dialect, Fault};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Data keys in the table `fieldseal_keys` of an SQLite database, usually the program's own.
///
/// Any number of processes can share it. The store has a connection to itself; it is used one call
/// at a time.
pub struct Rusqlite {
    name: String,
    connection: Mutex<rusqlite::Connection>,
}

impl Rusqlite {
    /// Opens the database at `path`, or makes an empty one there, with a busy timeout of five
    /// seconds.
    ///
    /// The table must exist before the first use: see [`Self::create_table`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database can't be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let failed = |error| Failed::from(said(error)).of(&path.display().to_string(), Dialect::Sqlite);
        let connection = rusqlite::Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        // Wrapped copies that are erased are overwritten in the file.
        connection.pragma_update(None, "secure_delete", true).map_err(failed)?;
        Ok(Self::from_connection(connection))
    }

    /// Takes a connection as it is, with its busy timeout, its pragmas and its extensions
    /// (SQLCipher, say).
    #[must_use]
    pub fn from_connection(connection: rusqlite::Connection) -> Self {
        let name = match connection.path() {
            Some(path) if !path.is_empty() => path.to_owned(),
            _ => "in an SQLite database in memory".to_owned(),
        };
        Self { name, connection: Mutex::new(connection) }
    }

    /// Makes the table `fieldseal_keys`, if it isn't there. Programs with migrations of their own
    /// apply [`crate::store::migration()`] instead.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], [`StoreError::Denied`] where the file can only be read, or
    /// [`StoreError::Damaged`] where it's damaged or no database.
    pub fn create_table(&self) -> Result<(), StoreError> {
        self.run(|connection| sql::create_table(connection))
    }

    fn shown(&self) -> &str {
        &self.name
    }

    fn run<T>(&self, work: impl FnMut(&mut Statements<'_>) -> Result<T, Failed>) -> Result<T, StoreError> {
        // A panic rolls the transaction back, so the connection can be used afterwards.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let done = sql::run(&mut Statements(&connection), None, work);
        done.map_err(|failed| failed.of(&self.name, Dialect::Sqlite))
    }
}

impl KeyStore for Rusqlite {
    sql::key_store!();
}

impl fmt::Debug for Rusqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rusqlite").field("name", &self.name).finish_non_exhaustive()
    }
}

struct Statements<'a>(&'a rusqlite::Connection);

impl Connection for Statements<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn ready(&mut self, _until: Option<Instant>) -> Result<(), Said> {
        if self.0.is_autocommit() { Ok(()) } else { Err(sql::inside_another_transaction()) }
    }

    fn lose(&mut self) -> bool {
        false
    }

    fn select(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Said> {
        let rows = || {
            let mut statement = self.0.prepare(sql)?;
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
        rows().map_err(said)
    }

    fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, Said> {
        self.0.query_row(sql, [], |row| row.get(0)).map_err(said)
    }

    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<usize, Said> {
        self.0.execute(sql, rusqlite::params_from_iter(params)).map_err(said)
    }

    fn batch(&mut self, sql: &'static str) -> Result<(), Said> {
        self.0.execute_batch(sql).map_err(said)
    }
}

fn said(error: rusqlite::Error) -> Said {
    let code = error.sqlite_error().map_or(0, |error| error.extended_code);
    Said::new(Some(Fault::of_sqlite(code, &error.to_string())), error)
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
        let store = Rusqlite::from_connection(rusqlite::Connection::open_in_memory().unwrap());
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
        assert_eq!(crate::store::load_all(&store).unwrap(), []);
        store.commit(&[]).unwrap();
    }
}
