//! What a keyring does by itself: renews leases ahead of their end, drops what has ended, reads the
//! store again.

mod refresh;

use crate::keyring::clock::{Millis, millis};
use crate::keyring::error::KeyringError;
use crate::keyring::inner::Inner;
use crate::keyring::inner::schedule::{Alarm, Renewal};
use crate::keyring::load::{caught, observed, spawn};
use crate::keyring::need::Need;
use crate::keyring::stats::count;
use crate::keys::{KeyId, KeyState};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

/// That a machine slept is noticed at most so long after it woke.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);
/// Readings of the store that may hang at the same time.
const MOST_READINGS: usize = 4;
/// The shortest sleep: less isn't worth waking up for.
const SHORTEST_SLEEP: Duration = Duration::from_millis(5);

/// Begins to look after `keyring`, until it's dropped.
pub(crate) fn begin(keyring: &Arc<Inner>) -> Result<(), KeyringError> {
    let (weak, alarm) = (Arc::downgrade(keyring), Arc::clone(&keyring.schedule.alarm));
    spawn("fieldseal-upkeep", move || look_after(&weak, &alarm))
}

fn look_after(keyring: &Weak<Inner>, alarm: &Alarm) {
    while let Some(inner) = keyring.upgrade() {
        let long = inner.tend();
        drop(inner);
        // Many keys may be loaded at the same moment: after a short sleep they are looked at
        // together.
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
        let next = next.min(late).min(self.schedule.refresh_at.load(Ordering::Relaxed));
        Duration::from_millis(next.saturating_sub(now)).clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    /// A renewal that takes too long means that the KMS can't be reached: the key goes into its
    /// grace.
    fn give_up_late_renewals(self: &Arc<Self>, now: Millis) {
        let settings = &self.backends.settings;
        let patience = settings.lease.patience(settings.deadline);
        let mut renewals = self.schedule.renewals.lock().unwrap_or_else(PoisonError::into_inner);
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
        let mut renewals = self.schedule.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        for id in due {
            if renewals.iter().all(|renewal| renewal.id != id) {
                let flight = self.start_renewal(id);
                renewals.push(Renewal { since: now, id, flight });
            }
        }
        renewals.iter().map(|renewal| renewal.since.saturating_add(patience)).min().unwrap_or(Millis::MAX)
    }

    fn refresh_if_due(self: &Arc<Self>, now: Millis) {
        if now < self.schedule.refresh_at.load(Ordering::Relaxed) {
            return;
        }
        self.schedule.refreshed(now, self.backends.settings.refresh);
        // Another reading is begun while one hangs, up to a bound.
        let patience = millis(self.backends.settings.deadline).saturating_mul(6);
        let since = self.schedule.refreshing.load(Ordering::SeqCst);
        let is_stuck = since > 0 && now.saturating_sub(since) >= patience;
        if (since > 0 && !is_stuck) || self.schedule.readings.load(Ordering::SeqCst) >= MOST_READINGS {
            return;
        }
        if is_stuck {
            tracing::error!("a reading of the key store hangs: trying another");
        }
        self.schedule.refreshing.store(now.saturating_add(1), Ordering::SeqCst);
        self.schedule.readings.fetch_add(1, Ordering::SeqCst);
        let loader = self.loader();
        let read = move || {
            let done = caught(|| loader.reread().1);
            if matches!(done, Err(KeyringError::Panicked)) {
                count(&loader.backends.counters.refresh_failures);
            }
            if let Ok(inner) = loader.keyring() {
                inner.schedule.refreshing.store(0, Ordering::SeqCst);
                inner.schedule.readings.fetch_sub(1, Ordering::SeqCst);
            }
        };
        if spawn("fieldseal-refresh", observed(read)).is_err() {
            self.schedule.refreshing.store(0, Ordering::SeqCst);
            self.schedule.readings.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
