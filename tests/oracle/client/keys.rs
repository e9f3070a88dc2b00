//! A keyring whose data key the oracle is told.

use super::Key;
use fieldseal::{Error, Keyring, Scope, store};
use std::sync::Arc;
use testkit::known_keys;
use testkit::place::Place;

/// A keyring with a key for one scope, and the same key for the oracle.
pub struct Keys {
    pub keyring: Keyring,
    pub store: Arc<store::Memory>,
    pub scope: Scope,
    id: u32,
    bytes: Vec<u8>,
}

impl Keys {
    pub fn of(place: &Place) -> Self {
        let scope = place.scope();
        let (keyring, store) = known_keys::fresh_keyring(std::slice::from_ref(&scope));
        let (id, bytes) = known_keys::primary(&store, &scope);
        Self { keyring, store, scope, id, bytes }
    }

    pub fn key(&self) -> Key<'_> {
        Key { id: self.id, bytes: &self.bytes }
    }

    pub fn seal(&self, place: &Place, plaintext: &[u8]) -> Vec<u8> {
        self.keyring.seal_bytes(&place.column(), &place.context(), plaintext).unwrap()
    }

    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let opened = self.keyring.open_bytes(&place.column(), &place.context(), sealed)?;
        Ok(opened.expect("a value").to_vec())
    }

    pub fn keyset(&self, place: &Place) -> String {
        self.keyring
            .admin()
            .dangerously_export_cleartext_tink_keyset(&place.column(), &self.scope)
            .unwrap()
            .to_string()
    }
}
