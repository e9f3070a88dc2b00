//! A connection on which work is tried again where that may help, on a new connection if the old
//! one was lost.

use crate::error::SweepError;
use crate::sql::{Client, Database};
use crate::waiting::Waiting;
use fieldseal::__sweep::Tried;
use fieldseal::dialect::Fault;
use std::iter;
use std::thread;
use std::time::Duration;

/// The pauses begin short, for locks, and become long, for a server that restarts.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Failures with shorter pauses aren't reported: they are mostly locks.
const QUIET: Duration = Duration::from_millis(500);

pub(crate) struct Connection<'a> {
    database: &'a dyn Database,
    client: Option<Box<dyn Client>>,
}

impl<'a> Connection<'a> {
    /// A connection that is made at its first use.
    pub(crate) fn to(database: &'a dyn Database) -> Self {
        Self { database, client: None }
    }

    /// Does `work`, once.
    pub(crate) fn once<T, E: Into<SweepError>>(
        &mut self,
        work: impl FnOnce(&mut dyn Client) -> Result<T, E>,
    ) -> Result<T, SweepError> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(self.database.connect()?),
        };
        let done = work(&mut **client).map_err(E::into);
        if matches!(&done, Err(SweepError::Sql(error)) if error.fault() == Fault::Lost) {
            self.client = None;
        }
        done
    }

    /// Does `work`, and again for as long as what fails may pass: a lock, a lost connection, a
    /// server that starts again.
    pub(crate) fn retry<T, E: Into<SweepError>>(
        &mut self,
        waiting: Waiting<'_>,
        mut work: impl FnMut(&mut dyn Client) -> Result<T, E>,
    ) -> Result<T, SweepError> {
        let pauses = iter::successors(Some(FIRST_PAUSE), |pause| Some((*pause * 2).min(LONGEST_PAUSE)));
        waiting.again(pauses, QUIET, || {
            self.once(&mut work).map_err(|error| match error {
                SweepError::Sql(error) if error.is_transient() => Tried::Again(error.into()),
                error => Tried::Ended(error),
            })
        })
    }
}

/// Does `work` on a thread of its own: the clients of sqlx block on a runtime, which would panic on
/// a thread that is inside one already.
pub(crate) fn on_a_thread<T: Send>(work: impl FnOnce() -> Result<T, SweepError> + Send) -> Result<T, SweepError> {
    thread::scope(|scope| scope.spawn(work).join().unwrap_or(Err(SweepError::Panicked)))
}
