//! Keys in memory: loaded from a key store, unwrapped by a KMS, ready to seal and open.
//!
//! What every value goes through is `seal` over `cache`; nothing there waits or locks. A key that isn't there is a
//! `load`, on the threads of `workers`, one `flights` a key. `upkeep` and `refresh` keep the cache as the KMS and the
//! store say, and `admin` changes what the store says.

mod admin;
mod builder;
mod cache;
mod clock;
mod error;
mod load;
mod refresh;
mod slot;
mod stats;
#[cfg(feature = "testing")]
mod test_override;
mod turns;
mod upkeep;
mod values;

pub use builder::KeyringBuilder;
pub use clock::Clock;
pub use error::{KeyringError, LoadError, Need};
pub use slot::{Installed, KeyringSlot, KeyringSource, install};
pub use stats::Stats;
#[cfg(feature = "testing")]
pub use test_override::{KeyringOverride, use_keyring};
#[cfg(feature = "_sweep")]
pub(crate) use values::Resealed;

use crate::context::Scope;
use crate::keys::{KeyId, KeyState};
use crate::kms::Kms;
use crate::store::KeyStore;
use cache::Cache;
use load::{Backends, Flights, Workers};
use std::fmt;
use std::sync::Arc;
use turns::Busy;
use upkeep::Upkeep;

/// The data keys of a program, unwrapped and ready. Cheap to clone; every clone is the same keyring.
///
/// Sealing and opening take no lock and call no KMS, unless the key isn't loaded: then one call loads it, however many
/// threads wait for it. In the background, leases are renewed and the key store is read again. The keys are wiped
/// when the last clone is dropped. `docs/keyring.md` describes the life of a key in a running process.
///
/// ```
/// use fieldseal::{Keyring, Scope, kms, store};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// let kms = kms::Local::open_or_create(dir.path().join("kek.json"), None)?;
/// let store = store::File::open_or_create(dir.path().join("keys.json"))?;
/// let keyring = Keyring::open(kms, store)?;
/// keyring.ensure_scope(&Scope::APPLICATION)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    backends: Arc<Backends>,
    cache: Cache,
    flights: Flights,
    workers: Arc<Workers>,
    upkeep: Upkeep,
    /// The scopes whose keys are being administered, one change at a time.
    administering: Busy,
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
    /// Opens a keyring with the settings that fit most programs: see [`KeyringBuilder`] for them.
    ///
    /// Loads every data key of the store that opens values, one KMS call each, in parallel; beyond 10,000 keys only the
    /// application's, and others on demand. An empty store gives an empty keyring; [`Self::ensure_scope`] creates a scope's
    /// first key.
    ///
    /// # Errors
    ///
    /// See [`KeyringBuilder::open`].
    pub fn open(kms: impl Kms + 'static, store: impl KeyStore + 'static) -> Result<Self, KeyringError> {
        Self::builder(kms, store).open()
    }

    /// Other settings: leases, bounds, deadlines, several KMS.
    pub fn builder(kms: impl Kms + 'static, store: impl KeyStore + 'static) -> KeyringBuilder {
        KeyringBuilder::new(kms, store)
    }

    fn start(builder: KeyringBuilder) -> Result<Self, KeyringError> {
        let backends = Arc::new(Backends::new(builder));
        let inner = Arc::new(Inner {
            cache: Cache::new(backends.settings.max_keys),
            flights: Flights::default(),
            workers: Workers::new(backends.settings.parallel, backends.settings.administration()),
            upkeep: Upkeep::default(),
            administering: Busy::default(),
            backends,
        });
        let keyring = Self { inner };
        keyring.preload()?;
        keyring.inner.upkeep.refreshed(keyring.inner.backends.now(), keyring.inner.backends.settings.refresh);
        if keyring.inner.backends.settings.background {
            Upkeep::begin(&keyring.inner)?;
        }
        Ok(keyring)
    }

    /// Reads the key store again, now: keys that other processes created, promoted, retired or destroyed take effect. The
    /// background does the same every [`KeyringBuilder::refresh_every`].
    ///
    /// Only keys that are new to a scope in use cost a KMS call.
    ///
    /// # Errors
    ///
    /// If the store can't be read, or what it says of a scope makes no sense: that scope is unchanged then.
    pub fn refresh(&self) -> Result<(), KeyringError> {
        let loader = self.inner.loader();
        let limit = self.inner.backends.settings.administration();
        let (begun, read) = load::within(limit, move || Ok(loader.reread()))?;
        let loaded = self.inner.wait_for_all(begun);
        read.and(loaded)
    }

    /// Does what the background does, for programs that have none ([`KeyringBuilder::without_background`]), and for tests:
    /// begins renewals, drops what has ended, reads the store if it's time to. Returns how long nothing is due.
    pub fn tend(&self) -> std::time::Duration {
        self.inner.tend()
    }

    /// Drops every key from memory. The next value that needs one loads it again.
    pub fn forget_keys(&self) {
        self.inner.cache.clear();
        self.inner.flights.forget_failures();
    }

    /// Counters and timings since the keyring was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (lease, now) = (&self.inner.backends.settings.lease, self.inner.backends.now());
        let (loaded, in_grace) = self.inner.cache.count(|material| material.is_in_grace(lease, now));
        self.inner.backends.counters.read(loaded, in_grace)
    }

    /// What this keyring knows of each data key, ordered by scope and id. With more than
    /// [`KeyringBuilder::max_keys`] in the store, these are the keys of the scopes in use.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyInfo> {
        let mut keys = Vec::new();
        self.inner
            .cache
            .for_each(|id, key| keys.push(KeyInfo { id: *id, scope: key.scope.clone(), state: key.state }));
        keys.sort_by(|a, b| (&a.scope, a.id).cmp(&(&b.scope, b.id)));
        keys
    }

    /// The id of the key that a scope's values are sealed under now; `None` if this keyring doesn't know of one.
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
