//! Creating, rotating and ending data keys.

mod copies;
mod export;

use crate::context::Scope;
use crate::error::ErrorKind;
use crate::keyring::cache::KeyMaterial;
use crate::keyring::cache::Ticket;
use crate::keyring::clock::Millis;
use crate::keyring::error::Need;
use crate::keyring::load::within;
use crate::keyring::{Keyring, KeyringError};
use crate::keys::{DataKey, KeyId, KeyRecord, KeyState, TransitionError, commitment};
use crate::store::{Change, Conflict, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often a change is tried again when another process was faster, or drew the same id.
pub(crate) const ATTEMPTS: u32 = 16;

impl Keyring {
    /// Makes sure that the scope has a primary key, and returns its id.
    ///
    /// Any number of processes may do this at the same moment: they end up with one key.
    ///
    /// # Errors
    ///
    /// If the store or the KMS fails. If it was the store, a key may have been created all the same: call again, or
    /// [`Self::refresh`].
    pub fn ensure_scope(&self, scope: &Scope) -> Result<KeyId, KeyringError> {
        if let Some(id) = self.primary(scope) {
            return Ok(id);
        }
        let of = scope.clone();
        self.administer(scope, move |keyring, records| {
            let known = records.iter().find(|record| record.state == KeyState::Primary);
            match known {
                Some(primary) => Ok(Plan::of(Vec::new(), primary.id)),
                None => Ok(Plan::insert(Vec::new(), keyring.new_record(&of, KeyState::Primary)?)),
            }
        })
    }

    /// Gives a scope that never had a key its first one, and says which; `None` if it had keys and has no primary: a tenant that was
    /// forgotten isn't begun again.
    #[cfg(feature = "_sweep")]
    pub(crate) fn begin_scope(&self, scope: &Scope) -> Result<Option<KeyId>, KeyringError> {
        let of = scope.clone();
        self.administer(scope, move |keyring, records| {
            match records.iter().find(|record| record.state == KeyState::Primary) {
                Some(primary) => Ok(Plan::of(Vec::new(), Some(primary.id))),
                None if records.is_empty() => {
                    let Plan { changes, result, new } =
                        Plan::insert(Vec::new(), keyring.new_record(&of, KeyState::Primary)?);
                    Ok(Plan { changes, result: Some(result), new })
                }
                None => Ok(Plan::of(Vec::new(), None)),
            }
        })
    }

    /// Publishes a new key for the scope without sealing under it yet: the first half of a rotation.
    ///
    /// Once every running process has it, [`Self::promote`] makes it the primary.
    ///
    /// # Errors
    ///
    /// If the store or the KMS fails. If it was the store, a key may have been created all the same: call again, or
    /// [`Self::refresh`].
    pub fn stage(&self, scope: &Scope) -> Result<KeyId, KeyringError> {
        let of = scope.clone();
        self.administer(scope, move |keyring, _| {
            Ok(Plan::insert(Vec::new(), keyring.new_record(&of, KeyState::Staged)?))
        })
    }

    /// Makes a staged key, or one that was primary before, the primary of its scope; the one before it goes on opening values.
    ///
    /// A staged key must have been published for [`crate::KeyringBuilder::propagation`], so that every process has it
    /// before the first value under it appears. It goes by the wall clock of the one that staged it. A key that isn't loaded is
    /// unwrapped first: one that no KMS gives back must not be what a scope is sealed under.
    ///
    /// # Errors
    ///
    /// [`KeyringError::TooEarly`], which says how long to wait; [`KeyringError::Transition`] unless the key is staged or
    /// active; or if the store or the KMS fails.
    pub fn promote(&self, id: KeyId) -> Result<(), KeyringError> {
        let delay = self.inner.backends.settings.propagation();
        self.promote_after(id, delay)
    }

    /// [`Self::promote`] without the wait. Processes that haven't read the store since the key was staged load it when they
    /// meet its first value; those that [never wait](crate::KeyringBuilder::never_wait) fail to open it until they have.
    ///
    /// # Errors
    ///
    /// As for [`Self::promote`], except that it's never too early.
    pub fn promote_at_once(&self, id: KeyId) -> Result<(), KeyringError> {
        self.promote_after(id, Duration::ZERO)
    }

    fn promote_after(&self, id: KeyId, delay: Duration) -> Result<(), KeyringError> {
        self.administer_key(id, move |keyring, records| {
            let record = find(records, id)?;
            if record.state == KeyState::Staged {
                check_published(record, delay)?;
            }
            let new = step(record, KeyState::Primary)?;
            // What can't be unwrapped must not be what the scope is sealed under.
            if let Err(ErrorKind::LoadFailed(load)) = keyring.inner.fetch(Need::Open(id)) {
                return Err(load.error().clone());
            }
            let mut changes = demote_primary(records)?;
            changes.push(Change::Update(new));
            Ok(Plan::of(changes, ()))
        })
    }

    /// Gives the scope a new primary key at once, and returns its id. Old values stay readable.
    ///
    /// With several processes running, [`Self::stage`] and [`Self::promote`] let all of them have the key before they
    /// need it; after this, each loads it when it meets the first value under it.
    ///
    /// # Errors
    ///
    /// If the store or the KMS fails. If it was the store, the key may have been created all the same: call
    /// [`Self::refresh`], and look at [`Self::primary`].
    pub fn rotate(&self, scope: &Scope) -> Result<KeyId, KeyringError> {
        let of = scope.clone();
        self.administer(scope, move |keyring, records| {
            Ok(Plan::insert(demote_primary(records)?, keyring.new_record(&of, KeyState::Primary)?))
        })
    }

    /// Refuses a key from now on. It can be taken back with [`Self::reactivate`].
    ///
    /// # Errors
    ///
    /// [`KeyringError::Transition`] unless the key is active: a primary must be rotated first.
    pub fn retire(&self, id: KeyId) -> Result<(), KeyringError> {
        self.change_state(id, KeyState::Retired)
    }

    /// Lets a retired key open values again.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Transition`] unless the key is retired.
    pub fn reactivate(&self, id: KeyId) -> Result<(), KeyringError> {
        self.administer_key(id, move |_, records| {
            let record = find(records, id)?;
            match record.state {
                KeyState::Retired => Ok(Plan::of(vec![Change::Update(step(record, KeyState::Active)?)], ())),
                from => Err(KeyringError::Transition { id, error: TransitionError { from, to: KeyState::Active } }),
            }
        })
    }

    /// Erases every wrapped copy of a retired key, or of a staged one. **What is sealed under it can't be read again.**
    ///
    /// Backups of the key store may still hold copies; destroying the KEK is what reaches those.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Transition`] unless the key is retired or staged.
    pub fn destroy(&self, id: KeyId) -> Result<(), KeyringError> {
        self.change_state(id, KeyState::Destroyed)
    }

    /// Forgets a tenant: erases every wrapped copy of every key of the scope, whatever state the keys are in, in one commit
    /// of the key store. **Nothing that is sealed for the scope can be read again.** Returns the ids of the keys that this
    /// call destroyed, in ascending order; none if nothing was left to destroy.
    ///
    /// Tombstones remain, and other processes refuse the scope's values once they have read the store again. A process that
    /// stages a key, or calls [`Self::ensure_scope`], at the same moment has a key destroyed by a second commit, or makes
    /// a new one after it: stop writing for the tenant first. As for [`Self::destroy`], backups of the key store may still
    /// hold copies.
    ///
    /// # Errors
    ///
    /// [`KeyringError::ApplicationScope`] for [`Scope::APPLICATION`], which is not a tenant; or if the store fails. If it was
    /// the store, the keys may be destroyed all the same: call again.
    pub fn shred(&self, scope: &Scope) -> Result<Vec<KeyId>, KeyringError> {
        if *scope == Scope::APPLICATION {
            return Err(KeyringError::ApplicationScope);
        }
        let mut shredded = Vec::new();
        for _ in 0..ATTEMPTS {
            let ids = self.administer(scope, |_, records| {
                let left: Vec<_> =
                    records.iter().filter(|record| record.state != KeyState::Destroyed).map(tombstone).collect();
                let ids = left.iter().map(|record| record.id).collect::<Vec<_>>();
                Ok(Plan::of(left.into_iter().map(Change::Update).collect(), ids))
            })?;
            if ids.is_empty() {
                shredded.sort_unstable();
                return Ok(shredded);
            }
            // A key that was staged meanwhile was in nobody's way.
            shredded.extend(ids);
        }
        Err(KeyringError::Contended(ATTEMPTS))
    }

    fn change_state(&self, id: KeyId, to: KeyState) -> Result<(), KeyringError> {
        self.administer_key(id, move |_, records| {
            Ok(Plan::of(vec![Change::Update(step(find(records, id)?, to)?)], ()))
        })
    }

    /// Changes keys of the scope that the key is in.
    fn administer_key<T: Send + 'static>(
        &self,
        id: KeyId,
        decide: impl Fn(&Self, &[KeyRecord]) -> Result<Plan<T>, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        self.within_deadline(move |keyring, until| {
            let record = keyring.inner.backends.record(id)?.ok_or(KeyringError::NoSuchKey(id))?;
            keyring.until_uncontended(&record.scope, until, decide)
        })
    }

    /// Changes keys of that scope.
    fn administer<T: Send + 'static>(
        &self,
        scope: &Scope,
        decide: impl Fn(&Self, &[KeyRecord]) -> Result<Plan<T>, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let scope = scope.clone();
        self.within_deadline(move |keyring, until| keyring.until_uncontended(&scope, until, decide))
    }

    /// Does `work` on another thread, and gives up when it takes too long. Nothing may be committed after `until`.
    fn within_deadline<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, Instant) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let (keyring, limit) = (self.clone(), self.inner.backends.settings.administration());
        let until = Instant::now() + limit;
        within(limit, move || work(&keyring, until))
    }

    /// Reads the scope's records, lets `decide` choose changes, commits them, and loads what is primary or staged then;
    /// again where another process was faster.
    fn until_uncontended<T>(
        &self,
        scope: &Scope,
        until: Instant,
        decide: impl Fn(&Self, &[KeyRecord]) -> Result<Plan<T>, KeyringError>,
    ) -> Result<T, KeyringError> {
        let _turn = self.inner.administering.turn(scope, until)?;
        let backends = &self.inner.backends;
        for _ in 0..ATTEMPTS {
            let as_of = self.inner.cache.ticket();
            let records = backends.scope(scope)?;
            let Plan { changes, result, new } = decide(self, &records)?;
            if changes.is_empty() {
                self.take_in(as_of, scope, records, new)?;
                return Ok(result);
            }
            // Whoever asked for it was told that it took too long.
            if Instant::now() >= until {
                return Err(KeyringError::TimedOut { need: None, after: backends.settings.administration() });
            }
            match backends.store.commit(&changes) {
                Ok(()) => {
                    let as_of = self.inner.cache.ticket();
                    let stored = backends.scope(scope)?;
                    for change in &changes {
                        let record = change.record();
                        tracing::info!(key = %record.id, scope = %record.scope, state = %record.state, "changed a data key");
                        check_stored(record, &stored)?;
                    }
                    self.take_in(as_of, scope, stored, new)?;
                    return Ok(result);
                }
                Err(StoreError::Conflict(
                    Conflict::IdTaken(_) | Conflict::PrimaryTaken(_) | Conflict::Stale(_),
                )) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyringError::Contended(ATTEMPTS))
    }

    /// What was changed takes effect here at once. A key that was just made is at hand: the KMS has proven that it gives it
    /// back.
    fn take_in(
        &self,
        as_of: Ticket,
        scope: &Scope,
        records: Vec<KeyRecord>,
        new: Option<NewKey>,
    ) -> Result<(), KeyringError> {
        let inner = &self.inner;
        inner.flights.forget_failures();
        inner.cache.learn(as_of, scope, &records)?;
        if let Some(NewKey { id, key, asked, asked_at }) = new
            && let Ok(record) = find(&records, id)
        {
            let material = Arc::new(KeyMaterial::new(record, key, &inner.backends.settings.lease, asked_at, false));
            // If it was retired meanwhile, it isn't needed.
            let _ = inner.cache.put(as_of, asked, record, material);
            inner.upkeep.wake();
        }
        let ahead = records.into_iter().filter(|record| record.state.is_ahead()).collect();
        inner.wait_for_all(inner.load_all(as_of, ahead, false))
    }

    /// A new data key under every KMS, not yet stored.
    fn new_record(&self, scope: &Scope, state: KeyState) -> Result<(KeyRecord, NewKey), KeyringError> {
        let (key, id) = (DataKey::random()?, KeyId::random()?);
        let (asked, asked_at) = (self.inner.cache.ticket(), self.inner.backends.now());
        let mut record = KeyRecord {
            id,
            scope: scope.clone(),
            state,
            commitment: commitment(&key, id, scope),
            wrapped: Vec::new(),
            created: unix_seconds(),
            revision: 1,
        };
        record.wrapped = self.inner.backends.wrap_under_all(&record, &key)?;
        Ok((record, NewKey { id, key, asked, asked_at }))
    }
}

