//! AES-256-GCM, NIST SP 800-38D, with random 96-bit nonces.

use super::cipher::{CipherError, SuiteCipher};
use crate::keys::ColumnKey;
use crate::random;
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use std::sync::atomic::{AtomicU64, Ordering};

/// The most values that one key may seal with random nonces (SP 800-38D section 8.3).
const LIMIT: u64 = 1 << 32;

pub(crate) struct Cipher {
    aead: Aes256Gcm,
    /// Values sealed under this key since it was loaded.
    sealed: AtomicU64,
}

impl SuiteCipher for Cipher {
    const PREFIX: usize = 12;
    const SUFFIX: usize = 16;

    fn new(key: &ColumnKey) -> Option<Self> {
        Some(Self { aead: Aes256Gcm::new_from_slice(key.expose()).ok()?, sealed: AtomicU64::new(0) })
    }

    fn seal(&self, aad: &[u8], prefix: &mut [u8], text: &mut [u8], suffix: &mut [u8]) -> Result<(), CipherError> {
        if self.sealed.fetch_add(1, Ordering::Relaxed) >= LIMIT {
            self.sealed.fetch_sub(1, Ordering::Relaxed);
            return Err(CipherError::Exhausted);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_to_seal_beyond_its_limit_and_still_opens() {
        let cipher = Cipher::new(&ColumnKey::for_tests(32)).unwrap();
        let (mut prefix, mut text, mut suffix) = ([0; 12], *b"text", [0; 16]);
        cipher.sealed.store(LIMIT - 1, Ordering::Relaxed);
        cipher.seal(b"", &mut prefix, &mut text, &mut suffix).unwrap();
        let sealed = (prefix, text, suffix);
        assert_eq!(cipher.seal(b"", &mut prefix, &mut text, &mut suffix), Err(CipherError::Exhausted));
        assert_eq!(cipher.seal(b"", &mut prefix, &mut text, &mut suffix), Err(CipherError::Exhausted));
        let (prefix, mut text, suffix) = sealed;
        cipher.open(b"", &prefix, &mut text, &suffix).unwrap();
        assert_eq!(&text, b"text");
    }
}
