//! One change to the records of a scope: read, decided, committed, and tried again where another
//! process was faster.

use crate::context::Scope;
use crate::keyring::cache::{KeyMaterial, Ticket};
use crate::keyring::clock::Millis;
use crate::keyring::error::KeyringError;
use crate::keyring::inner::Inner;
use crate::keyring::load::within;
use crate::keys::{Binding, DataKey, KeyId, KeyRecord, KeyState, commitment};
use crate::store::{Change, Conflict, StoreError};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// How often a change is tried again when another process was faster, or drew the same id.
pub(crate) const ATTEMPTS: u32 = 16;

/// The changes that an operation of [`Admin`](crate::keyring::Admin) wants to make to a scope's
/// records.
pub(crate) struct Proposal<T> {
    changes: Vec<Change>,
    /// What the operation returns once they are committed.
    answer: T,
    new: Option<NewKey>,
}

/// A key that was just drawn and wrapped.
pub(crate) struct NewKey {
    id: KeyId,
    key: DataKey,
    asked: Ticket,
    asked_at: Millis,
}

impl<T> Proposal<T> {
    pub(crate) const fn of(changes: Vec<Change>, answer: T) -> Self {
        Self { changes, answer, new: None }
    }

    /// The same changes, with another answer.
    #[cfg(feature = "_sweep")]
    pub(crate) fn map<U>(self, answer: impl FnOnce(T) -> U) -> Proposal<U> {
        Proposal { changes: self.changes, answer: answer(self.answer), new: self.new }
    }
}

impl Proposal<KeyId> {
    /// Stores a new key after those changes.
    pub(crate) fn insert(mut changes: Vec<Change>, (record, new): (KeyRecord, NewKey)) -> Self {
        let answer = record.id;
        changes.push(Change::Insert(record));
        Self { changes, answer, new: Some(new) }
    }
}

