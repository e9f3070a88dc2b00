//! A connection on which work is done again where that may help: on a new one if it was lost.

use crate::error::SweepError;
use crate::sql::{Client, Database};
use fieldseal::dialect::Fault;
use std::thread;
use std::time::{Duration, Instant};

/// How long a database or a KMS that can't be reached is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Connection<'a> {
    database: &'a dyn Database,
    client: Option<Box<dyn Client>>,
}

/// Who waits: whether they were stopped, and what they tell of it.
pub(crate) struct Waiting<'a> {
    pub(crate) is_stopped: &'a dyn Fn() -> bool,
    pub(crate) tell: &'a mut dyn FnMut(String),
}

impl<'a> Connection<'a> {
    /// Not connected yet.
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
        let begun = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            let error = match self.once(&mut work) {
                Err(SweepError::Sql(error)) if error.is_transient() => error,
                done => return done,
            };
            if begun.elapsed() > PATIENCE || (waiting.is_stopped)() {
                return Err(error.into());
            }
            if pause > Duration::from_millis(500) {
                (waiting.tell)(error.to_string());
            }
            sleep(pause, waiting.is_stopped);
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}

/// Sleeps, unless it's stopped.
pub(crate) fn sleep(mut time: Duration, is_stopped: &dyn Fn() -> bool) {
    const STEP: Duration = Duration::from_millis(200);
    while time > Duration::ZERO && !is_stopped() {
        thread::sleep(time.min(STEP));
        time = time.saturating_sub(STEP);
    }
}

/// Does `work` on a thread of its own: the clients of sqlx block on runtimes, which panics on a
/// thread that is inside one.
pub(crate) fn on_a_thread<T: Send>(work: impl FnOnce() -> Result<T, SweepError> + Send) -> Result<T, SweepError> {
    thread::scope(|scope| scope.spawn(work).join().unwrap_or(Err(SweepError::Panicked)))
}
