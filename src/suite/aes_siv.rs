//! AES-256-SIV, RFC 5297, with the associated data as the one string in front of the plaintext and
//! no nonce.

use super::cipher::{CipherError, SuiteCipher};
use crate::keys::{ColumnKey, scrubbed};
use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;

pub(crate) struct Cipher {
    /// The `siv` type needs `&mut self` for each message and can't be cloned, so each message
    /// expands the key anew, on a stack that is overwritten afterwards. A lock around one would
    /// cost less and serialise all threads.
    key: ColumnKey,
}

impl Cipher {
    fn siv(&self) -> Result<Aes256Siv, CipherError> {
        Aes256Siv::new_from_slice(self.key.expose()).map_err(|_| CipherError::Rejected)
    }
}

impl SuiteCipher for Cipher {
    const PREFIX: usize = 16;
    const SUFFIX: usize = 0;

    fn new(key: &ColumnKey) -> Option<Self> {
        (key.expose().len() == 64).then(|| Self { key: key.duplicate() })
    }

    fn seal(&self, aad: &[u8], prefix: &mut [u8], text: &mut [u8], _suffix: &mut [u8]) -> Result<(), CipherError> {
        let siv =
            scrubbed(|| self.siv()?.encrypt_inout_detached([aad], text.into()).map_err(|_| CipherError::Rejected))?;
        prefix.copy_from_slice(&siv);
        Ok(())
    }

    fn open(&self, aad: &[u8], prefix: &[u8], text: &mut [u8], _suffix: &[u8]) -> Result<(), CipherError> {
        let siv = prefix.try_into().map_err(|_| CipherError::Rejected)?;
        scrubbed(|| self.siv()?.decrypt_inout_detached([aad], text.into(), siv).map_err(|_| CipherError::Rejected))
    }
}
