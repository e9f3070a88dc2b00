//! Keyrings whose data keys a test knows.

use crate::place::commitment;
use fieldseal::keys::{Binding, Commitment, DataKey, KekUri, KeyId, KeyRecord, KeyState, WrappedKey};
use fieldseal::kms::{Kms, KmsError};
use fieldseal::store::{Change, KeyStore, Memory};
use fieldseal::{Keyring, KeyringError, Scope};
use std::sync::Arc;

/// Wraps a data key by leaving it as it is.
#[derive(Debug)]
pub struct NoKms;

impl Kms for NoKms {
    fn kek(&self) -> KekUri {
        KekUri::new("test:none")
    }

    fn wrap(&self, key: &DataKey, _: &Binding) -> Result<WrappedKey, KmsError> {
        Ok(WrappedKey::new(self.kek(), key.expose().to_vec()))
    }

    fn unwrap(&self, wrapped: &WrappedKey, _: &Binding) -> Result<DataKey, KmsError> {
        DataKey::take(&mut wrapped.blob.clone()).ok_or(KmsError::Rejected)
    }
}

pub fn record(data_key: &[u8], key_id: u32, scope: Scope, committed: [u8; 32]) -> KeyRecord {
    let binding = Binding::new(KeyId::new(key_id).expect("a key id"), scope, Commitment::from_bytes(committed));
    KeyRecord::new(binding, KeyState::Primary, vec![WrappedKey::new(NoKms.kek(), data_key.to_vec())], 0)
}

/// A keyring with that one key.
pub fn keyring_of(record: KeyRecord) -> Result<Keyring, KeyringError> {
    let store = Memory::new();
    store.commit(&[Change::Insert(record)]).expect("an empty store takes it");
    Keyring::start(NoKms, store)
}

/// A keyring with exactly that key for the scope.
pub fn keyring(data_key: &[u8], key_id: u32, scope: Scope) -> Keyring {
    let committed = commitment(data_key, key_id, scope.as_str());
    keyring_of(record(data_key, key_id, scope, committed)).expect("a keyring")
}

/// A keyring that makes keys of its own, and where to look them up.
pub fn fresh_keyring(scopes: &[Scope]) -> (Keyring, Arc<Memory>) {
    let store = Arc::new(Memory::new());
    let keyring = Keyring::start(NoKms, Arc::clone(&store)).expect("a keyring");
    for scope in scopes {
        keyring.admin().ensure_scope(scope).expect("a key");
    }
    (keyring, store)
}

/// The scope's primary key: its id and its bytes.
pub fn primary(store: &Memory, scope: &Scope) -> (u32, Vec<u8>) {
    let records = store.load_scope(scope).expect("records");
    let primary = records.iter().find(|record| record.state == KeyState::Primary).expect("a primary key");
    (primary.id.get(), primary.wrapped[0].blob.clone())
}
