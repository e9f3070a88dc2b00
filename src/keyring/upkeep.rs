//! What a keyring does by itself: renews leases ahead of their end, drops what has ended, reads the store again.

use super::Inner;
use super::clock::{Millis, millis};
use super::error::{KeyringError, Need};
use super::flights::Flight;
use super::load::Loader;
use super::stats::count;
use super::workers::spawn;
use crate::keys::KeyId;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

/// A sleeping machine is noticed this long after it woke.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);
/// Less isn't worth waking up for.
const SHORTEST_SLEEP: Duration = Duration::from_millis(5);

#[derive(Default)]
pub(super) struct Upkeep {
    refresh_at: AtomicU64,
    /// Since when the store is being read, plus one; 0 if it isn't.
    refreshing: AtomicU64,
    renewals: Mutex<Vec<Renewal>>,
    alarm: Arc<Alarm>,
}

/// A renewal that was begun.
struct Renewal {
    since: Millis,
    id: KeyId,
    flight: Arc<Flight>,
}

/// Wakes the background thread, when the keyring is dropped.
#[derive(Default)]
struct Alarm {
    is_over: Mutex<bool>,
    rang: Condvar,
}

impl Upkeep {
    /// Begins to look after `keyring`, until it's dropped.
    pub(super) fn begin(keyring: &Arc<Inner>) -> std::io::Result<()> {
        let (weak, alarm) = (Arc::downgrade(keyring), Arc::clone(&keyring.upkeep.alarm));
        spawn("fieldseal-upkeep", move || look_after(&weak, &alarm))
    }

    /// The store was read just now.
    pub(super) fn refreshed(&self, now: Millis, interval: Duration) {
        self.refresh_at.store(now.saturating_add(millis(interval)), Ordering::Relaxed);
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        *self.alarm.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.alarm.rang.notify_all();
    }
}

fn look_after(keyring: &Weak<Inner>, alarm: &Alarm) {
    while let Some(inner) = keyring.upgrade() {
        let sleep = inner.tend();
        drop(inner);
        let is_over = alarm.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let slept = alarm.rang.wait_timeout_while(is_over, sleep, |is_over| !*is_over);
        if *slept.unwrap_or_else(PoisonError::into_inner).0 {
            return;
        }
    }
}

impl Inner {
    /// Does what is due, without waiting for it, and says when something is due again.
    pub(super) fn tend(self: &Arc<Self>) -> Duration {
        let settings = &self.backends.settings;
        settings.clock.catch_up();
        let now = self.backends.now();
        let (mut due, mut over) = (Vec::new(), Vec::new());
        let mut next = now.saturating_add(millis(LONGEST_SLEEP));
        self.give_up_late_renewals(now);
        self.cache.for_each(|id, key| match &key.material {
            Some(material) if !material.is_usable(now) => over.push((*id, key.scope.clone())),
            Some(material) => {
                if material.is_due(now) {
                    due.push(*id);
                }
                next = next.min(material.next_event(now));
            }
            None => {}
        });
        for (id, scope) in over {
            if self.cache.drop_if(id, |material| !material.is_usable(now)) {
                count(&self.backends.counters.drops);
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
                let need = Need::Open(*id);
                self.flights.give_up(&need, flight);
                let late = KeyringError::TimedOut { need: Some(need), after: Duration::from_millis(patience) };
                let _ = self.loader().keep_or_drop(*id, late);
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
                let flight = self.start_load(&Need::Open(id), None);
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
        // A reading that hangs must not be the last one.
        let patience = millis(self.backends.settings.deadline).saturating_mul(6);
        match self.upkeep.refreshing.load(Ordering::SeqCst) {
            0 => {}
            since if now.saturating_sub(since) < patience => return,
            _ => tracing::error!("a reading of the key store hangs: trying another"),
        }
        self.upkeep.refreshing.store(now.saturating_add(1), Ordering::SeqCst);
        let loader = self.loader();
        let is_over = |loader: &Loader| {
            if let Ok(inner) = loader.keyring() {
                inner.upkeep.refreshing.store(0, Ordering::SeqCst);
            }
        };
        let started = spawn("fieldseal-refresh", move || {
            drop(loader.reread());
            is_over(&loader);
        });
        if started.is_err() {
            self.upkeep.refreshing.store(0, Ordering::SeqCst);
        }
    }
}
