//! The key that a value needs: from the cache, or loaded if it isn't there.

use crate::context::Scope;
use crate::error::ErrorKind;
use crate::keyring::Keyring;
use crate::keyring::cache::{KeyMaterial, key_in, primary_in};
use crate::keyring::error::KeyringError;
use crate::keyring::need::Need;
use crate::keys::KeyId;

impl Keyring {
    /// Hands the scope's primary to `with`: from the cache, or loaded if it isn't there.
    pub(crate) fn with_primary<T>(
        &self,
        scope: &Scope,
        with: impl FnOnce(&KeyMaterial) -> Result<T, ErrorKind>,
    ) -> Result<T, ErrorKind> {
        let near = self.inner.cache.scopes_near(scope);
        if let Some(key) = primary_in(&near, scope, self.inner.backends.now()) {
            return with(key);
        }
        drop(near);
        let key = self.inner.miss(Need::Seal(scope.clone()))?;
        // A value under another scope's key could never be opened again.
        if key.scope == *scope { with(&key) } else { Err(KeyringError::WrongKey(key.id).into()) }
    }

    /// Hands the key to `with`: from the cache, or loaded if it isn't there.
    pub(crate) fn with_key<T>(
        &self,
        id: KeyId,
        with: impl FnOnce(&KeyMaterial) -> Result<T, ErrorKind>,
    ) -> Result<T, ErrorKind> {
        let near = self.inner.cache.keys_near(id);
        if let Some(key) = key_in(&near, id, self.inner.backends.now())? {
            return with(key);
        }
        drop(near);
        with(&*self.inner.miss(Need::Open(id))?)
    }
}