impl Inner {
    /// Changes keys of the scope that the key is in.
    pub(crate) fn administer_key<T: Send + 'static>(
        self: &Arc<Self>,
        id: KeyId,
        decide: impl Fn(&Arc<Inner>, &[KeyRecord]) -> Result<Proposal<T>, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        self.within_deadline(move |inner, until| {
            let record = inner.backends.record(id)?.ok_or(KeyringError::NoSuchKey(id))?;
            inner.until_uncontended(&record.scope, until, decide)
        })
    }

    /// Changes keys of that scope.
    pub(crate) fn administer<T: Send + 'static>(
        self: &Arc<Self>,
        scope: &Scope,
        decide: impl Fn(&Arc<Inner>, &[KeyRecord]) -> Result<Proposal<T>, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let scope = scope.clone();
        self.within_deadline(move |inner, until| inner.until_uncontended(&scope, until, decide))
    }

    /// Does `work` on another thread, and gives up when it takes too long. Nothing may be committed
    /// after `until`.
    fn within_deadline<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Inner>, Instant) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let (inner, limit) = (Arc::clone(self), self.backends.settings.administration());
        let until = Instant::now() + limit;
        within(limit, move || work(&inner, until))
    }

    /// Reads the scope's records, lets `decide` choose changes, commits them, and loads what is
    /// primary or staged then; again where another process was faster.
    fn until_uncontended<T>(
        self: &Arc<Self>,
        scope: &Scope,
        until: Instant,
        decide: impl Fn(&Arc<Inner>, &[KeyRecord]) -> Result<Proposal<T>, KeyringError>,
    ) -> Result<T, KeyringError> {
        let _turn = self.administering.turn(scope, until)?;
        let backends = &self.backends;
        for _ in 0..ATTEMPTS {
            let as_of = self.cache.ticket();
            let records = backends.scope(scope)?;
            let Proposal { changes, answer, new } = decide(self, &records)?;
            if changes.is_empty() {
                self.take_in(as_of, scope, records, new)?;
                return Ok(answer);
            }
            // The caller was told already that it took too long: nothing may happen after that.
            if Instant::now() >= until {
                return Err(KeyringError::TimedOut { need: None, after: backends.settings.administration() });
            }
            match backends.store.commit(&changes) {
                Ok(()) => {
                    let as_of = self.cache.ticket();
                    let stored = backends.scope(scope)?;
                    for change in &changes {
                        let record = change.record();
                        tracing::info!(key = %record.id, scope = %record.scope, state = %record.state, "changed a data key");
                        check_stored(record, &stored)?;
                    }
                    self.take_in(as_of, scope, stored, new)?;
                    return Ok(answer);
                }
                Err(StoreError::Conflict(
                    Conflict::IdTaken(_) | Conflict::PrimaryTaken(_) | Conflict::Stale(_),
                )) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyringError::Contended(ATTEMPTS))
    }

    /// Has the changes take effect here at once. A key that was just made is put into the cache as
    /// it is: the KMS has proven that it gives it back.
    fn take_in(
        self: &Arc<Self>,
        as_of: Ticket,
        scope: &Scope,
        records: Vec<KeyRecord>,
        new: Option<NewKey>,
    ) -> Result<(), KeyringError> {
        self.flights.forget_failures();
        self.cache.learn(as_of, scope, &records)?;
        if let Some(NewKey { id, key, asked, asked_at }) = new
            && let Ok(record) = find(&records, id)
        {
            let material = Arc::new(KeyMaterial::new(record, key, &self.backends.settings.lease, asked_at, false));
            // If it was retired meanwhile, it isn't needed.
            let _ = self.cache.put(as_of, asked, record, material);
            self.schedule.wake();
        }
        let ahead = records.into_iter().filter(|record| record.state.is_ahead()).collect();
        self.wait_for_all(self.load_all(as_of, ahead, false))
    }

    /// A new data key under every KMS, not yet stored.
    pub(crate) fn new_record(
        self: &Arc<Self>,
        scope: &Scope,
        state: KeyState,
    ) -> Result<(KeyRecord, NewKey), KeyringError> {
        let (key, id) = (DataKey::random()?, KeyId::random()?);
        let (asked, asked_at) = (self.cache.ticket(), self.backends.now());
        let binding = Binding::new(id, scope.clone(), commitment(&key, id, scope));
        let mut record = KeyRecord::new(binding, state, Vec::new(), unix_seconds());
        record.wrapped = self.backends.wrap_under_all(&record, &key)?;
        Ok((record, NewKey { id, key, asked, asked_at }))
    }
}

pub(crate) fn find(records: &[KeyRecord], id: KeyId) -> Result<&KeyRecord, KeyringError> {
    records.iter().find(|record| record.id == id).ok_or(KeyringError::NoSuchKey(id))
}

/// Whether the store holds what was committed, or what another process made of it since.
pub(crate) fn check_stored(record: &KeyRecord, stored: &[KeyRecord]) -> Result<(), KeyringError> {
    let kept = |stored: &KeyRecord| stored == record || stored.revision > record.revision;
    match find(stored, record.id) {
        Ok(stored) if kept(stored) => Ok(()),
        _ => Err(KeyringError::NotStored(record.id)),
    }
}

/// The change that makes room in a scope for another primary: the one that it has becomes active.
pub(crate) fn demote_primary(records: &[KeyRecord]) -> Result<Vec<Change>, KeyringError> {
    let old = records.iter().find(|record| record.state == KeyState::Primary);
    old.map(|old| step(old, KeyState::Active).map(Change::Update)).into_iter().collect()
}

/// The record one step on in its life.
pub(crate) fn step(record: &KeyRecord, to: KeyState) -> Result<KeyRecord, KeyringError> {
    let state = record.state.step_to(to).map_err(|error| KeyringError::Transition { id: record.id, error })?;
    if state == KeyState::Destroyed {
        return Ok(tombstone(record));
    }
    Ok(KeyRecord { state, revision: record.revision.saturating_add(1), ..record.clone() })
}

/// What is left of a key that is destroyed.
pub(crate) fn tombstone(record: &KeyRecord) -> KeyRecord {
    let revision = record.revision.saturating_add(1);
    KeyRecord { state: KeyState::Destroyed, wrapped: Vec::new(), revision, ..record.clone() }
}

pub(crate) fn unix_seconds() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
