//! SQLite, through rusqlite.

use super::{Cell, Client, Database, Param, SqlError};
use fieldseal::Dialect;
use fieldseal::dialect::Fault;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An SQLite database, by its path.
#[derive(Debug, Clone)]
pub struct Sqlite {
    path: PathBuf,
    busy_timeout: Duration,
}

impl Sqlite {
    /// The database at `path`, which must exist. Its connections wait five seconds for another
    /// connection's transaction.
    #[must_use]
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), busy_timeout: Duration::from_secs(5) }
    }

    /// How long a statement waits for another connection's transaction.
    #[must_use]
    pub const fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }
}

impl Database for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn connect(&self) -> Result<Box<dyn Client>, SqlError> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
        connection.busy_timeout(self.busy_timeout).map_err(failed)?;
        // Old values are overwritten in the file, and not only marked as free space.
        connection.pragma_update(None, "secure_delete", true).map_err(failed)?;
        Ok(Box::new(Connected(connection)))
    }
}

struct Connected(Connection);

impl Client for Connected {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        each: &mut dyn FnMut(Vec<Cell>) -> ControlFlow<()>,
    ) -> Result<(), SqlError> {
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        let columns = statement.column_count();
        let mut rows =
            statement.query(rusqlite::params_from_iter(params.iter().map(Bound))).map_err(failed_at_work)?;
        while let Some(row) = rows.next().map_err(failed_at_work)? {
            let cells = (0..columns).map(|at| row.get_ref(at).map(cell)).collect::<Result<_, _>>();
            if each(cells.map_err(failed)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, SqlError> {
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        let changed =
            statement.execute(rusqlite::params_from_iter(params.iter().map(Bound))).map_err(failed_at_work)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn execute_each(
        &mut self,
        sql: &str,
        params: &mut dyn Iterator<Item = Vec<Param<'_>>>,
    ) -> Result<u64, SqlError> {
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        let mut changed = 0;
        for params in params {
            let params = rusqlite::params_from_iter(params.iter().map(Bound));
            changed += statement.execute(params).map_err(failed_at_work)?;
        }
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn batch(&mut self, sql: &str) -> Result<u64, SqlError> {
        let before = self.0.total_changes();
        self.0.execute_batch(sql).map_err(failed)?;
        Ok(self.0.total_changes().saturating_sub(before))
    }
}

/// An error of a statement that was understood. A function in a trigger or a view may quote a
/// value: `bad JSON path: '…'`.
fn failed_at_work(error: rusqlite::Error) -> SqlError {
    if error.sqlite_error_code() == Some(ErrorCode::Unknown) {
        let text = "a function failed, in a trigger, a view or a generated column (its message may quote a value and isn't repeated)";
        return SqlError::new(Fault::Other, text);
    }
    failed(error)
}

/// SQLite's messages name tables and columns, and quote no value; those of a trigger are its
/// author's.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: rusqlite::Error) -> SqlError {
    let text = error.to_string();
    let fault = error.sqlite_error().map_or(Fault::Other, |error| Fault::of_sqlite(error.extended_code, &text));
    // What a trigger raises is its author's text, and may quote values. That of fieldseal's own
    // guards doesn't.
    let of_trigger = error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_TRIGGER);
    if of_trigger && !text.starts_with("fieldseal: ") {
        let text = "a trigger refused a value (its message may quote the value and isn't repeated)";
        return SqlError::new(Fault::Refused, text);
    }
    SqlError::new(fault, text)
}

/// `SQLITE_CONSTRAINT | (7 << 8)`
const SQLITE_CONSTRAINT_TRIGGER: i32 = 1811;

/// No `From` of a public type: rusqlite's version would be part of this crate's interface.
fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(integer) => Cell::Integer(integer),
        ValueRef::Real(real) => Cell::Real(real),
        ValueRef::Text(text) => Cell::Text(text.to_vec()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}

/// A parameter as rusqlite binds it.
struct Bound<'a>(&'a Param<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let refused = |what: &str| Err(rusqlite::Error::ToSqlConversionFailure(what.into()));
        let Param::Cell(cell) = self.0 else { return refused("SQLite has no lists") };
        Ok(ToSqlOutput::Borrowed(match &**cell {
            Cell::Null => ValueRef::Null,
            Cell::Integer(integer) => ValueRef::Integer(*integer),
            Cell::Real(real) => ValueRef::Real(*real),
            Cell::Text(text) => ValueRef::Text(text),
            Cell::Bytes(bytes) => ValueRef::Blob(bytes),
            Cell::Unsigned(_) => return refused("SQLite's integers have 64 bits and a sign"),
            Cell::Other => return refused("a value of no type that SQLite has"),
        }))
    }
}
