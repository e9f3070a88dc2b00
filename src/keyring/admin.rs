//! Creating, rotating and ending data keys.

use super::{Keyring, KeyringError};
use crate::context::Scope;
use crate::keys::{DataKey, KeyId, KeyRecord, KeyState, TransitionError, commitment, scrubbed};
use crate::store::{Change, Conflict, StoreError};
use std::time::{SystemTime, UNIX_EPOCH};

/// How often a change is tried again when another process was faster, or drew the same id.
const ATTEMPTS: u32 = 16;

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
        let _changing = self.lock();
        self.until_uncontended(|records| {
            let known = records.iter().find(|record| record.scope == *scope && record.state == KeyState::Primary);
            match known {
                Some(primary) => Ok((Vec::new(), primary.id)),
                None => {
                    let record = self.new_record(scope, KeyState::Primary)?;
                    let id = record.id;
                    Ok((vec![Change::Insert(record)], id))
                }
            }
        })
    }

    /// Publishes a new key for the scope without sealing under it yet: the first half of a rotation.
    ///
    /// Once every running instance has refreshed, [`Self::promote`] makes it the primary.
    ///
    /// # Errors
    ///
    /// If the store or the KMS fails. If it was the store, a key may have been created all the same: call again, or
    /// [`Self::refresh`].
    pub fn stage(&self, scope: &Scope) -> Result<KeyId, KeyringError> {
        let _changing = self.lock();
        self.until_uncontended(|_| {
            let record = self.new_record(scope, KeyState::Staged)?;
            let id = record.id;
            Ok((vec![Change::Insert(record)], id))
        })
    }

    /// Makes a staged key, or one that was primary before, the primary of its scope; the one before it goes on opening values.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Transition`] unless the key is staged or active; or if the store or the KMS fails.
    pub fn promote(&self, id: KeyId) -> Result<(), KeyringError> {
        let _changing = self.lock();
        self.until_uncontended(|records| {
            let new = step(find(records, id)?, KeyState::Primary)?;
            let mut changes = demote_primary(records, &new.scope)?;
            changes.push(Change::Update(new));
            Ok((changes, ()))
        })
    }

    /// Gives the scope a new primary key at once, and returns its id. Old values stay readable.
    ///
    /// With several instances running, use [`Self::stage`] and [`Self::promote`], or they can't open the first new
    /// values until they refresh.
    ///
    /// # Errors
    ///
    /// If the store or the KMS fails. If it was the store, the key may have been created all the same: call
    /// [`Self::refresh`], and look at [`Self::primary`].
    pub fn rotate(&self, scope: &Scope) -> Result<KeyId, KeyringError> {
        let _changing = self.lock();
        self.until_uncontended(|records| {
            let new = self.new_record(scope, KeyState::Primary)?;
            let id = new.id;
            let mut changes = demote_primary(records, scope)?;
            changes.push(Change::Insert(new));
            Ok((changes, id))
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
        let from_retired = |record: &KeyRecord| match record.state {
            KeyState::Retired => step(record, KeyState::Active),
            from => Err(KeyringError::Transition { id, error: TransitionError { from, to: KeyState::Active } }),
        };
        let _changing = self.lock();
        self.until_uncontended(|records| Ok((vec![Change::Update(from_retired(find(records, id)?)?)], ())))
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

    /// Wraps every data key again under the newest version of the KEK, and returns how many needed it.
    ///
    /// Its cost is the number of data keys, whatever the number of rows. A key that fails stays as it was.
    ///
    /// # Errors
    ///
    /// The first failure; all keys that could be have been rewrapped.
    pub fn rewrap(&self) -> Result<usize, KeyringError> {
        let _changing = self.lock();
        let mut rewrapped = 0;
        let mut failed = None;
        for record in self.inner.store.load()? {
            match self.rewrap_one(record) {
                Ok(changed) => rewrapped += usize::from(changed),
                // One damaged record must not keep the others under an old KEK.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        self.replace_with(&self.inner.store.load()?)?;
        failed.map_or(Ok(rewrapped), Err)
    }

    fn rewrap_one(&self, mut record: KeyRecord) -> Result<bool, KeyringError> {
        for _ in 0..ATTEMPTS {
            let Some(rewrapped) = self.rewrapped(&record)? else { return Ok(false) };
            match self.inner.store.commit(&[Change::Update(rewrapped)]) {
                Ok(()) => return Ok(true),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
            let Some(again) = self.inner.store.get(record.id)? else { return Ok(false) };
            record = again;
        }
        Err(KeyringError::Contended(ATTEMPTS))
    }

    /// The record with its copies under the newest version of this provider's KEK; `None` if they are. A copy under
    /// another KEK is left as it is.
    fn rewrapped(&self, record: &KeyRecord) -> Result<Option<KeyRecord>, KeyringError> {
        let kms = &self.inner.kms;
        let (id, binding) = (record.id, record.binding());
        let mut new = KeyRecord { revision: record.revision.saturating_add(1), ..record.clone() };
        let mut changed = false;
        for copy in new.wrapped.iter_mut().filter(|copy| copy.kek == kms.kek()) {
            let rewrapped = scrubbed(|| kms.rewrap(copy, &binding));
            let Some(rewrapped) = rewrapped.map_err(|error| KeyringError::Kms { id, error })? else { continue };
            // The old copy is about to be overwritten: what replaces it must hold the very same key.
            self.unwrap_copy(record, &rewrapped)?;
            *copy = rewrapped;
            changed = true;
        }
        Ok(changed.then_some(new))
    }

    fn change_state(&self, id: KeyId, to: KeyState) -> Result<(), KeyringError> {
        let _changing = self.lock();
        self.until_uncontended(|records| Ok((vec![Change::Update(step(find(records, id)?, to)?)], ())))
    }

    /// Reads the store, lets `decide` choose changes, commits them, and loads the result; again where another process
    /// was faster.
    fn until_uncontended<T>(
        &self,
        decide: impl Fn(&[KeyRecord]) -> Result<(Vec<Change>, T), KeyringError>,
    ) -> Result<T, KeyringError> {
        for _ in 0..ATTEMPTS {
            let records = self.inner.store.load()?;
            let (changes, result) = decide(&records)?;
            if changes.is_empty() {
                self.replace_with(&records)?;
                return Ok(result);
            }
            match self.inner.store.commit(&changes) {
                Ok(()) => {
                    let stored = self.inner.store.load()?;
                    for change in &changes {
                        let record = change.record();
                        tracing::info!(key = %record.id, scope = %record.scope, state = %record.state, "changed a data key");
                        check_stored(record, &stored)?;
                    }
                    self.replace_with(&stored)?;
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

    /// A new data key under the KMS, not yet stored.
    fn new_record(&self, scope: &Scope, state: KeyState) -> Result<KeyRecord, KeyringError> {
        let key = DataKey::random()?;
        let id = KeyId::random()?;
        let mut record = KeyRecord {
            id,
            scope: scope.clone(),
            state,
            commitment: commitment(&key, id, scope),
            wrapped: Vec::new(),
            created: unix_seconds(),
            revision: 1,
        };
        let wrapped = scrubbed(|| self.inner.kms.wrap(&key, &record.binding()));
        record.wrapped.push(wrapped.map_err(KeyringError::Wrap)?);
        Ok(record)
    }
}

fn find(records: &[KeyRecord], id: KeyId) -> Result<&KeyRecord, KeyringError> {
    records.iter().find(|record| record.id == id).ok_or(KeyringError::NoSuchKey(id))
}

/// Whether the store holds what was committed, or what another process made of it since.
fn check_stored(record: &KeyRecord, stored: &[KeyRecord]) -> Result<(), KeyringError> {
    let kept = |stored: &KeyRecord| stored == record || stored.revision > record.revision;
    match find(stored, record.id) {
        Ok(stored) if kept(stored) => Ok(()),
        _ => Err(KeyringError::NotStored(record.id)),
    }
}

/// What makes room for another primary of the scope.
fn demote_primary(records: &[KeyRecord], scope: &Scope) -> Result<Vec<Change>, KeyringError> {
    let old = records.iter().find(|record| record.scope == *scope && record.state == KeyState::Primary);
    old.map(|old| step(old, KeyState::Active).map(Change::Update)).into_iter().collect()
}

/// The record one step on in its life.
fn step(record: &KeyRecord, to: KeyState) -> Result<KeyRecord, KeyringError> {
    let state = record.state.step_to(to).map_err(|error| KeyringError::Transition { id: record.id, error })?;
    let wrapped = if state == KeyState::Destroyed { Vec::new() } else { record.wrapped.clone() };
    Ok(KeyRecord { state, wrapped, revision: record.revision.saturating_add(1), ..record.clone() })
}

fn unix_seconds() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
