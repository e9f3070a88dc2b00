//! What changes the cache: the store's records taken in, keys loaded and dropped, scopes forgotten.
//! One thread at a time.

use crate::context::Scope;
use crate::error::ErrorKind;
use crate::keyring::cache::Cache;
use crate::keyring::cache::known::{KnownKey, KnownScope, Ticket, check_opens, primary_of};
use crate::keyring::cache::material::KeyMaterial;
use crate::keyring::clock::Millis;
use crate::keyring::error::KeyringError;
use crate::keys::{KeyId, KeyRecord, KeyState};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

/// The most refusals that are remembered.
const MAX_REFUSED: usize = 4096;

/// Why a key that was loaded isn't taken in.
pub(crate) enum NotTaken {
    /// The store or the KMS has said otherwise since: ask again.
    Stale,
    /// It doesn't open values.
    Refused(ErrorKind),
}

impl Cache {
    /// Takes in what the store says of a scope, all of its records.
    ///
    /// # Errors
    ///
    /// If the records contradict each other. What was known of the scope stays as it was.
    pub(crate) fn learn(&self, as_of: Ticket, scope: &Scope, records: &[KeyRecord]) -> Result<(), KeyringError> {
        let primary = primary_of(scope, records)?;
        let mut loaded = self.writing();
        let before = self.scopes.get(scope);
        if before.as_ref().is_some_and(|known| known.is_complete && known.as_of > as_of) {
            return Ok(());
        }
        for record in records.iter().filter(|record| record.state.opens()) {
            // Id, scope and commitment of a key never change. Where they differ, the loaded key is
            // right and the record was altered.
            if self.material(record.id).is_some_and(|material| !material.is_of(record)) {
                return Err(KeyringError::Altered(record.id));
            }
        }
        let kept: HashSet<_> = records.iter().map(|record| record.id).collect();
        for gone in before.iter().flat_map(|known| &known.keys).filter(|id| !kept.contains(*id)) {
            self.forget(*gone, &mut loaded);
        }
        for record in records {
            let known = self.keys.get(&record.id);
            if known.as_ref().is_some_and(|known| known.as_of > as_of && !known.state.opens()) {
                continue;
            }
            let material = known.and_then(|key| key.material);
            let kept = material.clone().filter(|material| record.state.opens() && material.is_of(record));
            *loaded -= usize::from(material.is_some() && kept.is_none());
            let known = KnownKey { scope: scope.clone(), state: record.state, material: kept, as_of };
            self.keys.set(&record.id, Some(known));
        }
        if records.is_empty() {
            self.scopes.set(scope, None);
        } else {
            let keys = records.iter().map(|record| record.id).collect();
            self.set_scope(scope, KnownScope { primary, material: None, keys, is_complete: true, as_of });
        }
        Ok(())
    }

    /// Takes in a key that was loaded for that record, from a KMS that was asked at `asked`, and
    /// gives back what is to be used.
    ///
    /// # Errors
    ///
    /// If a later reading of the store, or a later answer of the KMS, says otherwise.
    pub(crate) fn put(
        &self,
        as_of: Ticket,
        asked: Ticket,
        record: &KeyRecord,
        material: Arc<KeyMaterial>,
    ) -> Result<Arc<KeyMaterial>, NotTaken> {
        let mut loaded = self.writing();
        let (id, scope) = (record.id, &record.scope);
        if self.refused().get(&id).is_some_and(|refused| asked < *refused) {
            return Err(NotTaken::Stale);
        }
        let known = self.keys.get(&id);
        if known.is_none() && as_of < Ticket(self.forgotten.load(Ordering::SeqCst)) {
            return Err(NotTaken::Stale);
        }
        let (mut state, mut as_of) = (record.state, as_of);
        if let Some(known) = known.as_ref().filter(|known| known.as_of > as_of) {
            (state, as_of) = (known.state, known.as_of);
        }
        check_opens(id, state).map_err(NotTaken::Refused)?;
        let before = known.and_then(|known| known.material);
        if before.is_none() {
            self.make_room(&mut loaded);
            *loaded += 1;
        }
        let in_scope = self.with_member(scope, id, as_of);
        if in_scope.primary != Some(id) && state == KeyState::Primary {
            // One record alone doesn't tell that the key is the primary: that takes a reading of
            // the whole scope.
            state = KeyState::Active;
        }
        // A key that is loaded already stays: its ciphers count what they sealed.
        let material = before.filter(|before| before.is_of(record)).unwrap_or(material);
        let entry = KnownKey { scope: scope.clone(), state, material: Some(Arc::clone(&material)), as_of };
        self.keys.set(&id, Some(entry));
        self.set_scope(scope, in_scope);
        Ok(material)
    }

    /// Takes in one record by itself: if it says that a known key no longer opens values, the key
    /// is dropped.
    pub(crate) fn note(&self, as_of: Ticket, record: &KeyRecord) {
        let mut loaded = self.writing();
        let Some(known) = self.keys.get(&record.id).filter(|known| known.as_of <= as_of) else { return };
        if !record.state.opens() {
            self.unload(record.id, &mut loaded);
            if self.keys.get(&record.id).is_some() {
                let known = KnownKey { state: record.state, material: None, as_of, ..known };
                self.keys.set(&record.id, Some(known));
            }
        }
    }

