//! A KMS that remembers the data keys that go through it: what must be found nowhere else.

use fieldseal::keys::{Binding, DataKey, KekUri, WrappedKey};
use fieldseal::kms::{Kms, KmsError, Local};
use std::fmt;
use std::sync::{Arc, Mutex};

pub struct Spy {
    inner: Local,
    keys: Arc<Mutex<Vec<[u8; 32]>>>,
}

impl Spy {
    pub fn on(inner: Local) -> Self {
        Self { inner, keys: Arc::default() }
    }

    /// Every data key so far, and those to come.
    pub fn keys(&self) -> Arc<Mutex<Vec<[u8; 32]>>> {
        Arc::clone(&self.keys)
    }

    fn remember(&self, key: &DataKey) {
        let mut keys = self.keys.lock().unwrap();
        if !keys.contains(key.expose()) {
            keys.push(*key.expose());
        }
    }
}

impl fmt::Debug for Spy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Kms for Spy {
    fn kek(&self) -> KekUri {
        self.inner.kek()
    }

    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        self.remember(key);
        self.inner.wrap(key, binding)
    }

    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
        let key = self.inner.unwrap(wrapped, binding)?;
        self.remember(&key);
        Ok(key)
    }
}
