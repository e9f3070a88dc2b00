//! A connection that a store keeps, and the callers that take turns with it.

use super::sql::{Connection, Failed, Said, run};
use crate::dialect::Fault;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The name, in errors, of a store whose library doesn't say which database it's connected to.
pub(super) const NAME: &str = "in the table `fieldseal_keys`";

/// How long a connection may be unused before it's asked whether it's alive.
pub(super) const IDLE: Duration = Duration::from_secs(1);

pub(super) struct Kept<C> {
    /// Whether a caller has the connection.
    taken: Mutex<bool>,
    given_back: Condvar,
    connection: Mutex<C>,
}

impl<C> Kept<C> {
    pub(super) const fn new(connection: C) -> Self {
        Self { taken: Mutex::new(false), given_back: Condvar::new(), connection: Mutex::new(connection) }
    }
}

impl<C: Connection> Kept<C> {
    /// [`run`] on the connection when its turn comes, but not after `until`.
    pub(super) fn run<T>(
        &self,
        until: Option<Instant>,
        work: impl FnMut(&mut C) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let _turn = self.turn(until)?;
        // No other caller has the connection, so this lock is free.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if self.connection.is_poisoned() {
            // The connection is given up with whatever a panic left behind. Where no other can be
            // made, it's checked before its next use.
            connection.lose();
            self.connection.clear_poison();
        }
        run(&mut *connection, until, work)
    }

    /// Waits for a turn.
    fn turn(&self, until: Option<Instant>) -> Result<Turn<'_, C>, Said> {
        let mut taken = lock(&self.taken);
        while *taken {
            taken = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.given_back.wait(taken).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    let message = "other calls of this program kept its connection busy until the deadline";
                    return Err(Said::own(Fault::Other, message));
                }
                Some(left) => {
                    let waited = self.given_back.wait_timeout(taken, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *taken = true;
        Ok(Turn(self))
    }
}

struct Turn<'a, C>(&'a Kept<C>);

impl<C> Drop for Turn<'_, C> {
    fn drop(&mut self) {
        *lock(&self.0.taken) = false;
        self.0.given_back.notify_one();
    }
}

fn lock(taken: &Mutex<bool>) -> MutexGuard<'_, bool> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}
