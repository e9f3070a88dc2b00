//! Keys in memory: loaded from a key store, unwrapped by a KMS, ready to seal and open.

mod admin;
mod error;
mod export;
mod seal;
mod slot;
mod snapshot;

pub use error::KeyringError;
pub use slot::{Installed, KeyringSlot, KeyringSource, install};

use crate::context::Scope;
use crate::keys::{DataKey, KeyId, KeyRecord, KeyState, WrappedKey, commitment, scrubbed};
use crate::kms::Kms;
use crate::store::KeyStore;
use arc_swap::ArcSwap;
use snapshot::{Entry, KeyMaterial, Snapshot};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The data keys of a program, unwrapped and ready. Cheap to clone; every clone is the same keyring.
///
/// Sealing and opening take no lock and call no KMS. The keys are wiped when the last clone is dropped.
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
    kms: Box<dyn Kms>,
    store: Box<dyn KeyStore>,
    keys: ArcSwap<Snapshot>,
    /// Held while keys are administered or refreshed, never while a value is sealed or opened.
    changing: Mutex<()>,
}

/// The most copies of one key that are tried: the key store's rows are hostile, and each copy costs a KMS call.
const MAX_COPIES: usize = 16;

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
    /// Loads every data key of the store that still opens values: one KMS call each.
    ///
    /// An empty store gives an empty keyring; [`Self::ensure_scope`] creates a scope's first key.
    ///
    /// # Errors
    ///
    /// If the store can't be read, the KMS doesn't unwrap a key, or an unwrapped key isn't the one the store says.
    pub fn open(kms: impl Kms + 'static, store: impl KeyStore + 'static) -> Result<Self, KeyringError> {
        let keyring = Self {
            inner: Arc::new(Inner {
                kms: Box::new(kms),
                store: Box::new(store),
                keys: ArcSwap::default(),
                changing: Mutex::new(()),
            }),
        };
        keyring.refresh()?;
        Ok(keyring)
    }

    /// Reads the key store again: keys that other processes created, promoted, retired or destroyed take effect. Only
    /// keys that are new to this keyring cost a KMS call.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`]; the keyring is unchanged then.
    pub fn refresh(&self) -> Result<(), KeyringError> {
        let _changing = self.lock();
        let records = self.inner.store.load()?;
        self.replace_with(&records)
    }

    /// What this keyring knows of each data key, ordered by scope and id.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyInfo> {
        let snapshot = self.inner.keys.load();
        let mut keys: Vec<_> = snapshot
            .entries()
            .map(|(id, entry)| KeyInfo { id: *id, scope: entry.scope.clone(), state: entry.state })
            .collect();
        keys.sort_by(|a, b| (&a.scope, a.id).cmp(&(&b.scope, b.id)));
        keys
    }

    /// The id of the key that a scope's values are sealed under now.
    #[must_use]
    pub fn primary(&self, scope: &Scope) -> Option<KeyId> {
        self.inner.keys.load().primary(scope).map(|key| key.id)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        // Nothing is left half done by a panic: the snapshot is replaced in one step.
        self.inner.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the snapshot by what the records say, keeping what is unwrapped already.
    fn replace_with(&self, records: &[KeyRecord]) -> Result<(), KeyringError> {
        let old = self.inner.keys.load_full();
        let mut new = Snapshot::default();
        for record in records {
            let material = match record.state.opens() {
                true => Some(self.material(&old, record)?),
                false => None,
            };
            new.insert(record.id, Entry { scope: record.scope.clone(), state: record.state, material })?;
        }
        self.inner.keys.store(Arc::new(new));
        Ok(())
    }

    /// The unwrapped key of a record: the one that is loaded, or from the KMS.
    fn material(&self, old: &Snapshot, record: &KeyRecord) -> Result<Arc<KeyMaterial>, KeyringError> {
        if let Some(loaded) = old.material(record.id)
            && loaded.scope == record.scope
            && loaded.commitment == record.commitment
        {
            return Ok(loaded);
        }
        self.unwrap(record).map(Arc::new)
    }

    fn unwrap(&self, record: &KeyRecord) -> Result<KeyMaterial, KeyringError> {
        let kms = &self.inner.kms;
        let mut last = None;
        // The copy under the provider's own KEK first: the others may be under KEKs that it doesn't reach.
        let (own, others): (Vec<_>, Vec<_>) = record.wrapped.iter().partition(|copy| copy.kek == kms.kek());
        for wrapped in own.into_iter().chain(others).take(MAX_COPIES) {
            match self.unwrap_copy(record, wrapped) {
                Ok(key) => {
                    tracing::debug!(key = %record.id, scope = %record.scope, kek = %wrapped.kek, "loaded a data key");
                    return Ok(KeyMaterial::new(record, key));
                }
                Err(error @ KeyringError::WrongKey(_)) => last = Some(error),
                Err(error) => last = last.or(Some(error)),
            }
        }
        Err(last.unwrap_or(KeyringError::NoCopy(record.id)))
    }

    /// The key in one wrapped copy, if it is the one that the record is committed to.
    fn unwrap_copy(&self, record: &KeyRecord, wrapped: &WrappedKey) -> Result<DataKey, KeyringError> {
        let id = record.id;
        let key = scrubbed(|| self.inner.kms.unwrap(wrapped, &record.binding()))
            .map_err(|error| KeyringError::Kms { id, error })?;
        if commitment(&key, id, &record.scope) == record.commitment {
            Ok(key)
        } else {
            Err(KeyringError::WrongKey(id))
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("kms", &self.inner.kms)
            .field("store", &self.inner.store)
            .field("keys", &self.keys())
            .finish()
    }
}
