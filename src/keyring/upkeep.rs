//! What a keyring does by itself: renews leases ahead of their end, drops what has ended, reads the store again.

use crate::keyring::Inner;
use crate::keyring::clock::{Millis, millis};
use crate::keyring::error::{KeyringError, Need};
use crate::keyring::load::Flight;
use crate::keyring::load::{caught, observed, spawn};
use crate::keyring::stats::count;
use crate::keys::{KeyId, KeyState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

/// A sleeping machine is noticed this long after it woke.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);
/// Readings of the store that may hang at the same time.
const MOST_READINGS: usize = 4;
/// Less isn't worth waking up for.
const SHORTEST_SLEEP: Duration = Duration::from_millis(5);

#[derive(Default)]
pub(crate) struct Upkeep {
    refresh_at: AtomicU64,
    /// Since when the store is being read, plus one; 0 if it isn't.
    refreshing: AtomicU64,
    /// Readings that have not ended yet.
    readings: AtomicUsize,
    renewals: Mutex<Vec<Renewal>>,
    alarm: Arc<Alarm>,
}

/// A renewal that was begun.
struct Renewal {
    since: Millis,
    id: KeyId,
    flight: Arc<Flight>,
}

/// Wakes the background thread: a key was loaded, or the keyring is dropped.
#[derive(Default)]
struct Alarm {
    ringing: Mutex<Ringing>,
    rang: Condvar,
}

#[derive(Default)]
struct Ringing {
    is_over: bool,
    look_again: bool,
}

impl Upkeep {
    /// Begins to look after `keyring`, until it's dropped.
    pub(crate) fn begin(keyring: &Arc<Inner>) -> Result<(), KeyringError> {
        let (weak, alarm) = (Arc::downgrade(keyring), Arc::clone(&keyring.upkeep.alarm));
        spawn("fieldseal-upkeep", move || look_after(&weak, &alarm))
    }

    /// A key was loaded: it may be due before anything that was known.
    pub(crate) fn wake(&self) {
        self.alarm.ring(|ringing| ringing.look_again = true);
    }

    /// The store was read just now.
    pub(crate) fn refreshed(&self, now: Millis, interval: Duration) {
        self.refresh_at.store(now.saturating_add(millis(interval)), Ordering::Relaxed);
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.alarm.ring(|ringing| ringing.is_over = true);
    }
}

impl Alarm {
    fn ring(&self, set: impl FnOnce(&mut Ringing)) {
        set(&mut self.ringing.lock().unwrap_or_else(PoisonError::into_inner));
        self.rang.notify_all();
    }

    /// False when it's over.
    fn sleep(&self, long: Duration) -> bool {
        let ringing = self.ringing.lock().unwrap_or_else(PoisonError::into_inner);
        let asleep = |ringing: &mut Ringing| !ringing.is_over && !ringing.look_again;
        let woken = self.rang.wait_timeout_while(ringing, long, asleep);
        let (mut ringing, _) = woken.unwrap_or_else(PoisonError::into_inner);
        ringing.look_again = false;
        !ringing.is_over
    }
}

fn look_after(keyring: &Weak<Inner>, alarm: &Alarm) {
    while let Some(inner) = keyring.upgrade() {
        let long = inner.tend();
        drop(inner);
        // Many keys may be loaded at once: they are looked at together.
        std::thread::sleep(SHORTEST_SLEEP);
        if !alarm.sleep(long) {
            return;
        }
    }
}

impl Inner {
    /// Does what is due, without waiting for it, and says when something is due again.
    pub(crate) fn tend(self: &Arc<Self>) -> Duration {
        let settings = &self.backends.settings;
        settings.clock.catch_up();
        let now = self.backends.now();
        let (mut due, mut over) = (Vec::new(), Vec::new());
        let mut next = now.saturating_add(millis(LONGEST_SLEEP));
        self.give_up_late_renewals(now);
        self.cache.for_each(|id, key| match &key.material {
            Some(material) if !material.is_usable(now) => over.push((*id, key.scope.clone())),
            Some(material) => {
                // A staged key is kept for its first value, which may come long after.
                if material.is_due(now) && (material.was_used() || key.state == KeyState::Staged) {
                    due.push(*id);
                }
                next = next.min(material.next_event(now));
            }
            None => {}
        });
        for (id, scope) in over {
            if self.cache.drop_if(id, |material| !material.is_usable(now)) {
                count(&self.backends.counters.expirations);
                tracing::info!(key = %id, %scope, "dropped a data key: its lease is over");
            }
        }
        let late = self.renew(due, now);
        self.refresh_if_due(now);
        let next = next.min(late).min(self.upkeep.refresh_at.load(Ordering::Relaxed));
        Duration::from_millis(next.saturating_sub(now)).clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    /// A renewal that takes too long means that the KMS can't be reached: the key goes into its grace.
    fn give_up_late_renewals(self: &Arc<Self>, now: Millis) {
        let settings = &self.backends.settings;
        let patience = settings.lease.patience(settings.deadline);
        let mut renewals = self.upkeep.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        renewals.retain(|Renewal { since, id, flight }| {
            let is_late = !flight.has_landed() && now.saturating_sub(*since) >= patience;
            if is_late {
                let _ = self.give_up(&Need::Open(*id), flight, Duration::from_millis(patience));
            }
            !is_late && !flight.has_landed()
        });
    }

    /// Begins the renewals that are due, and says when the first of all will be late.
    fn renew(self: &Arc<Self>, due: Vec<KeyId>, now: Millis) -> Millis {
        let settings = &self.backends.settings;
        let patience = settings.lease.patience(settings.deadline);
        let mut renewals = self.upkeep.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        for id in due {
            if renewals.iter().all(|renewal| renewal.id != id) {
                let flight = self.start_renewal(id);
                renewals.push(Renewal { since: now, id, flight });
            }
        }
        renewals.iter().map(|renewal| renewal.since.saturating_add(patience)).min().unwrap_or(Millis::MAX)
    }

    fn refresh_if_due(self: &Arc<Self>, now: Millis) {
        if now < self.upkeep.refresh_at.load(Ordering::Relaxed) {
            return;
        }
        self.upkeep.refreshed(now, self.backends.settings.refresh);
        // A reading that hangs must not be the last one; but they must not become many either.
        let patience = millis(self.backends.settings.deadline).saturating_mul(6);
        let since = self.upkeep.refreshing.load(Ordering::SeqCst);
        let is_stuck = since > 0 && now.saturating_sub(since) >= patience;
        if (since > 0 && !is_stuck) || self.upkeep.readings.load(Ordering::SeqCst) >= MOST_READINGS {
            return;
        }
        if is_stuck {
            tracing::error!("a reading of the key store hangs: trying another");
        }
        self.upkeep.refreshing.store(now.saturating_add(1), Ordering::SeqCst);
        self.upkeep.readings.fetch_add(1, Ordering::SeqCst);
        let loader = self.loader();
        let read = move || {
            let done = caught(|| loader.reread().1);
            if matches!(done, Err(KeyringError::Panicked)) {
                count(&loader.backends.counters.refresh_failures);
            }
            if let Ok(inner) = loader.keyring() {
                inner.upkeep.refreshing.store(0, Ordering::SeqCst);
                inner.upkeep.readings.fetch_sub(1, Ordering::SeqCst);
            }
        };
        if spawn("fieldseal-refresh", observed(read)).is_err() {
            self.upkeep.refreshing.store(0, Ordering::SeqCst);
            self.upkeep.readings.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
