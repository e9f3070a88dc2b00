//! Counters and timings of a keyring, for a metrics library to read.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What a keyring has done since it was started. Every number only grows, except those of
/// keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Keys that are unwrapped and in memory now.
    pub keys_loaded: u64,
    /// Keys that are past their lease, and usable only because the KMS can't be reached.
    pub keys_in_grace: u64,
    /// Calls to a KMS: wrap, unwrap and rewrap.
    pub kms_calls: u64,
    /// KMS calls that failed.
    pub kms_failures: u64,
    /// What all KMS calls took together.
    pub kms_time: Duration,
    /// What the slowest KMS call took.
    pub kms_slowest: Duration,
    /// Values that needed a key that wasn't loaded.
    pub misses: u64,
    /// Keys that were loaded.
    pub loads: u64,
    /// Loads and renewals that failed.
    pub load_failures: u64,
    /// Leases that were renewed.
    pub renewals: u64,
    /// Keys that were dropped because the KMS refused them.
    pub refusals: u64,
    /// Keys that were dropped at the end of their lease: because nobody used them, or because the
    /// KMS could not be reached for too long.
    pub expirations: u64,
    /// Readings of the key store in the background, or by [`crate::Keyring::refresh`].
    pub refreshes: u64,
    /// Readings that failed.
    pub refresh_failures: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    kms_calls: AtomicU64,
    kms_failures: AtomicU64,
    kms_nanos: AtomicU64,
    kms_slowest_nanos: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) loads: AtomicU64,
    pub(crate) load_failures: AtomicU64,
    pub(crate) renewals: AtomicU64,
    pub(crate) refusals: AtomicU64,
    pub(crate) expirations: AtomicU64,
    pub(crate) refreshes: AtomicU64,
    pub(crate) refresh_failures: AtomicU64,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Counters {
    pub(crate) fn kms_call(&self, took: Duration, failed: bool) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        count(&self.kms_calls);
        self.kms_failures.fetch_add(u64::from(failed), Relaxed);
        self.kms_nanos.fetch_add(nanos, Relaxed);
        self.kms_slowest_nanos.fetch_max(nanos, Relaxed);
    }

    pub(crate) fn read(&self, keys_loaded: u64, keys_in_grace: u64) -> Stats {
        Stats {
            keys_loaded,
            keys_in_grace,
            kms_calls: self.kms_calls.load(Relaxed),
            kms_failures: self.kms_failures.load(Relaxed),
            kms_time: Duration::from_nanos(self.kms_nanos.load(Relaxed)),
            kms_slowest: Duration::from_nanos(self.kms_slowest_nanos.load(Relaxed)),
            misses: self.misses.load(Relaxed),
            loads: self.loads.load(Relaxed),
            load_failures: self.load_failures.load(Relaxed),
            renewals: self.renewals.load(Relaxed),
            refusals: self.refusals.load(Relaxed),
            expirations: self.expirations.load(Relaxed),
            refreshes: self.refreshes.load(Relaxed),
            refresh_failures: self.refresh_failures.load(Relaxed),
        }
    }
}
