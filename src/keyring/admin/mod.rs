//! Administration: data keys created, rotated and ended, their wrapped copies looked after,
//! columns' keys exported.

mod change;
mod copies;
mod export;
#[cfg(feature = "_sweep")]
mod scopes;

use crate::context::Scope;
use crate::error::ErrorKind;
use crate::keyring::Keyring;
use crate::keyring::error::KeyringError;
use crate::keyring::need::Need;
use crate::keys::{KeyId, KeyRecord, KeyState, TransitionError};
use crate::store::Change;
use change::{ATTEMPTS, Proposal, demote_primary, find, step, tombstone, unix_seconds};
use std::time::Duration;

/// What changes a key store: data keys are created, rotated and ended here, and their wrapped
/// copies kept up to date. Made by [`Keyring::admin`].
///
/// Every call reads the key store, may call the KMS, and blocks; inside an async runtime it belongs
/// into `spawn_blocking`. What was changed takes effect in this keyring at once, and in other
/// processes when they have read the key store again.
#[derive(Debug, Clone, Copy)]
pub struct Admin<'a> {
    keyring: &'a Keyring,
}

impl Keyring {
    /// Administration: creates, rotates and ends data keys.
    #[must_use]
    pub const fn admin(&self) -> Admin<'_> {
        Admin { keyring: self }
    }
}

