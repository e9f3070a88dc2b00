//! The traits of a database and of a connection to it.

use super::{Cell, Engine, Param, SqlError};
use fieldseal::Dialect;
use std::fmt::Debug;
use std::ops::ControlFlow;

/// Where to connect, any number of times.
///
/// Others may implement it, and [`Client`] too: a program that watches, counts or delays what a
/// sweep does wraps one of those here, and so do the tests of this crate. What is added to the
/// traits later has a default.
pub trait Database: Debug + Send + Sync {
    /// Which database it is.
    fn dialect(&self) -> Dialect;

    /// A new connection.
    ///
    /// # Errors
    ///
    /// [`SqlError`], which quotes no URL.
    fn connect(&self) -> Result<Box<dyn Client>, SqlError>;
}

/// One connection. It belongs to the thread that uses it.
pub trait Client: Send {
    /// Which database it is.
    fn dialect(&self) -> Dialect;

    /// Hands the rows of a query to `each`, one by one as they come, until it breaks. Rows aren't
    /// gathered: a query may give more than there is memory for.
    ///
    /// # Errors
    ///
    /// [`SqlError`]; `each` may have had rows by then.
    fn query(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        each: &mut dyn FnMut(Vec<Cell>) -> ControlFlow<()>,
    ) -> Result<(), SqlError>;

    /// Runs a statement with parameters, and returns how many rows it matched.
    ///
    /// # Errors
    ///
    /// [`SqlError`].
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, SqlError>;

    /// Runs a statement for each of several lists of parameters, and returns how many rows it
    /// matched all together.
    ///
    /// # Errors
    ///
    /// [`SqlError`]; it was run for those before the one that failed.
    fn execute_each(
        &mut self,
        sql: &str,
        params: &mut dyn Iterator<Item = Vec<Param<'_>>>,
    ) -> Result<u64, SqlError> {
        let mut matched = 0;
        for params in params {
            matched += self.execute(sql, &params)?;
        }
        Ok(matched)
    }

    /// Runs statements that have no parameters and return nothing, and says how many rows they
    /// matched together.
    ///
    /// # Errors
    ///
    /// [`SqlError`]; those before the one that failed were run.
    fn batch(&mut self, sql: &str) -> Result<u64, SqlError>;
}

/// What every client can do with these methods.
impl dyn Client + '_ {
    /// Which database it is, among those that are known here.
    pub(crate) fn engine(&self) -> Engine {
        Engine::of(self.dialect())
    }

    /// All rows of a query that has few.
    ///
    /// # Errors
    ///
    /// [`SqlError`].
    pub fn rows(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Vec<Cell>>, SqlError> {
        let mut rows = Vec::new();
        self.query(sql, params, &mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// [`SqlError`].
    pub fn row(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<Vec<Cell>>, SqlError> {
        let mut first = None;
        self.query(sql, params, &mut |row| {
            first = Some(row);
            ControlFlow::Break(())
        })?;
        Ok(first)
    }

    /// The first column of the first row, as an integer.
    ///
    /// # Errors
    ///
    /// [`SqlError`].
    pub fn integer(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<i64>, SqlError> {
        Ok(self.row(sql, params)?.and_then(|row| row.first().and_then(Cell::integer)))
    }

    /// The number that a query counts.
    pub(crate) fn count(&mut self, sql: &str) -> Result<u64, SqlError> {
        Ok(self.row(sql, &[])?.and_then(|row| row.first().map(Cell::count)).unwrap_or(0))
    }

    /// Does `work` in a transaction that writes, which is rolled back if it fails.
    ///
    /// # Errors
    ///
    /// What `work` returned, or [`SqlError`].
    pub fn transaction<T, E: From<SqlError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.batch(match self.engine() {
            // A transaction that begins as a reader and writes later fails if another process wrote
            // in between.
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
            // The level is for the next transaction only. The words below mean the same whatever
            // `completion_type` is.
            Engine::Mysql => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION",
        })?;
        let (commit, rollback) = match self.engine() {
            Engine::Mysql => ("COMMIT AND NO CHAIN NO RELEASE", "ROLLBACK AND NO CHAIN NO RELEASE"),
            _ => ("COMMIT", "ROLLBACK"),
        };
        let done = match work(self) {
            Ok(done) => self.batch(commit).map(|_| done).map_err(E::from),
            Err(error) => Err(error),
        };
        if done.is_err() {
            // A connection that is lost has rolled back by itself.
            let _ = self.batch(rollback);
        }
        done
    }
}