/// What an administrator's step does to the records of a scope.
struct Plan<T> {
    changes: Vec<Change>,
    result: T,
    new: Option<NewKey>,
}

/// A key that was just drawn and wrapped.
struct NewKey {
    id: KeyId,
    key: DataKey,
    asked: Ticket,
    asked_at: Millis,
}

impl<T> Plan<T> {
    const fn of(changes: Vec<Change>, result: T) -> Self {
        Self { changes, result, new: None }
    }
}

impl Plan<KeyId> {
    /// Stores a new key after those changes.
    fn insert(mut changes: Vec<Change>, (record, new): (KeyRecord, NewKey)) -> Self {
        let result = record.id;
        changes.push(Change::Insert(record));
        Self { changes, result, new: Some(new) }
    }
}

fn find(records: &[KeyRecord], id: KeyId) -> Result<&KeyRecord, KeyringError> {
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

/// Whether every process has had the time to read the store since the key was staged.
fn check_published(record: &KeyRecord, delay: Duration) -> Result<(), KeyringError> {
    if delay.is_zero() {
        return Ok(());
    }
    let seconds = |time: i64| Duration::from_secs(u64::try_from(time).unwrap_or_default());
    // By whole seconds, of which the first may have been a short one. If this machine's clock is behind the one that staged
    // the key, it's by as much too early.
    let ready = seconds(record.created).saturating_add(delay).saturating_add(Duration::from_secs(1));
    match ready.checked_sub(seconds(unix_seconds())) {
        Some(wait) if !wait.is_zero() => Err(KeyringError::TooEarly { id: record.id, wait }),
        _ => Ok(()),
    }
}

/// What makes room in a scope for another primary.
fn demote_primary(records: &[KeyRecord]) -> Result<Vec<Change>, KeyringError> {
    let old = records.iter().find(|record| record.state == KeyState::Primary);
    old.map(|old| step(old, KeyState::Active).map(Change::Update)).into_iter().collect()
}

/// The record one step on in its life.
fn step(record: &KeyRecord, to: KeyState) -> Result<KeyRecord, KeyringError> {
    let state = record.state.step_to(to).map_err(|error| KeyringError::Transition { id: record.id, error })?;
    if state == KeyState::Destroyed {
        return Ok(tombstone(record));
    }
    Ok(KeyRecord { state, revision: record.revision.saturating_add(1), ..record.clone() })
}

/// What is left of a key that is destroyed.
fn tombstone(record: &KeyRecord) -> KeyRecord {
    let revision = record.revision.saturating_add(1);
    KeyRecord { state: KeyState::Destroyed, wrapped: Vec::new(), revision, ..record.clone() }
}

fn unix_seconds() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
