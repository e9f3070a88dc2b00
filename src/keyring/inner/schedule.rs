//! When a keyring's upkeep has something to do next, and what wakes it earlier.

use crate::keyring::clock::{Millis, millis};
use crate::keyring::load::Flight;
use crate::keys::KeyId;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Schedule {
    pub(crate) refresh_at: AtomicU64,
    /// When the reading of the store that is going on began, plus one; 0 if there is none.
    pub(crate) refreshing: AtomicU64,
    /// Readings that have not ended yet.
    pub(crate) readings: AtomicUsize,
    pub(crate) renewals: Mutex<Vec<Renewal>>,
    pub(crate) alarm: Arc<Alarm>,
}

/// A renewal that was begun.
pub(crate) struct Renewal {
    pub(crate) since: Millis,
    pub(crate) id: KeyId,
    pub(crate) flight: Arc<Flight>,
}

/// Wakes the background thread, when a key was loaded or the keyring is dropped.
#[derive(Default)]
pub(crate) struct Alarm {
    ringing: Mutex<Ringing>,
    rang: Condvar,
}

#[derive(Default)]
struct Ringing {
    is_over: bool,
    look_again: bool,
}

impl Schedule {
    /// A key was loaded, and may be due for renewal before all others.
    pub(crate) fn wake(&self) {
        self.alarm.ring(|ringing| ringing.look_again = true);
    }

    /// The store was read just now.
    pub(crate) fn refreshed(&self, now: Millis, interval: Duration) {
        self.refresh_at.store(now.saturating_add(millis(interval)), Ordering::Relaxed);
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.alarm.ring(|ringing| ringing.is_over = true);
    }
}

impl Alarm {
    fn ring(&self, set: impl FnOnce(&mut Ringing)) {
        set(&mut self.ringing.lock().unwrap_or_else(PoisonError::into_inner));
        self.rang.notify_all();
    }

    /// False when the keyring is gone.
    pub(crate) fn sleep(&self, long: Duration) -> bool {
        let ringing = self.ringing.lock().unwrap_or_else(PoisonError::into_inner);
        let asleep = |ringing: &mut Ringing| !ringing.is_over && !ringing.look_again;
        let woken = self.rang.wait_timeout_while(ringing, long, asleep);
        let (mut ringing, _) = woken.unwrap_or_else(PoisonError::into_inner);
        ringing.look_again = false;
        !ringing.is_over
    }
}
