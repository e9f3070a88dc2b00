//! The KMS providers and the key store behind a keyring: calls that are timed, tried again, and
//! raced.

use crate::context::Scope;
use crate::keyring::clock::Millis;
use crate::keyring::error::KeyringError;
use crate::keyring::load::{caught, observed, spawn};
use crate::keyring::settings::Settings;
use crate::keyring::stats::Counters;
use crate::keys::{Binding, DataKey, KekUri, KeyId, KeyRecord, MalformedRecord, WrappedKey, commitment, scrubbed};
use crate::kms::{Kms, KmsError};
use crate::retry::{self, Tried, again};
use crate::store::{self, KeyStore, StoreError};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The most copies of one key that are tried. Records are hostile: each copy that one lists costs a
/// KMS call.
const MAX_COPIES: usize = 16;

/// For how many milliseconds a KMS that failed or was slow is asked last.
const AVOIDED: Millis = 30_000;

pub(crate) struct Backends {
    pub(crate) kms: Vec<Arc<Provider>>,
    pub(crate) store: Box<dyn KeyStore>,
    pub(crate) settings: Settings,
    pub(crate) counters: Counters,
}

pub(crate) struct Provider {
    kms: Arc<dyn Kms>,
    avoided_until: AtomicU64,
    /// Calls that have not returned yet.
    calls: AtomicUsize,
}

impl Provider {
    pub(crate) fn kek(&self) -> KekUri {
        self.kms.kek()
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kms.fmt(f)
    }
}

/// One copy of a key, and the provider that may unwrap it.
struct Candidate {
    provider: Arc<Provider>,
    copy: WrappedKey,
}

impl Backends {
    pub(crate) fn new(kms: Vec<Arc<dyn Kms>>, store: Box<dyn KeyStore>, settings: Settings) -> Self {
        let provider =
            |kms| Arc::new(Provider { kms, avoided_until: AtomicU64::new(0), calls: AtomicUsize::new(0) });
        Self { kms: kms.into_iter().map(provider).collect(), store, settings, counters: Counters::default() }
    }

    pub(crate) fn now(&self) -> Millis {
        self.settings.clock.now()
    }

    /// The records of that scope, and of no other: a database may compare text without regard to
    /// case.
    pub(crate) fn scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, KeyringError> {
        let records = self.store.load_scope(scope)?;
        match records.iter().find(|record| record.scope != *scope) {
            Some(other) => Err(self.confused(&format!("for {scope} it gives a key of {}", other.scope))),
            None => Ok(records),
        }
    }

    /// The record of that key.
    pub(crate) fn record(&self, id: KeyId) -> Result<Option<KeyRecord>, KeyringError> {
        match self.store.get(id)? {
            Some(other) if other.id != id => Err(self.confused(&format!("for key {id} it gives {}", other.id))),
            record => Ok(record),
        }
    }

    /// Every record of the key store that can be read, ordered by id, until one of them fails.
    /// Returns what is wrong with the others.
    pub(crate) fn each_record(
        &self,
        each: impl FnMut(KeyRecord) -> Result<(), KeyringError>,
    ) -> Result<Vec<MalformedRecord>, KeyringError> {
        store::walk(&*self.store, each)
    }

    /// The error for a damaged record of this store.
    pub(crate) fn damaged(&self, error: MalformedRecord) -> KeyringError {
        StoreError::malformed(self.store.name(), error).into()
    }

    fn confused(&self, what: &str) -> KeyringError {
        StoreError::damaged(self.store.name(), what)
            .with_hint("make its columns compare exactly, letter by letter")
            .into()
    }

