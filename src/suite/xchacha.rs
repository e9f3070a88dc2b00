//! XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03, with random 192-bit nonces.

use super::cipher::{CipherError, SuiteCipher};
use crate::keys::ColumnKey;
use crate::random;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};

pub(crate) struct Cipher {
    aead: XChaCha20Poly1305,
}

impl SuiteCipher for Cipher {
    const PREFIX: usize = 24;
    const SUFFIX: usize = 16;

    fn new(key: &ColumnKey) -> Option<Self> {
        Some(Self { aead: XChaCha20Poly1305::new_from_slice(key.expose()).ok()? })
    }

    fn seal(&self, aad: &[u8], prefix: &mut [u8], text: &mut [u8], suffix: &mut [u8]) -> Result<(), CipherError> {
        random::fill_nonce(prefix)?;
        let nonce = (&*prefix).try_into().map_err(|_| CipherError::Rejected)?;
        let tag = self.aead.encrypt_inout_detached(nonce, aad, text.into()).map_err(|_| CipherError::Rejected)?;
        suffix.copy_from_slice(&tag);
        Ok(())
    }

    fn open(&self, aad: &[u8], prefix: &[u8], text: &mut [u8], suffix: &[u8]) -> Result<(), CipherError> {
        let nonce = prefix.try_into().map_err(|_| CipherError::Rejected)?;
        let tag = suffix.try_into().map_err(|_| CipherError::Rejected)?;
        self.aead.decrypt_inout_detached(nonce, aad, text.into(), tag).map_err(|_| CipherError::Rejected)
    }
}