impl Admin<'_> {
    /// Makes sure that the scope has a primary key, and returns its id.
    ///
    /// Any number of processes may do this at the same moment: they end up with one key.
    ///
    /// # Errors
    ///
    /// If the store or the KMS fails. If it was the store, a key may have been created all the
    /// same: call again, or [`Keyring::refresh`].
    pub fn ensure_scope(&self, scope: &Scope) -> Result<KeyId, KeyringError> {
        if let Some(id) = self.keyring.primary(scope) {
            return Ok(id);
        }
        let of = scope.clone();
        self.keyring.inner.administer(scope, move |inner, records| {
            let known = records.iter().find(|record| record.state == KeyState::Primary);
            match known {
                Some(primary) => Ok(Proposal::of(Vec::new(), primary.id)),
                None => Ok(Proposal::insert(Vec::new(), inner.new_record(&of, KeyState::Primary)?)),
            }
        })
    }

    /// Publishes a new key for the scope without sealing under it yet: the first half of a
    /// rotation.
    ///
    /// Once every running process has it, [`Self::promote`] makes it the primary.
    ///
    /// # Errors
    ///
    /// If the store or the KMS fails. If it was the store, a key may have been created all the
    /// same: call again, or [`Keyring::refresh`].
    pub fn stage(&self, scope: &Scope) -> Result<KeyId, KeyringError> {
        let of = scope.clone();
        self.keyring.inner.administer(scope, move |inner, _| {
            Ok(Proposal::insert(Vec::new(), inner.new_record(&of, KeyState::Staged)?))
        })
    }

    /// Makes a staged key, or one that was primary before, the primary of its scope; the one before
    /// it goes on opening values.
    ///
    /// A staged key must have been published for [`crate::KeyringBuilder::propagation`], so that
    /// every process has it before the first value under it appears. The time is measured from when
    /// the key was staged, by the wall clock of the machine that did it. A key that isn't loaded is
    /// unwrapped first: one that no KMS gives back must not be what a scope is sealed under.
    ///
    /// # Errors
    ///
    /// [`KeyringError::TooEarly`], which says how long to wait; [`KeyringError::Transition`] unless
    /// the key is staged or active; or if the store or the KMS fails.
    pub fn promote(&self, id: KeyId) -> Result<(), KeyringError> {
        let delay = self.keyring.inner.backends.settings.propagation();
        self.promote_after(id, delay)
    }

    /// [`Self::promote`] without the wait. Processes that haven't read the store since the key was
    /// staged load it when they meet its first value; those that
    /// [never wait](crate::KeyringBuilder::never_wait) fail to open it until they have.
    ///
    /// # Errors
    ///
    /// As for [`Self::promote`], except that it's never too early.
    pub fn promote_at_once(&self, id: KeyId) -> Result<(), KeyringError> {
        self.promote_after(id, Duration::ZERO)
    }

    fn promote_after(&self, id: KeyId, delay: Duration) -> Result<(), KeyringError> {
        self.keyring.inner.administer_key(id, move |inner, records| {
            let record = find(records, id)?;
            if record.state == KeyState::Staged {
                check_published(record, delay)?;
            }
            let new = step(record, KeyState::Primary)?;
            // What can't be unwrapped must not be what the scope is sealed under.
            if let Err(ErrorKind::LoadFailed(load)) = inner.fetch(Need::Open(id)) {
                return Err(load.error().clone());
            }
            let mut changes = demote_primary(records)?;
            changes.push(Change::Update(new));
            Ok(Proposal::of(changes, ()))
        })
    }

    /// Gives the scope a new primary key at once, and returns its id. Old values stay readable.
    ///
    /// With several processes running, [`Self::stage`] and [`Self::promote`] let all of them have
    /// the key before they need it; after this, each loads it when it meets the first value under
    /// it.
    ///
    /// # Errors
    ///
    /// If the store or the KMS fails. If it was the store, the key may have been created all the
    /// same: call [`Keyring::refresh`], and look at [`Keyring::primary`].
    pub fn rotate(&self, scope: &Scope) -> Result<KeyId, KeyringError> {
        let of = scope.clone();
        self.keyring.inner.administer(scope, move |inner, records| {
            Ok(Proposal::insert(demote_primary(records)?, inner.new_record(&of, KeyState::Primary)?))
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
        self.keyring.inner.administer_key(id, move |_, records| {
            let record = find(records, id)?;
            match record.state {
                KeyState::Retired => Ok(Proposal::of(vec![Change::Update(step(record, KeyState::Active)?)], ())),
                from => Err(KeyringError::Transition { id, error: TransitionError { from, to: KeyState::Active } }),
            }
        })
    }

    /// Erases every wrapped copy of a retired key, or of a staged one. **What is sealed under it
    /// can't be read again.**
    ///
    /// Backups of the key store may still hold copies; destroying the KEK is what reaches those.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Transition`] unless the key is retired or staged.
    pub fn destroy(&self, id: KeyId) -> Result<(), KeyringError> {
        self.change_state(id, KeyState::Destroyed)
    }

    /// Forgets a tenant: erases every wrapped copy of every key of the scope, whatever state the
    /// keys are in, in one commit of the key store. **Nothing that is sealed for the scope can be
    /// read again.** Returns the ids of the keys that this call destroyed, in ascending order; none
    /// if nothing was left to destroy.
    ///
    /// Tombstones remain, and other processes refuse the scope's values once they have read the
    /// store again. A process that stages a key, or calls [`Self::ensure_scope`], at the same
    /// moment has a key destroyed by a second commit, or makes a new one after it: stop writing for
    /// the tenant first. As for [`Self::destroy`], backups of the key store may still hold copies.
    ///
    /// # Errors
    ///
    /// [`KeyringError::ApplicationScope`] for [`Scope::APPLICATION`], which is not a tenant; or if
    /// the store fails. If it was the store, the keys may be destroyed all the same: call again.
    pub fn shred(&self, scope: &Scope) -> Result<Vec<KeyId>, KeyringError> {
        if *scope == Scope::APPLICATION {
            return Err(KeyringError::ApplicationScope);
        }
        let mut shredded = Vec::new();
        for _ in 0..ATTEMPTS {
            let ids = self.keyring.inner.administer(scope, |_, records| {
                let left: Vec<_> =
                    records.iter().filter(|record| record.state != KeyState::Destroyed).map(tombstone).collect();
                let ids = left.iter().map(|record| record.id).collect::<Vec<_>>();
                Ok(Proposal::of(left.into_iter().map(Change::Update).collect(), ids))
            })?;
            if ids.is_empty() {
                shredded.sort_unstable();
                return Ok(shredded);
            }
            // Another process may have staged a key since the records were read, which conflicts
            // with nothing: look again.
            shredded.extend(ids);
        }
        Err(KeyringError::Contended(ATTEMPTS))
    }

    fn change_state(&self, id: KeyId, to: KeyState) -> Result<(), KeyringError> {
        self.keyring.inner.administer_key(id, move |_, records| {
            Ok(Proposal::of(vec![Change::Update(step(find(records, id)?, to)?)], ()))
        })
    }
}

/// Whether every process has had the time to read the store since the key was staged.
fn check_published(record: &KeyRecord, delay: Duration) -> Result<(), KeyringError> {
    if delay.is_zero() {
        return Ok(());
    }
    let seconds = |time: i64| Duration::from_secs(u64::try_from(time).unwrap_or_default());
    // Times are whole seconds, so up to one second is added. A clock that is behind the one of the
    // machine that staged the key makes the wait longer.
    let ready = seconds(record.created).saturating_add(delay).saturating_add(Duration::from_secs(1));
    match ready.checked_sub(seconds(unix_seconds())) {
        Some(wait) if !wait.is_zero() => Err(KeyringError::TooEarly { id: record.id, wait }),
        _ => Ok(()),
    }
}
