//! A program's keys: what it holds of them, and what it can ask.

use crate::context::Scope;
use crate::keyring::error::KeyringError;
use crate::keyring::inner::Inner;
use crate::keyring::stats::Stats;
use crate::keys::{KeyId, KeyState};
use std::fmt;
use std::sync::Arc;

/// The data keys of a program, unwrapped and ready. Cheap to clone; every clone is the same
/// keyring.
///
/// Sealing and opening take no lock and call no KMS, unless the key isn't loaded: then one call
/// loads it, however many threads wait for it. In the background, leases are renewed and the key
/// store is read again. The keys are wiped when the last clone is dropped.
/// [the keyring's guide](crate::guide::keyring) describes the life of a key in a running process.
///
/// ```
/// use fieldseal::{Keyring, Scope, kms, store};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// let kms = kms::Local::open_or_create(dir.path().join("kek.json"))?;
/// let store = store::File::open_or_create(dir.path().join("keys.json"))?;
/// let keyring = Keyring::start(kms, store)?;
/// keyring.admin().ensure_scope(&Scope::APPLICATION)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Keyring {
    pub(super) inner: Arc<Inner>,
}

/// What a keyring knows of one data key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The key's id.
    pub id: KeyId,
    /// The scope it is for.
    pub scope: Scope,
    /// Where it is in its life.
    pub state: KeyState,
}

impl Keyring {
    /// Reads the key store again, now: keys that other processes created, promoted, retired or
    /// destroyed take effect. The background does the same every
    /// [`KeyringBuilder::refresh_every`](crate::KeyringBuilder::refresh_every).
    ///
    /// Only keys that are new to a scope in use cost a KMS call.
    ///
    /// # Errors
    ///
    /// If the store can't be read, or the records of a scope contradict each other: what is known
    /// of that scope is unchanged then.
    pub fn refresh(&self) -> Result<(), KeyringError> {
        self.inner.refresh()
    }

    /// Does what the background thread does, for programs that have none
    /// ([`KeyringBuilder::without_background`](crate::KeyringBuilder::without_background)), and for
    /// tests: begins renewals, drops what has ended, reads the store if it's time to. Returns how
    /// long nothing will be due.
    pub fn tend(&self) -> std::time::Duration {
        self.inner.tend()
    }

    /// Drops every key from memory. The next value that needs one loads it again.
    pub fn forget_keys(&self) {
        self.inner.cache.clear();
        self.inner.flights.forget_failures();
    }

    /// Counters and timings since the keyring was started.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (lease, now) = (&self.inner.backends.settings.lease, self.inner.backends.now());
        let (loaded, in_grace) = self.inner.cache.count(|material| material.is_in_grace(lease, now));
        self.inner.backends.counters.read(loaded, in_grace)
    }

    /// What this keyring knows of each data key, ordered by scope and id. With more than
    /// [`KeyringBuilder::max_keys`](crate::KeyringBuilder::max_keys) in the store, these are the
    /// keys of the scopes in use.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyInfo> {
        let mut keys = Vec::new();
        self.inner
            .cache
            .for_each(|id, key| keys.push(KeyInfo { id: *id, scope: key.scope.clone(), state: key.state }));
        keys.sort_by(|a, b| (&a.scope, a.id).cmp(&(&b.scope, b.id)));
        keys
    }

    /// The id of the key that a scope's values are sealed under now; `None` if this keyring doesn't
    /// know of one.
    #[must_use]
    pub fn primary(&self, scope: &Scope) -> Option<KeyId> {
        self.inner.cache.primary(scope)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("kms", &self.inner.backends.kms)
            .field("store", &self.inner.backends.store)
            .field("keys", &self.keys())
            .finish()
    }
}
