//! What each suite is made of: the closed trait, and how it fails.

use crate::keys::ColumnKey;
use crate::random::NoRandomness;

/// Why a suite did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CipherError {
    /// The value isn't authentic, or the input is beyond what the algorithm takes.
    Rejected,
    /// This key has sealed as many values as its algorithm allows.
    Exhausted,
    /// The operating system gave no random bytes.
    Random,
}

impl From<NoRandomness> for CipherError {
    fn from(NoRandomness: NoRandomness) -> Self {
        Self::Random
    }
}

/// The trait that a suite's file implements. `text` is encrypted and decrypted in place.
pub(super) trait SuiteCipher: Sized {
    /// Bytes in front of the ciphertext.
    const PREFIX: usize;
    /// Bytes after the ciphertext.
    const SUFFIX: usize;

    fn new(key: &ColumnKey) -> Option<Self>;

    /// Fills `prefix` and `suffix` and encrypts `text`.
    fn seal(&self, aad: &[u8], prefix: &mut [u8], text: &mut [u8], suffix: &mut [u8]) -> Result<(), CipherError>;

    /// Checks all of it and decrypts `text`. After a failure `text` must not be used.
    fn open(&self, aad: &[u8], prefix: &[u8], text: &mut [u8], suffix: &[u8]) -> Result<(), CipherError>;
}
