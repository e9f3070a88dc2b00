//! XAES-256-GCM over 32 bytes: `nonce 24 ‖ ciphertext 32 ‖ tag 16`, for KEKs in a file and for data
//! keys under a KEK.

use crate::keys::scrubbed;
use crate::random::{self, NoRandomness};
use aes_gcm::aead::AeadInOut;
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::KeyInit;
use zeroize::Zeroizing;

/// 32 bytes of key, on the heap so that moving them leaves no copy behind.
pub(super) type Key = Box<Zeroizing<[u8; 32]>>;

pub(super) const NONCE: usize = 24;
pub(super) const SEALED: usize = NONCE + 32 + 16;

pub(super) fn random_key() -> Result<Key, NoRandomness> {
    let mut key = empty_key();
    random::fill(&mut **key)?;
    Ok(key)
}

pub(super) fn empty_key() -> Key {
    Box::new(Zeroizing::new([0; 32]))
}

pub(super) fn seal(key: &Key, aad: &[u8], plaintext: &[u8; 32]) -> Result<[u8; SEALED], NoRandomness> {
    let mut sealed = [0; SEALED];
    let (nonce, rest) = sealed.split_at_mut(NONCE);
    let (text, tag) = rest.split_at_mut(plaintext.len());
    random::fill(nonce)?;
    text.copy_from_slice(plaintext);
    let nonce = (&*nonce).try_into().ok();
    let sealing = scrubbed(|| {
        Xaes256Gcm::new_from_slice(&***key).ok()?.encrypt_inout_detached(nonce?, aad, text.into()).ok()
    });
    #[expect(clippy::expect_used, reason = "all lengths are right, and zeros must never be a tag")]
    tag.copy_from_slice(&sealing.expect("32 bytes of key and of text, 24 of nonce"));
    Ok(sealed)
}

/// `None` if `sealed` isn't 72 bytes or isn't authentic.
pub(super) fn open(key: &Key, aad: &[u8], sealed: &[u8]) -> Option<Key> {
    let (nonce, rest) = sealed.split_at_checked(NONCE)?;
    let (text, tag) = rest.split_at_checked(32)?;
    let mut plaintext = empty_key();
    plaintext.copy_from_slice(text);
    let (nonce, tag) = (nonce.try_into().ok()?, tag.try_into().ok()?);
    let text = plaintext.as_mut_slice().into();
    scrubbed(|| Xaes256Gcm::new_from_slice(&***key).ok()?.decrypt_inout_detached(nonce, aad, text, tag).ok())?;
    Some(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let (key, other) = (random_key().unwrap(), random_key().unwrap());
        let sealed = seal(&key, b"aad", &[7; 32]).unwrap();
        assert_eq!(**open(&key, b"aad", &sealed).unwrap(), [7; 32]);
        assert_ne!(sealed, seal(&key, b"aad", &[7; 32]).unwrap());
        assert!(open(&other, b"aad", &sealed).is_none());
        assert!(open(&key, b"aae", &sealed).is_none());
        for len in 0..SEALED {
            assert!(open(&key, b"aad", &sealed[..len]).is_none());
        }
        assert!(open(&key, b"aad", &[&sealed[..], &[0]].concat()).is_none());
    }
}