    /// Drops a key, so that it must be loaded again before it's used. True if it was loaded.
    pub(crate) fn drop_key(&self, id: KeyId) -> bool {
        let mut loaded = self.writing();
        self.unload(id, &mut loaded)
    }

    /// Drops a key that the KMS refused when it was asked at `asked`. True if it was loaded.
    pub(crate) fn drop_refused(&self, asked: Ticket, id: KeyId) -> bool {
        let mut loaded = self.writing();
        let mut refused = self.refused();
        if refused.len() >= MAX_REFUSED {
            refused.clear();
        }
        refused.insert(id, asked);
        drop(refused);
        self.unload(id, &mut loaded)
    }

    /// Forgets a scope of which no key is loaded: called after a load that failed.
    pub(crate) fn forget_if_idle(&self, scope: &Scope) {
        let _loaded = self.writing();
        self.forget_idle(scope);
    }

    /// Drops a key if `condition` still holds under the lock. True if it was dropped.
    pub(crate) fn drop_if(&self, id: KeyId, condition: impl FnOnce(&KeyMaterial) -> bool) -> bool {
        let mut loaded = self.writing();
        let holds = self.material(id).is_some_and(|material| condition(&material));
        holds && self.unload(id, &mut loaded)
    }

    /// Drops everything.
    pub(crate) fn clear(&self) {
        let mut loaded = self.writing();
        let (mut ids, mut scopes) = (Vec::new(), Vec::new());
        self.keys.for_each(|id, _| ids.push(*id));
        self.scopes.for_each(|scope, _| scopes.push(scope.clone()));
        ids.iter().for_each(|id| self.keys.set(id, None));
        scopes.iter().for_each(|scope| self.scopes.set(scope, None));
        *loaded = 0;
        self.forgot();
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<KeyId, Ticket>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something was forgotten which an older reading of the store may contradict.
    fn forgot(&self) {
        self.forgotten.store(self.readings.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Makes room for one more: those that were not used for the longest go.
    fn make_room(&self, loaded: &mut usize) {
        if *loaded < self.max_keys {
            return;
        }
        let mut by_use: Vec<(Millis, KeyId)> = Vec::with_capacity(*loaded);
        self.keys.for_each(|id, key| {
            if let Some(material) = &key.material {
                by_use.push((material.last_used(), *id));
            }
        });
        // A few more than needed: looking for them costs more than loading one again.
        let excess = *loaded + 1 - self.max_keys + self.max_keys / 32;
        let excess = excess.min(by_use.len());
        by_use.sort_unstable();
        for (_, id) in by_use.into_iter().take(excess) {
            tracing::debug!(key = %id, "dropped a data key: too many are loaded");
            self.unload(id, loaded);
        }
    }

    fn unload(&self, id: KeyId, loaded: &mut usize) -> bool {
        let Some(known) = self.keys.get(&id).filter(|known| known.material.is_some()) else { return false };
        *loaded -= 1;
        self.keys.set(&id, Some(KnownKey { material: None, ..known.clone() }));
        if let Some(scope) = self.scopes.get(&known.scope) {
            self.set_scope(&known.scope, KnownScope::clone(&scope));
        }
        self.forget_idle(&known.scope);
        true
    }

    /// Forgets the scope if no key of it is loaded: so the number of known scopes is bounded too.
    fn forget_idle(&self, scope: &Scope) {
        let Some(known) = self.scopes.get(scope) else { return };
        let is_loaded = |id: &KeyId| self.material(*id).is_some();
        if !known.keys.iter().any(is_loaded) {
            if known.keys.iter().any(|id| self.keys.get(id).is_some_and(|key| !key.state.opens())) {
                self.forgot();
            }
            known.keys.iter().for_each(|id| self.keys.set(id, None));
            self.scopes.set(scope, None);
        }
    }

    fn forget(&self, id: KeyId, loaded: &mut usize) {
        self.forgot();
        *loaded -= usize::from(self.material(id).is_some());
        self.keys.set(&id, None);
    }

    /// The scope with that key among its keys.
    fn with_member(&self, scope: &Scope, id: KeyId, as_of: Ticket) -> KnownScope {
        match self.scopes.get(scope) {
            Some(known) => {
                let mut known = KnownScope::clone(&known);
                if !known.keys.contains(&id) {
                    known.keys.push(id);
                }
                known
            }
            None => KnownScope { primary: None, material: None, keys: vec![id], is_complete: false, as_of },
        }
    }

    /// Sets the scope, with its primary as it's loaded now.
    fn set_scope(&self, scope: &Scope, known: KnownScope) {
        let material = known.primary.and_then(|id| self.material(id));
        self.scopes.set(scope, Some(Arc::new(KnownScope { material, ..known })));
    }
}
