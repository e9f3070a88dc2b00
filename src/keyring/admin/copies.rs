//! The wrapped copies of data keys: under newer versions of a KEK, under more KEKs, under fewer.

use crate::keyring::admin::Admin;
use crate::keyring::admin::change::{ATTEMPTS, check_stored};
use crate::keyring::error::KeyringError;
use crate::keyring::inner::Inner;
use crate::keyring::load::{Backends, within};
use crate::keys::{KekUri, KeyRecord, KeyState, WrappedKey};
use crate::store::{Change, StoreError};
use std::sync::Arc;

impl Admin<'_> {
    /// Wraps every data key again under the newest version of its KEKs, and returns how many needed
    /// it.
    ///
    /// Its cost grows with the number of data keys, not with the number of rows. A key that fails
    /// stays as it was.
    ///
    /// # Errors
    ///
    /// The first failure, that of a damaged record after all others; all other keys have been
    /// rewrapped, unless the KMS can't be reached or the store can't be read: it ends there then.
    pub fn rewrap(&self) -> Result<usize, KeyringError> {
        self.keyring.inner.change_all_copies(|backends, record| {
            let mut copies = record.wrapped.clone();
            let mut changed = false;
            for copy in &mut copies {
                // The old copy is about to be overwritten: what replaces it was unwrapped, and is
                // the very same key.
                if let Some(rewrapped) = backends.rewrap(record, copy)? {
                    *copy = rewrapped;
                    changed = true;
                }
            }
            Ok(changed.then_some(copies))
        })
    }

    /// Gives every data key a copy under the KEK of each of this keyring's KMS, where it has none,
    /// and returns how many keys needed one. The way to a second region, another account, or a
    /// break-glass file.
    ///
    /// # Errors
    ///
    /// As for [`Self::rewrap`].
    pub fn add_copies(&self) -> Result<usize, KeyringError> {
        self.keyring.inner.change_all_copies(|backends, record| {
            let has = |kek: &KekUri| record.wrapped.iter().any(|copy| copy.kek == *kek);
            let missing: Vec<_> = backends.kms.iter().filter(|provider| !has(&provider.kek())).collect();
            if missing.is_empty() || !may_have_copies(record) {
                return Ok(None);
            }
            let key = backends.retry(|| backends.unwrap(record))?;
            let mut copies = record.wrapped.clone();
            for provider in missing {
                copies.push(backends.wrap(record, &key, provider)?);
            }
            Ok(Some(copies))
        })
    }

    /// Takes the copies under that KEK away from every data key, and returns how many had one. The
    /// last copy of a key is never taken away, and one of those that are left has been unwrapped by
    /// one of this keyring's KMS.
    ///
    /// # Errors
    ///
    /// [`KeyringError::LastCopy`], and as for [`Self::rewrap`].
    pub fn remove_copies(&self, kek: &KekUri) -> Result<usize, KeyringError> {
        let kek = kek.clone();
        self.keyring.inner.change_all_copies(move |backends, record| {
            let (removed, left): (Vec<_>, Vec<_>) =
                record.wrapped.iter().cloned().partition(|copy: &WrappedKey| copy.kek == kek);
            if removed.is_empty() {
                return Ok(None);
            }
            if left.is_empty() {
                return Err(KeyringError::LastCopy(record.id));
            }
            let remaining = KeyRecord { wrapped: left, ..record.clone() };
            drop(backends.retry(|| backends.unwrap(&remaining))?);
            Ok(Some(remaining.wrapped))
        })
    }
}

impl Inner {
    /// Changes the copies of one record after the other, and goes on after a failure, unless the
    /// KMS can't be reached: one damaged record must not keep the others under an old KEK.
    fn change_all_copies(
        self: &Arc<Self>,
        change: impl Fn(&Arc<Backends>, &KeyRecord) -> Result<Option<Vec<WrappedKey>>, KeyringError>
        + Send
        + Sync
        + 'static,
    ) -> Result<usize, KeyringError> {
        let (mut changed, mut failed) = (0, None);
        let (change, limit) = (Arc::new(change), self.backends.settings.administration());
        let damaged = self.backends.each_record(|record| {
            let (inner, change) = (Arc::clone(self), Arc::clone(&change));
            match within(limit, move || inner.change_copies(record, &*change)) {
                Ok(done) => changed += usize::from(done),
                // Otherwise a KMS that is gone would be waited for with every single key.
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => failed = failed.take().or(Some(error)),
            }
            Ok(())
        })?;
        let damaged = || damaged.first().map(|error| self.backends.damaged(*error));
        failed.or_else(damaged).map_or(Ok(changed), Err)
    }

    fn change_copies(
        self: &Arc<Self>,
        mut record: KeyRecord,
        change: impl Fn(&Arc<Backends>, &KeyRecord) -> Result<Option<Vec<WrappedKey>>, KeyringError>,
    ) -> Result<bool, KeyringError> {
        for _ in 0..ATTEMPTS {
            let Some(wrapped) = change(&self.backends, &record)? else { return Ok(false) };
            let revision = record.revision.saturating_add(1);
            let id = record.id;
            let changed = KeyRecord { wrapped, revision, ..record };
            match self.backends.store.commit(&[Change::Update(changed.clone())]) {
                Ok(()) => {
                    // A trigger, say, may have kept the old copies: then the old KEK must not go.
                    let stored = self.backends.store.get(id)?;
                    check_stored(&changed, stored.as_slice())?;
                    let keks: Vec<_> = changed.wrapped.iter().map(|copy| copy.kek.as_str()).collect();
                    tracing::info!(key = %id, ?keks, "changed the copies of a data key");
                    return Ok(true);
                }
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
            let Some(again) = self.backends.store.get(id)? else { return Ok(false) };
            record = again;
        }
        Err(KeyringError::Contended(ATTEMPTS))
    }
}

/// A destroyed key has no copies, and must not get any.
fn may_have_copies(record: &KeyRecord) -> bool {
    record.state != KeyState::Destroyed
}
