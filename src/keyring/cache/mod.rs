//! The keys that a keyring has: read by every value without a lock, written by few.

mod columns;
mod known;
mod material;
mod sharded;
mod write;

pub(crate) use known::{Ticket, check_opens, key_in, primary_in};
pub(crate) use material::KeyMaterial;
pub(crate) use write::NotTaken;

use crate::context::Scope;
use crate::keyring::clock::Millis;
use crate::keys::KeyId;
use arc_swap::Guard;
use known::{KnownKey, KnownScope};
use sharded::{Shard, Sharded};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) struct Cache {
    keys: Sharded<KeyId, KnownKey>,
    scopes: Sharded<Scope, Arc<KnownScope>>,
    /// How many keys are loaded. Locked by the thread that changes the cache.
    writing: Mutex<usize>,
    max_keys: usize,
    readings: AtomicU64,
    /// The cache once knew of a key that was retired, and has forgotten it. A reading of the store
    /// that began before this ticket may not know of it.
    forgotten: AtomicU64,
    /// When a KMS last refused a key: an answer to an earlier question doesn't bring it back.
    refused: Mutex<HashMap<KeyId, Ticket>>,
}

impl Cache {
    pub(crate) fn new(max_keys: usize) -> Self {
        Self {
            keys: Sharded::default(),
            scopes: Sharded::default(),
            writing: Mutex::new(0),
            max_keys,
            readings: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            refused: Mutex::default(),
        }
    }

    /// A ticket for a reading of the store or a question to the KMS, to be taken before it begins.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.readings.fetch_add(1, Ordering::SeqCst))
    }

    /// Where the scope's primary is, for the hot path: see
    /// [`crate::keyring::cache::known::primary_in`].
    pub(crate) fn scopes_near(&self, scope: &Scope) -> Guard<Arc<Shard<Scope, Arc<KnownScope>>>> {
        self.scopes.shard(scope)
    }

    /// Where the key is, for the hot path: see [`crate::keyring::cache::known::key_in`].
    pub(crate) fn keys_near(&self, id: KeyId) -> Guard<Arc<Shard<KeyId, KnownKey>>> {
        self.keys.shard(&id)
    }

    pub(crate) fn key(&self, id: KeyId) -> Option<KnownKey> {
        self.keys.get(&id)
    }

    pub(crate) fn material(&self, id: KeyId) -> Option<Arc<KeyMaterial>> {
        self.keys.get(&id)?.material
    }

    /// The key, if it may be used now. Asking doesn't count as a use.
    pub(crate) fn usable(&self, id: KeyId, now: Millis) -> Option<Arc<KeyMaterial>> {
        self.material(id).filter(|material| material.is_usable(now))
    }

    pub(crate) fn primary(&self, scope: &Scope) -> Option<KeyId> {
        self.scopes.get(scope)?.primary
    }

    /// The keys of a scope that open values, the primary first; `None` unless all of them are
    /// known.
    pub(crate) fn openable(&self, scope: &Scope) -> Option<Vec<KeyId>> {
        let known = self.scopes.get(scope).filter(|known| known.is_complete)?;
        let mut ids: Vec<_> = known
            .keys
            .iter()
            .filter(|id| self.keys.get(id).is_some_and(|key| key.state.opens()))
            .map(|id| (Some(*id) != known.primary, *id))
            .collect();
        ids.sort_unstable();
        Some(ids.into_iter().map(|(_, id)| id).collect())
    }

    pub(crate) fn for_each(&self, with: impl FnMut(&KeyId, &KnownKey)) {
        self.keys.for_each(with);
    }

    /// The scopes of which a key is loaded.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let mut scopes = Vec::new();
        self.scopes.for_each(|scope, _| scopes.push(scope.clone()));
        scopes
    }

    /// Whether a key of the scope was used, or was loaded because a value needed it.
    pub(crate) fn is_in_use(&self, scope: &Scope) -> bool {
        let is_used = |id: &KeyId| self.material(*id).is_some_and(|material| material.is_in_use());
        self.scopes.get(scope).is_some_and(|known| known.keys.iter().any(is_used))
    }

    pub(crate) fn loaded(&self) -> usize {
        *self.writing()
    }

    /// How many keys are loaded at this moment, and of how many of them `holds` is true.
    pub(crate) fn count(&self, holds: impl Fn(&KeyMaterial) -> bool) -> (u64, u64) {
        let _loaded = self.writing();
        let (mut all, mut some) = (0, 0);
        self.for_each(|_, key| {
            if let Some(material) = &key.material {
                all += 1;
                some += u64::from(holds(material));
            }
        });
        (all, some)
    }

    fn writing(&self) -> MutexGuard<'_, usize> {
        // After a panic the scope is incomplete at worst, and is read again at its next use.
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
