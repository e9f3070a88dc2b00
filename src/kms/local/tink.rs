//! Encrypting a column's keyset under a KEK file, for Tink in another program.

use super::{Local, LocalError, Version};
use crate::format::envelope::Envelope;
use crate::format::tink::{Keyset, TinkKey};
use crate::keys::{KeyId, scrubbed};
use crate::kms::KmsError;
use crate::random;
use crate::suite::Suite;
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use zeroize::Zeroizing;

const NONCE: usize = 12;
const TAG: usize = 16;

impl Local {
    /// Encrypts a serialized Tink keyset under the version that wraps, for
    /// [`crate::keyring::Admin::export_encrypted_tink_keyset`].
    ///
    /// It's what Tink's AES-256-GCM makes without associated data, of a key that is derived from
    /// the KEK and does nothing else. Tink decrypts with
    /// [`Self::dangerously_export_cleartext_tink_keyset`];
    /// [the format of keys](crate::guide::format_keys) says how to derive the key without
    /// fieldseal.
    ///
    /// # Errors
    ///
    /// As for [`crate::kms::Kms::wrap`].
    pub fn encrypt_tink_keyset(&self, keyset: &[u8]) -> Result<Vec<u8>, KmsError> {
        let loaded = self.current()?;
        let version = loaded.primary;
        let missing = || self.no_version(&loaded, version);
        let keys = loaded.versions.get(&version).ok_or_else(missing)?;
        let id = KeyId::new(version).ok_or_else(missing)?;
        encrypt(keys, id, keyset).map_err(KmsError::from)
    }

    /// The AEAD that decrypts what [`Self::encrypt_tink_keyset`] made, as a **cleartext** Tink
    /// keyset in JSON: a key for each version of the KEK. Anyone who has it can read every keyset
    /// that was encrypted under the KEK file; data keys that are wrapped under it stay closed.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`], if the file was changed since.
    pub fn dangerously_export_cleartext_tink_keyset(&self) -> Result<Zeroizing<String>, LocalError> {
        let loaded = self.current()?;
        let key = |(version, keys): (&u32, &Version)| TinkKey::new(*version, Suite::Aes256Gcm, &**keys.tink);
        tracing::warn!(kek = %self.kek, "exported the cleartext Tink keyset of a KEK file");
        Ok(Keyset::new(loaded.primary, loaded.versions.iter().map(key).collect()).to_json())
    }
}

/// `0x01 ‖ u32(version) ‖ nonce ‖ ciphertext ‖ tag`
fn encrypt(keys: &Version, id: KeyId, keyset: &[u8]) -> Result<Vec<u8>, LocalError> {
    let mut nonce = [0; NONCE];
    random::fill(&mut nonce)?;
    let mut text = Zeroizing::new(keyset.to_vec());
    let sealing = scrubbed(|| {
        let aead = Aes256Gcm::new_from_slice(&**keys.tink).ok()?;
        aead.encrypt_inout_detached(&nonce.into(), &[], text.as_mut_slice().into()).ok()
    });
    #[expect(clippy::expect_used, reason = "the key has 32 bytes, and no keyset comes near 64 GiB")]
    let tag = sealing.expect("AES-256-GCM encrypts up to 64 GiB");
    let mut encrypted = Vec::with_capacity(Envelope::header(id).len() + NONCE + text.len() + TAG);
    encrypted.extend(Envelope::header(id));
    encrypted.extend(nonce);
    encrypted.extend_from_slice(&text);
    encrypted.extend_from_slice(&tag);
    Ok(encrypted)
}
