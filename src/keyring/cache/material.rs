//! One unwrapped data key and its lease.

use crate::context::Scope;
use crate::keyring::cache::columns::{ColumnSealer, Columns};
use crate::keyring::clock::Millis;
use crate::keyring::settings::Lease;
use crate::keys::{Commitment, DataKey, KeyId, KeyRecord};
use crate::model::Column;
use crate::suite::{CipherError, Suite};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How long after a use the next one is written down. A use that writes nothing is faster, on every
/// core.
const USE_RESOLUTION: Millis = 1000;

pub(crate) struct KeyMaterial {
    pub(crate) id: KeyId,
    pub(crate) scope: Scope,
    pub(crate) commitment: Commitment,
    key: DataKey,
    columns: Columns,
    /// When the KMS was last asked for it, and answered.
    leased_at: AtomicU64,
    /// When it must not be used any more. The hot path looks at no other time.
    usable_until: AtomicU64,
    /// When it's due to be renewed.
    renew_at: AtomicU64,
    /// When it was last used, and 0 before its first use.
    last_used: AtomicU64,
    /// Whether it was loaded before anything needed it, because a value under it may appear.
    is_ahead: bool,
}

impl KeyMaterial {
    /// A key that a KMS gave, which was asked at `now`.
    pub(crate) fn new(record: &KeyRecord, key: DataKey, lease: &Lease, now: Millis, is_ahead: bool) -> Self {
        let material = Self {
            id: record.id,
            scope: record.scope.clone(),
            commitment: record.commitment,
            key,
            columns: Columns::default(),
            leased_at: AtomicU64::new(0),
            usable_until: AtomicU64::new(0),
            renew_at: AtomicU64::new(0),
            last_used: AtomicU64::new(0),
            is_ahead,
        };
        material.renew(lease, now);
        material
    }

    pub(crate) fn key(&self) -> &DataKey {
        &self.key
    }

    /// Whether the record is this key's: its id, scope and commitment.
    pub(crate) fn is_of(&self, record: &KeyRecord) -> bool {
        self.id == record.id && self.scope == record.scope && self.commitment == record.commitment
    }

    /// Whether the key may be used now. If so, the use is counted.
    pub(crate) fn use_at(&self, now: Millis) -> bool {
        let before = self.last_used.load(Relaxed);
        if before == 0 || before.saturating_add(USE_RESOLUTION) <= now {
            self.last_used.store(now.max(1), Relaxed);
        }
        self.is_usable(now)
    }

    pub(crate) fn is_usable(&self, now: Millis) -> bool {
        now < self.usable_until.load(Relaxed)
    }

    pub(crate) fn is_in_use(&self) -> bool {
        !self.is_ahead || self.last_used() > 0
    }

    pub(crate) fn last_used(&self) -> Millis {
        self.last_used.load(Relaxed)
    }

    /// Whether the KMS should be asked again by now.
    pub(crate) fn is_due(&self, now: Millis) -> bool {
        self.is_usable(now) && now >= self.renew_at.load(Relaxed)
    }

    /// Whether it was used since its lease began. A key that wasn't isn't worth a KMS call.
    pub(crate) fn was_used(&self) -> bool {
        self.last_used.load(Relaxed) > self.leased_at.load(Relaxed)
    }

    /// Whether its lease is over, and only the grace keeps it.
    pub(crate) fn is_in_grace(&self, lease: &Lease, now: Millis) -> bool {
        now >= self.leased_at.load(Relaxed).saturating_add(lease.length()) && self.is_usable(now)
    }

    /// The next moment that something happens to it.
    pub(crate) fn next_event(&self, now: Millis) -> Millis {
        let (renew_at, until) = (self.renew_at.load(Relaxed), self.usable_until.load(Relaxed));
        if renew_at > now { renew_at.min(until) } else { until }
    }

    /// Begins a new lease: the KMS, asked at `now`, gave the same key again.
    pub(crate) fn renew(&self, lease: &Lease, now: Millis) {
        if self.leased_at.fetch_max(now, Relaxed) > now {
            // This answer comes late: a newer one was taken already.
            return;
        }
        self.usable_until.store(now.saturating_add(lease.length()), Relaxed);
        self.renew_at.store(now.saturating_add(lease.renewal(self.id)), Relaxed);
    }

    /// The KMS can't be reached: the key stays usable for the grace, and the KMS is asked again
    /// after a while.
    pub(crate) fn extend(&self, lease: &Lease, now: Millis) {
        let until = self.leased_at.load(Relaxed).saturating_add(lease.length()).saturating_add(lease.grace());
        self.usable_until.store(until, Relaxed);
        self.renew_at.store(now.saturating_add(lease.retry(self.id)), Relaxed);
    }

    /// The column's cipher under that suite. It is derived at its first use.
    pub(crate) fn column(&self, column: &Column, suite: Suite) -> Result<&ColumnSealer, CipherError> {
        self.columns.get_or_derive(column, suite, &self.key, &self.scope)
    }
}
