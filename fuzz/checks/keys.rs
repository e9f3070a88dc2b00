//! Keyrings whose data keys are always the same, so that a finding can be run again.

use fieldseal::keys::{Binding, Commitment, DataKey, KekUri, KeyId, KeyRecord, KeyState, WrappedKey};
use fieldseal::kms::{Kms, KmsError};
use fieldseal::store::{Change, KeyStore, Memory};
use fieldseal::{Keyring, Scope};
use hkdf::Hkdf;
use sha2::Sha256;

/// A data key: 32 times one byte.
pub(super) struct Fixed {
    pub(super) id: u32,
    pub(super) byte: u8,
    pub(super) state: KeyState,
    pub(super) scope: Scope,
}

pub(super) fn keyring(keys: &[Fixed]) -> Keyring {
    let store = Memory::new();
    let changes: Vec<_> = keys.iter().map(|key| Change::Insert(key.record())).collect();
    store.commit(&changes).expect("the keys don't contradict each other");
    Keyring::start(Unwrapped, store).expect("every key is the committed one")
}

impl Fixed {
    fn record(&self) -> KeyRecord {
        let key = [self.byte; DataKey::LEN];
        let id = KeyId::new(self.id).expect("not 0");
        let binding = Binding::new(id, self.scope.clone(), commitment(&key, self.id, &self.scope));
        KeyRecord::new(binding, self.state, vec![WrappedKey::new(Unwrapped.kek(), key.to_vec())], 0)
    }
}

/// `docs/format-keys.md`, "The key store".
fn commitment(key: &[u8], id: u32, scope: &Scope) -> Commitment {
    let scope = scope.as_str().as_bytes();
    let info = [lp(b"fieldseal/1 commitment"), lp(&id.to_be_bytes()), lp(scope)].concat();
    let mut out = [0; Commitment::LEN];
    Hkdf::<Sha256>::new(None, key).expand(&info, &mut out).expect("32 bytes");
    Commitment::from_bytes(out)
}

/// `u32(len(part)) ‖ part`
pub(super) fn lp(part: &[u8]) -> Vec<u8> {
    let len = u32::try_from(part.len()).expect("short");
    [&len.to_be_bytes(), part].concat()
}

/// A KMS whose wrapped keys are the keys themselves.
#[derive(Debug)]
struct Unwrapped;

impl Kms for Unwrapped {
    fn kek(&self) -> KekUri {
        KekUri::new("unwrapped:")
    }

    fn wrap(&self, key: &DataKey, _: &Binding) -> Result<WrappedKey, KmsError> {
        Ok(WrappedKey::new(self.kek(), key.expose().to_vec()))
    }

    fn unwrap(&self, wrapped: &WrappedKey, _: &Binding) -> Result<DataKey, KmsError> {
        DataKey::take(&mut wrapped.blob.clone()).ok_or(KmsError::Rejected)
    }
}
