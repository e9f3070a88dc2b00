//! Flights: one load for each key, however many callers ask for it. The first starts it, and the
//! others wait for it.

use crate::error::ErrorKind;
use crate::keyring::cache::KeyMaterial;
use crate::keyring::clock::Millis;
use crate::keyring::need::Need;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// How a load ended.
pub(crate) type Outcome = Result<Arc<KeyMaterial>, ErrorKind>;

/// For how many milliseconds a failure is remembered, so that not every value asks a KMS in trouble
/// again.
const TRANSIENT: Millis = 1000;
/// The same for a failure that won't pass by itself.
const LASTING: Millis = 5000;
/// The most failures that are remembered: an attacker can write values under any number of keys
/// that can't be loaded.
const MAX_FAILURES: usize = 4096;

#[derive(Default)]
pub(crate) struct Flights(Mutex<Table>);

#[derive(Default)]
struct Table {
    open: HashMap<Need, Arc<Flight>>,
    failed: HashMap<Need, (Millis, ErrorKind)>,
}

/// One load.
#[derive(Default)]
pub(crate) struct Flight {
    claimed: AtomicBool,
    waiting: AtomicUsize,
    state: Mutex<State>,
    landed: Condvar,
}

#[derive(Default)]
struct State {
    outcome: Option<Outcome>,
    wakers: Vec<Waker>,
}

impl Flights {
    /// The flight for that need, and whether it's new: then the caller must have it worked on.
    pub(crate) fn join(&self, need: &Need) -> (Arc<Flight>, bool) {
        let mut table = self.table();
        if let Some(flight) = table.open.get(need) {
            return (Arc::clone(flight), false);
        }
        let flight = Arc::new(Flight::default());
        table.open.insert(need.clone(), Arc::clone(&flight));
        (flight, true)
    }

    /// Why the need could not be met a moment ago.
    pub(crate) fn failure(&self, need: &Need, now: Millis) -> Option<ErrorKind> {
        let mut table = self.table();
        let (until, error) = table.failed.get(need)?;
        if now < *until {
            return Some(error.clone());
        }
        table.failed.remove(need);
        None
    }

    /// Lands a flight: everyone who waits gets the outcome.
    pub(crate) fn land(&self, need: &Need, flight: &Arc<Flight>, outcome: Outcome, now: Millis) {
        let mut table = self.table();
        match &outcome {
            Ok(_) => drop(table.failed.remove(need)),
            Err(error) => remember(&mut table.failed, need, error, now),
        }
        take_off(&mut table, need, flight);
        drop(table);
        flight.complete(outcome);
    }

    /// Stops waiting for a flight. If its work has begun, it takes too long, and the next caller
    /// starts another. If it hasn't, it stays for the callers that still wait, and is cancelled if
    /// there are none.
    pub(crate) fn give_up(&self, need: &Need, flight: &Arc<Flight>, error: &ErrorKind, now: Millis) {
        let mut table = self.table();
        remember(&mut table.failed, need, error, now);
        if flight.claimed.load(Ordering::SeqCst) || flight.waiting.load(Ordering::SeqCst) == 0 {
            take_off(&mut table, need, flight);
            drop(table);
            if flight.claim() {
                flight.complete(Err(error.clone()));
            }
        }
    }

    /// Forgets why that need could not be met.
    pub(crate) fn forget_failure(&self, need: &Need) {
        self.table().failed.remove(need);
    }

    /// Forgets all failures: something has changed.
    pub(crate) fn forget_failures(&self) {
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
    if failed.len() >= MAX_FAILURES {
        failed.retain(|_, (until, _)| now < *until);
        if failed.len() >= MAX_FAILURES {
            failed.clear();
        }
    }
    let pause = match error {
        ErrorKind::LoadFailed(load) if load.error().is_transient() => TRANSIENT,
        _ => LASTING,
    };
    failed.insert(need.clone(), (now.saturating_add(pause), error.clone()));
}

impl Flight {
    /// True for the one caller that is to do the work.
    pub(crate) fn claim(&self) -> bool {
        !self.claimed.swap(true, Ordering::SeqCst)
    }

    /// Whether the work was begun or cancelled.
    pub(crate) fn is_claimed(&self) -> bool {
        self.claimed.load(Ordering::SeqCst)
    }

    /// Waits for the outcome, but not past `until`.
    pub(crate) fn wait(&self, until: Instant) -> Option<Outcome> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let outcome = self.wait_counted(until);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        outcome
    }

    fn wait_counted(&self, until: Instant) -> Option<Outcome> {
        let mut state = self.state();
        while state.outcome.is_none() {
            let left = until.checked_duration_since(Instant::now())?;
            state = match self.landed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state.outcome.clone()
    }

    /// The outcome, for a task.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<Outcome> {
        let mut state = self.state();
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }

    pub(crate) fn has_landed(&self) -> bool {
        self.state().outcome.is_some()
    }

    pub(crate) fn complete(&self, outcome: Outcome) {
        let mut state = self.state();
        state.outcome.get_or_insert(outcome);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.landed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
