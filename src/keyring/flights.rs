//! One load a key, however many ask for it: the first starts it, the others wait for the same.

use super::clock::Millis;
use super::config::Settings;
use super::error::{KeyringError, Need};
use super::material::KeyMaterial;
use crate::error::ErrorKind;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How a load ended.
pub(super) type Outcome = Result<Arc<KeyMaterial>, ErrorKind>;

/// A failure is remembered for so long, so that a KMS in trouble isn't asked again by every value.
const TRANSIENT: Millis = 1000;
/// One that won't go away by itself.
const LASTING: Millis = 5000;
/// The most failures that are remembered: values under keys that can't be loaded may be an attacker's.
const MAX_FAILURES: usize = 4096;

#[derive(Default)]
pub(super) struct Flights(Mutex<Table>);

#[derive(Default)]
struct Table {
    open: HashMap<Need, Arc<Flight>>,
    failed: HashMap<Need, (Millis, ErrorKind)>,
}

/// One load.
#[derive(Default)]
pub(super) struct Flight {
    claimed: AtomicBool,
    outcome: Mutex<Option<Outcome>>,
    landed: Condvar,
}

impl Flights {
    /// The load of that need, and whether the caller must see that somebody does it.
    pub(super) fn join(&self, need: &Need) -> (Arc<Flight>, bool) {
        let mut table = self.table();
        if let Some(flight) = table.open.get(need) {
            return (Arc::clone(flight), false);
        }
        let flight = Arc::new(Flight::default());
        table.open.insert(need.clone(), Arc::clone(&flight));
        (flight, true)
    }

    /// Why the need could not be met a moment ago.
    pub(super) fn failure(&self, need: &Need, now: Millis) -> Option<ErrorKind> {
        let mut table = self.table();
        let (until, error) = table.failed.get(need)?;
        if now < *until {
            return Some(error.clone());
        }
        table.failed.remove(need);
        None
    }

    /// Lands a flight: everyone who waits gets the outcome.
    pub(super) fn land(&self, need: &Need, flight: &Arc<Flight>, outcome: Outcome, now: Millis) {
        let mut table = self.table();
        match &outcome {
            Ok(_) => drop(table.failed.remove(need)),
            Err(error) => remember(&mut table.failed, need, error, now),
        }
        take_off(&mut table, need, flight);
        drop(table);
        flight.complete(outcome);
    }

    /// Nobody waits any longer for a flight that takes too long; the next to ask starts another.
    pub(super) fn give_up(&self, need: &Need, flight: &Arc<Flight>) {
        take_off(&mut self.table(), need, flight);
        // If nobody has begun, nobody should.
        flight.claim();
    }

    /// Forgets all failures: something has changed.
    pub(super) fn forget_failures(&self) {
        self.table().failed.clear();
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take_off(table: &mut Table, need: &Need, flight: &Arc<Flight>) {
    if table.open.get(need).is_some_and(|open| Arc::ptr_eq(open, flight)) {
        table.open.remove(need);
    }
}

fn remember(failed: &mut HashMap<Need, (Millis, ErrorKind)>, need: &Need, error: &ErrorKind, now: Millis) {
    // What only the store was asked for is found out again at once: another process may just be creating the key.
    let ErrorKind::LoadFailed(load) = error else { return };
    if failed.len() >= MAX_FAILURES {
        failed.retain(|_, (until, _)| now < *until);
        if failed.len() >= MAX_FAILURES {
            failed.clear();
        }
    }
    let pause = if load.error().is_transient() { TRANSIENT } else { LASTING };
    failed.insert(need.clone(), (now.saturating_add(pause), error.clone()));
}

impl Flight {
    /// True for the one that is to do the work.
    pub(super) fn claim(&self) -> bool {
        !self.claimed.swap(true, Ordering::SeqCst)
    }

    /// The outcome, if it's there within the deadline.
    pub(super) fn wait(&self, deadline: Duration) -> Option<Outcome> {
        let until = Instant::now() + deadline;
        let mut outcome = self.outcome();
        while outcome.is_none() {
            let left = until.checked_duration_since(Instant::now())?;
            outcome = match self.landed.wait_timeout(outcome, left) {
                Ok((outcome, _)) => outcome,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        outcome.clone()
    }

    pub(super) fn has_landed(&self) -> bool {
        self.outcome().is_some()
    }

    pub(super) fn complete(&self, outcome: Outcome) {
        *self.outcome() = Some(outcome);
        self.landed.notify_all();
    }

    fn outcome(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a caller that waited for too long.
pub(super) fn timed_out(need: Need, settings: &Settings) -> ErrorKind {
    KeyringError::TimedOut { need: Some(need), after: settings.deadline }.into()
}
