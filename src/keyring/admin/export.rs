//! One column's keys as a Tink keyset, for readers in other languages.

use crate::context::Scope;
use crate::format::tink::{Keyset, TinkKey};
use crate::keyring::admin::Admin;
use crate::keyring::cache::KeyMaterial;
use crate::keyring::error::KeyringError;
use crate::keyring::need::Need;
use crate::keys::{KeyId, KeyState, column_key};
use crate::model::Column;
use std::sync::Arc;
use zeroize::Zeroizing;

impl Admin<'_> {
    /// The column's keys in a scope as a **cleartext** Tink keyset in JSON. Anyone who has it can
    /// read and forge every value of the column in that scope, and no rotation of the KEK changes
    /// that.
    ///
    /// It holds one key for each primary or active data key of the scope, under the column's
    /// present suite. Tink needs the associated data of [the format](crate::guide::format) to open
    /// a value.
    ///
    /// # Errors
    ///
    /// [`KeyringError::NoKeys`] if the scope has no primary.
    pub fn dangerously_export_cleartext_tink_keyset(
        &self,
        column: &Column,
        scope: &Scope,
    ) -> Result<Zeroizing<String>, KeyringError> {
        let keyset = self.tink_keyset(column, scope)?;
        tracing::warn!(table = column.table(), column = column.name(), %scope, "exported a cleartext Tink keyset");
        Ok(keyset.to_json())
    }

    /// The column's keys in a scope as an encrypted Tink keyset in JSON. Anyone who may decrypt
    /// under the KEK that `encrypt` uses can read and forge every value of the column in that
    /// scope.
    ///
    /// `encrypt` is given the serialized keyset, which is wiped afterwards, and is an AEAD of
    /// Tink's without associated data:
    /// [`kms::Local::encrypt_tink_keyset`](crate::kms::Local::encrypt_tink_keyset) for a KEK file,
    /// and for AWS KMS `AwsKms::encrypt_tink_keyset` of the crate `fieldseal-kms-aws`. It's called
    /// once, unless there are no keys.
    ///
    /// # Errors
    ///
    /// As for [`Self::dangerously_export_cleartext_tink_keyset`], and whatever `encrypt` says.
    pub fn export_encrypted_tink_keyset<E: From<KeyringError>>(
        &self,
        column: &Column,
        scope: &Scope,
        encrypt: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<String, E> {
        let keyset = self.tink_keyset(column, scope)?;
        let encrypted = encrypt(&keyset.to_bytes())?;
        tracing::info!(table = column.table(), column = column.name(), %scope, "exported an encrypted Tink keyset");
        Ok(keyset.to_encrypted_json(&encrypted))
    }

    fn tink_keyset(&self, column: &Column, scope: &Scope) -> Result<Keyset, KeyringError> {
        let suite = column.suite();
        let keys = self.loaded_keys(scope)?;
        let primary = self.keyring.primary(scope).ok_or_else(|| KeyringError::NoKeys(scope.clone()))?;
        let keys = keys.iter().map(|material| {
            let column_key = column_key(material.key(), suite, column.table(), column.name());
            TinkKey::new(material.id.get(), suite, column_key.expose())
        });
        Ok(Keyset::new(primary.get(), keys.collect()))
    }

    /// The primary and active keys of a scope, loaded if they weren't.
    fn loaded_keys(&self, scope: &Scope) -> Result<Vec<Arc<KeyMaterial>>, KeyringError> {
        self.keyring.prefetch_blocking([Need::Seal(scope.clone())])?;
        let staged =
            |id: &KeyId| self.keyring.inner.cache.key(*id).is_some_and(|key| key.state == KeyState::Staged);
        let openable =
            self.keyring.inner.cache.openable(scope).ok_or_else(|| KeyringError::NoKeys(scope.clone()))?;
        let ids: Vec<_> = openable.into_iter().filter(|id| !staged(id)).collect();
        self.keyring.prefetch_blocking(ids.iter().copied().map(Need::Open))?;
        let now = self.keyring.inner.backends.now();
        let key = |id| self.keyring.inner.cache.usable(id, now).ok_or(KeyringError::NoSuchKey(id));
        ids.into_iter().map(key).collect()
    }
}