    /// Does `work`, again and again while what fails may pass, with growing and random pauses,
    /// until the deadline.
    pub(crate) fn retry<T>(&self, work: impl Fn() -> Result<T, KeyringError>) -> Result<T, KeyringError> {
        let deadline = Instant::now() + self.settings.deadline;
        let pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(2))
            .with_jitter()
            .without_max_times()
            .build();
        again(pauses, retry::until(Some(deadline)), || {
            work().map_err(|error| {
                if !error.is_transient() {
                    return Tried::Ended(error);
                }
                tracing::debug!(%error, "trying again, if there is time");
                Tried::Again(error)
            })
        })
    }

    /// The key of a record, from the first KMS whose answer fits the record's commitment.
    pub(crate) fn unwrap(self: &Arc<Self>, record: &KeyRecord) -> Result<DataKey, KeyringError> {
        let candidates = self.candidates(record)?;
        match candidates.as_slice() {
            [] => Err(KeyringError::NoCopy(record.id)),
            [only] => self.unwrap_copy(record, only),
            _ => self.race(record, candidates),
        }
    }

    /// The copies in the order in which they are tried: that of the providers, with those that had
    /// trouble last.
    fn candidates(&self, record: &KeyRecord) -> Result<Vec<Candidate>, KeyringError> {
        let now = self.now();
        let mut order: Vec<_> = self.kms.iter().collect();
        order.sort_by_key(|provider| provider.avoided_until.load(Relaxed) > now);
        let candidates: Vec<_> = order
            .into_iter()
            .flat_map(|provider| {
                let held = record.wrapped.iter().filter(|copy| provider.kms.holds(&copy.kek));
                held.map(move |copy| Candidate { provider: Arc::clone(provider), copy: copy.clone() })
            })
            .take(MAX_COPIES)
            .collect();
        match record.wrapped.first() {
            Some(copy) if candidates.is_empty() => Err(self.not_held(record, &copy.kek)),
            _ => Ok(candidates),
        }
    }

    fn not_held(&self, record: &KeyRecord, kek: &KekUri) -> KeyringError {
        // The name is the key store's: hostile, and of any length.
        let other: String = kek.as_str().chars().take(200).collect();
        let held: Vec<_> = self.kms.iter().map(|provider| provider.kek().to_string()).collect();
        let error = KmsError::not_found(format!(
            "the key is wrapped under {other:?}, and this keyring has {}",
            held.join(", ")
        ))
        .with_hint("open it with the KMS or KEK file that the key was wrapped with");
        KeyringError::Kms { id: record.id, error }
    }

    /// Asks one provider after the other, and the next one already while one takes long. The first
    /// right key wins.
    fn race(self: &Arc<Self>, record: &KeyRecord, candidates: Vec<Candidate>) -> Result<DataKey, KeyringError> {
        let until = Instant::now() + self.settings.deadline;
        let (send, receive) = mpsc::channel();
        let mut waiting = candidates.into_iter();
        let (mut running, mut last, mut failed) = (0_usize, None, None);
        loop {
            if let Some(candidate) = waiting.next() {
                let provider = Arc::clone(&candidate.provider);
                let room = self.check_room(record, &provider);
                last = Some(provider);
                let (send, backends, record) = (send.clone(), Arc::clone(self), record.clone());
                let ask = move || drop(send.send(caught(|| backends.unwrap_copy(&record, &candidate))));
                match room.and_then(|()| spawn("fieldseal-kms", observed(ask))) {
                    Ok(()) => running += 1,
                    Err(error) => {
                        failed = Some(graver(failed, error));
                        continue;
                    }
                }
            } else if running == 0 {
                return Err(failed.unwrap_or(KeyringError::NoCopy(record.id)));
            }
            let left = until.saturating_duration_since(Instant::now());
            let patience = if waiting.len() > 0 { self.settings.hedge.min(left) } else { left };
            match receive.recv_timeout(patience) {
                Ok(Ok(key)) => return Ok(key),
                Ok(Err(error)) => {
                    running -= 1;
                    failed = Some(graver(failed, error));
                }
                Err(RecvTimeoutError::Timeout) if left > patience => self.avoid(last.as_deref()),
                Err(_) => {
                    self.avoid(last.as_deref());
                    return Err(KeyringError::TimedOut { need: None, after: self.settings.deadline });
                }
            }
        }
    }

    /// Refuses to start yet another thread for a KMS that doesn't answer.
    fn check_room(&self, record: &KeyRecord, provider: &Provider) -> Result<(), KeyringError> {
        let calls = provider.calls.load(Relaxed);
        if calls < self.settings.parallel.saturating_mul(2) {
            return Ok(());
        }
        let error = KmsError::unavailable(format!("{calls} calls to it have not been answered"));
        Err(KeyringError::Kms { id: record.id, error })
    }

    fn avoid(&self, provider: Option<&Provider>) {
        if let Some(provider) = provider {
            provider.avoided_until.store(self.now().saturating_add(AVOIDED), Relaxed);
        }
    }

    fn unwrap_copy(&self, record: &KeyRecord, candidate: &Candidate) -> Result<DataKey, KeyringError> {
        let (binding, copy) = (record.binding(), &candidate.copy);
        let unwrapped =
            self.call("unwrap", &candidate.provider, &copy.kek, &binding, |kms| kms.unwrap(copy, &binding));
        let key = unwrapped.map_err(|error| KeyringError::Kms { id: record.id, error })?;
        check_commitment(record, key)
    }

    /// A new copy of the key under the KEK of each provider, each unwrapped again: what a KMS can't
    /// give back is noticed before anything is sealed under it.
    pub(crate) fn wrap_under_all(
        &self,
        record: &KeyRecord,
        key: &DataKey,
    ) -> Result<Vec<WrappedKey>, KeyringError> {
        self.kms.iter().map(|provider| self.wrap(record, key, provider)).collect()
    }

    /// A copy under the KEK of that provider, checked.
    pub(crate) fn wrap(
        &self,
        record: &KeyRecord,
        key: &DataKey,
        provider: &Arc<Provider>,
    ) -> Result<WrappedKey, KeyringError> {
        let binding = record.binding();
        let kek = provider.kek();
        let wrap = || self.call("wrap", provider, &kek, &binding, |kms| kms.wrap(key, &binding));
        let copy = self.retry(|| wrap().map_err(KeyringError::Wrap))?;
        let candidate = Candidate { provider: Arc::clone(provider), copy };
        self.retry(|| self.unwrap_copy(record, &candidate))?;
        Ok(candidate.copy)
    }

    /// The copy under the newest version of its KEK, or under the one that its provider wraps with
    /// now, checked. `None` if it is under that already, or if no provider holds its KEK.
    pub(crate) fn rewrap(&self, record: &KeyRecord, copy: &WrappedKey) -> Result<Option<WrappedKey>, KeyringError> {
        let Some(provider) = self.kms.iter().find(|provider| provider.kms.holds(&copy.kek)) else {
            return Ok(None);
        };
        let binding = record.binding();
        let rewrap = || self.call("rewrap", provider, &copy.kek, &binding, |kms| kms.rewrap(copy, &binding));
        let rewrapped = self.retry(|| rewrap().map_err(|error| KeyringError::Kms { id: record.id, error }))?;
        let Some(copy) = rewrapped else { return Ok(None) };
        let candidate = Candidate { provider: Arc::clone(provider), copy };
        self.retry(|| self.unwrap_copy(record, &candidate))?;
        Ok(Some(candidate.copy))
    }

    /// Every call to a KMS goes through here. Keys that it leaves on the stack are overwritten.
    fn call<T>(
        &self,
        operation: &'static str,
        asked: &Provider,
        kek: &KekUri,
        binding: &Binding,
        call: impl FnOnce(&dyn Kms) -> Result<T, KmsError>,
    ) -> Result<T, KmsError> {
        let span = tracing::info_span!("fieldseal.kms", operation, key = %binding.id, scope = %binding.scope, %kek);
        let _entered = span.enter();
        let began = Instant::now();
        asked.calls.fetch_add(1, Relaxed);
        let returned = OnReturn(&asked.calls);
        let answer = scrubbed(|| call(&*asked.kms));
        drop(returned);
        let took = began.elapsed();
        self.counters.kms_call(took, answer.is_err());
        match &answer {
            Ok(_) => {
                asked.avoided_until.store(0, Relaxed);
                tracing::debug!(?took, "the KMS answered");
            }
            Err(error) => {
                if matches!(error, KmsError::Unavailable { .. }) {
                    self.avoid(Some(asked));
                }
                tracing::warn!(?took, %error, "the KMS did not answer with a key");
            }
        }
        answer
    }
}

/// The key, if it's the one that the record is committed to.
fn check_commitment(record: &KeyRecord, key: DataKey) -> Result<DataKey, KeyringError> {
    if commitment(&key, record.id, &record.scope) == record.commitment {
        Ok(key)
    } else {
        Err(KeyringError::WrongKey(record.id))
    }
}

/// Counts a call as returned, even if it panics.
struct OnReturn<'a>(&'a AtomicUsize);

impl Drop for OnReturn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Which of two failures to report, whatever their order: one that may pass before one that won't,
/// then one that leaves the key its grace (that KMS may still have it) before one that ends it, and
/// otherwise the one that says the most.
fn graver(before: Option<KeyringError>, now: KeyringError) -> KeyringError {
    let rank = |error: &KeyringError| match error {
        error if error.is_transient() => 3,
        error if !error.ends_key() => 2,
        KeyringError::WrongKey(_) => 1,
        _ => 0,
    };
    match before {
        Some(before) if rank(&before) >= rank(&now) => before,
        _ => now,
    }
}
