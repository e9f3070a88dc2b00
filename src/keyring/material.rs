//! One unwrapped data key: its lease, and the column ciphers that were needed so far.

use super::clock::Millis;
use super::config::Lease;
use crate::context::{AadStart, Scope};
use crate::keys::{Commitment, DataKey, KeyId, KeyRecord, column_key, scrubbed};
use crate::model::Column;
use crate::suite::{ColumnCipher, Failed, Suite};
use arc_swap::ArcSwap;
use hashbrown::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A key counts as used again after so long: a use that writes nothing is faster, on every core.
const USE_RESOLUTION: Millis = 1000;

pub(super) struct KeyMaterial {
    pub(super) id: KeyId,
    pub(super) scope: Scope,
    pub(super) commitment: Commitment,
    key: DataKey,
    columns: ArcSwap<Columns>,
    /// When the KMS was last asked for it, and answered.
    leased_at: AtomicU64,
    /// When it must not be used any more. The only time that the hot path looks at.
    usable_until: AtomicU64,
    /// When it's due to be renewed.
    renew_at: AtomicU64,
    last_used: AtomicU64,
}

type Columns = HashMap<CipherId<'static>, Arc<ColumnSealer>>;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct CipherId<'a> {
    table: &'a str,
    column: &'a str,
    suite: Suite,
}

/// All that the values of one column in one scope have in common.
pub(super) struct ColumnSealer {
    pub(super) cipher: ColumnCipher,
    pub(super) aad: AadStart,
}

impl KeyMaterial {
    /// A key that the KMS was asked for at `now`.
    pub(super) fn new(record: &KeyRecord, key: DataKey, lease: &Lease, now: Millis) -> Self {
        let material = Self {
            id: record.id,
            scope: record.scope.clone(),
            commitment: record.commitment,
            key,
            columns: ArcSwap::default(),
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

    /// Hands the column's cipher under that suite to `with`. It is derived at its first use.
    pub(super) fn with_column<T>(
        &self,
        column: &Column,
        suite: Suite,
        with: impl FnOnce(&ColumnSealer) -> T,
    ) -> Result<T, Failed> {
        let id = CipherId { table: column.table(), column: column.name(), suite };
        if let Some(ready) = self.columns.load().get(&id) {
            return Ok(with(ready));
        }
        self.derive(id)?;
        let columns = self.columns.load();
        columns.get(&id).map(|ready| with(ready)).ok_or(Failed::Rejected)
    }

    #[cold]
    fn derive(&self, id: CipherId<'static>) -> Result<(), Failed> {
        let derive = || ColumnCipher::new(id.suite, &column_key(&self.key, id.suite, id.table, id.column));
        let cipher = scrubbed(derive).ok_or(Failed::Rejected)?;
        let ready = Arc::new(ColumnSealer { cipher, aad: AadStart::new(id.table, id.column, &self.scope) });
        self.columns.rcu(|columns| {
            let mut more = Columns::clone(columns);
            // Another thread's, if it was faster: its state counts the values sealed so far.
            more.entry(id).or_insert_with(|| Arc::clone(&ready));
            more
        });
        Ok(())
    }
}
