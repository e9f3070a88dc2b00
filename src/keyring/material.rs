//! One unwrapped data key and its lease.

use super::clock::Millis;
use super::columns::{ColumnSealer, Columns};
use super::config::Lease;
use crate::context::Scope;
use crate::keys::{Commitment, DataKey, KeyId, KeyRecord};
use crate::model::Column;
use crate::suite::{Failed, Suite};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A key counts as used again after so long: a use that writes nothing is faster, on every core.
const USE_RESOLUTION: Millis = 1000;

pub(super) struct KeyMaterial {
    pub(super) id: KeyId,
    pub(super) scope: Scope,
    pub(super) commitment: Commitment,
    key: DataKey,
    columns: Columns,
    /// When the KMS was last asked for it, and answered.
    leased_at: AtomicU64,
    /// When it must not be used any more. The only time that the hot path looks at.
    usable_until: AtomicU64,
    /// When it's due to be renewed.
    renew_at: AtomicU64,
    last_used: AtomicU64,
}

impl KeyMaterial {
    /// A key that the KMS was asked for at `now`.
    pub(super) fn new(record: &KeyRecord, key: DataKey, lease: &Lease, now: Millis) -> Self {
        let material = Self {
            id: record.id,
            scope: record.scope.clone(),
            commitment: record.commitment,
            key,
            columns: Columns::default(),
            leased_at: AtomicU64::new(0),
            usable_until: AtomicU64::new(0),
            renew_at: AtomicU64::new(0),
            last_used: AtomicU64::new(now),
        };
        material.renew(lease, now);
        material
    }

    pub(super) fn key(&self) -> &DataKey {
        &self.key
    }

    /// Whether it is the key of that record.
    pub(super) fn is_of(&self, record: &KeyRecord) -> bool {
        self.id == record.id && self.scope == record.scope && self.commitment == record.commitment
    }

    /// Whether it may be used now, and that it is.
    pub(super) fn use_at(&self, now: Millis) -> bool {
        if self.last_used.load(Relaxed).saturating_add(USE_RESOLUTION) <= now {
            self.last_used.store(now, Relaxed);
        }
        self.is_usable(now)
    }

    pub(super) fn is_usable(&self, now: Millis) -> bool {
        now < self.usable_until.load(Relaxed)
    }

    pub(super) fn last_used(&self) -> Millis {
        self.last_used.load(Relaxed)
    }

    /// Whether the KMS should be asked again by now. A key that wasn't used since it was last leased isn't worth a call.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        let was_used = self.last_used.load(Relaxed) > self.leased_at.load(Relaxed);
        was_used && self.is_usable(now) && now >= self.renew_at.load(Relaxed)
    }

    /// The next moment that something happens to it.
    pub(super) fn next_event(&self, now: Millis) -> Millis {
        let (renew_at, until) = (self.renew_at.load(Relaxed), self.usable_until.load(Relaxed));
        if renew_at > now { renew_at.min(until) } else { until }
    }

    /// The KMS, asked at `now`, gave the same key again.
    pub(super) fn renew(&self, lease: &Lease, now: Millis) {
        self.leased_at.store(now, Relaxed);
        self.usable_until.store(now.saturating_add(lease.length()), Relaxed);
        self.renew_at.store(now.saturating_add(lease.renewal(self.id)), Relaxed);
    }

    /// The KMS can't be reached: the key stays usable for the grace, and the KMS is asked again after a while.
    pub(super) fn extend(&self, lease: &Lease, now: Millis) {
        let until = self.leased_at.load(Relaxed).saturating_add(lease.length()).saturating_add(lease.grace());
        self.usable_until.store(until, Relaxed);
        self.renew_at.store(now.saturating_add(lease.retry(self.id)), Relaxed);
    }

    /// The column's cipher under that suite. It is derived at its first use.
    pub(super) fn column(&self, column: &Column, suite: Suite) -> Result<&ColumnSealer, Failed> {
        self.columns.get_or_derive(column, suite, &self.key, &self.scope)
    }
}
