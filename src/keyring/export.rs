//! One column's keys as a Tink keyset, for readers in other languages.

use super::material::KeyMaterial;
use super::{Keyring, KeyringError, Need};
use crate::context::Scope;
use crate::keys::{KeyId, KeyState, column_key};
use crate::model::Column;
use crate::suite::Suite;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use std::sync::Arc;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

impl Keyring {
    /// The column's keys in a scope as a **cleartext** Tink keyset in JSON. Whoever has it can read and forge every
    /// value of the column in that scope, and no rotation of the KEK changes that.
    ///
    /// It holds one key for each primary or active data key of the scope, under the column's present suite. Tink
    /// needs the associated data of `docs/format.md` to open a value.
    ///
    /// # Errors
    ///
    /// [`KeyringError::NoKeys`] if the scope has no primary.
    pub fn dangerously_export_cleartext_tink_keyset(
        &self,
        column: &Column,
        scope: &Scope,
    ) -> Result<Zeroizing<String>, KeyringError> {
        let suite = column.suite();
        let keys = self.loaded_keys(scope)?;
        let primary = self.primary(scope).ok_or_else(|| KeyringError::NoKeys(scope.clone()))?;
        let mut key: Vec<_> = keys
            .iter()
            .map(|material| {
                let column_key = column_key(material.key(), suite, column.table(), column.name());
                TinkKey::new(material.id.get(), suite, column_key.expose())
            })
            .collect();
        key.sort_by_key(|key| key.key_id);
        let keyset = TinkKeyset { primary_key_id: primary.get(), key };
        tracing::warn!(table = column.table(), column = column.name(), %scope, "exported a cleartext Tink keyset");
        // Counted first, so that the buffer holding keys never moves.
        #[expect(clippy::expect_used, reason = "strings and numbers always serialize, to text")]
        let bytes = crate::value::encode_json(&keyset).expect("a keyset is JSON");
        #[expect(clippy::expect_used, reason = "as above")]
        let text = std::str::from_utf8(&bytes).expect("JSON is UTF-8");
        Ok(Zeroizing::new(text.to_owned()))
    }
}

impl Keyring {
    /// The primary and active keys of a scope, loaded if they weren't.
    fn loaded_keys(&self, scope: &Scope) -> Result<Vec<Arc<KeyMaterial>>, KeyringError> {
        self.load_blocking([Need::Seal(scope.clone())])?;
        let staged = |id: &KeyId| self.inner.cache.key(*id).is_some_and(|key| key.state == KeyState::Staged);
        let openable = self.inner.cache.openable(scope).ok_or_else(|| KeyringError::NoKeys(scope.clone()))?;
        let ids: Vec<_> = openable.into_iter().filter(|id| !staged(id)).collect();
        self.load_blocking(ids.iter().copied().map(Need::Open))?;
        let now = self.inner.backends.now();
        let key = |id| self.inner.cache.usable(id, now).ok_or(KeyringError::NoSuchKey(id));
        ids.into_iter().map(key).collect()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TinkKeyset {
    primary_key_id: u32,
    key: Vec<TinkKey>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TinkKey {
    key_data: KeyData,
    status: &'static str,
    key_id: u32,
    output_prefix_type: &'static str,
}

#[derive(Serialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
struct KeyData {
    #[zeroize(skip)]
    type_url: String,
    value: String,
    #[zeroize(skip)]
    key_material_type: &'static str,
}

impl TinkKey {
    fn new(key_id: u32, suite: Suite, key: &[u8]) -> Self {
        let (name, proto) = proto(suite, key);
        let key_data = KeyData {
            type_url: format!("type.googleapis.com/google.crypto.tink.{name}"),
            value: STANDARD.encode(&*proto),
            key_material_type: "SYMMETRIC",
        };
        Self { key_data, status: "ENABLED", key_id, output_prefix_type: "TINK" }
    }
}

/// The key's protobuf message: its name and its bytes. Field `version` is 0 and therefore absent.
fn proto(suite: Suite, key: &[u8]) -> (&'static str, Zeroizing<Vec<u8>>) {
    /// XAesGcmParams { salt_size = 12 } as field 2.
    const XAES_PARAMS: [u8; 4] = [0x12, 2, 0x08, 12];
    /// Field 2 and field 3, length-delimited.
    const FIELD_2: u8 = 0x12;
    const FIELD_3: u8 = 0x1a;
    let (name, params, field): (_, &[u8], _) = match suite {
        Suite::Xaes256Gcm => ("XAesGcmKey", &XAES_PARAMS, FIELD_3),
        Suite::XChaCha20Poly1305 => ("XChaCha20Poly1305Key", &[], FIELD_3),
        Suite::Aes256Gcm => ("AesGcmKey", &[], FIELD_3),
        Suite::Aes256Siv => ("AesSivKey", &[], FIELD_2),
    };
    let mut message = Zeroizing::new(Vec::with_capacity(params.len() + 2 + key.len()));
    message.extend_from_slice(params);
    // One length byte: the longest key has 64.
    message.extend_from_slice(&[field, u8::try_from(key.len()).unwrap_or_default()]);
    message.extend_from_slice(key);
    (name, message)
}
