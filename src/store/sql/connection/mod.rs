//! A database connection as the stores use it, and work on it that is begun again where that helps.

use crate::dialect::{COLUMNS, Dialect, Fault};
use crate::retry::{self, Tried, again};
use crate::store::sql::{Failed, Row, Said};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::time::{Duration, Instant};

/// How often an operation is tried that the database rolls back in favour of another.
const ATTEMPTS: usize = 6;

/// How long a statement waits for another process's transaction.
pub(in crate::store) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A value that is bound to a statement.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Param<'a> {
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A database connection.
pub(in crate::store) trait Connection {
    fn dialect(&self) -> Dialect;

    /// Makes sure that there is a connection, and that it's outside of any transaction. Whatever is
    /// done with it until the next call of this ends by `until`, if the adapter can bound it.
    fn ready(&mut self, until: Option<Instant>) -> Result<(), Said>;

    /// Gives up a connection that can't be trusted any more. True if another one can be made.
    fn lose(&mut self) -> bool;

    /// Runs a query for rows of keys.
    fn select(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Said>;

    /// The integer in the column `n` of the one row that `sql` gives.
    fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, Said>;

    /// Runs a statement, and returns the number of rows that it changed.
    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<usize, Said>;

    /// Runs statements that return nothing.
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
pub(in crate::store) fn run<C: Connection, T>(
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

/// Finds out whether the table is missing or another one, where a library passes on no more than a
/// text in the server's language.
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

/// The error for a connection inside a transaction that was begun elsewhere: what is committed
/// there could still be rolled back.
#[cfg(any(feature = "rusqlite", feature = "diesel"))]
pub(in crate::store) fn inside_another_transaction() -> Said {
    let message = "its connection is inside a transaction that was never finished; open the store again, on a \
                   connection that nothing else uses";
    Said::own(Fault::Other, message)
}

#[cfg(test)]
mod tests;
