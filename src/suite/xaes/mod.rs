//! XAES-256-GCM, <https://c2sp.org/XAES-256-GCM>, with random 192-bit nonces.
//!
//! The first half of the nonce (the *stretch*) selects an AES-256-GCM key, the second half is that
//! key's nonce. Deriving the key costs more than sealing a short value does, so a sealer draws a
//! stretch at random, keeps its key, and draws only the second half for each value: at most 2²⁰ of
//! them, so two values under one stretch share a nonce with probability below 2⁻⁵⁷. An opener keeps
//! the keys of stretches that it meets again. The bytes are those of the plain construction;
//! `docs/decisions/0008-xaes-256-gcm-keeps-a-stretch.md` has the figures, and
//! `docs/threat-model.md` says what this reveals.

use crate::keys::{ColumnKey, scrubbed};
use crate::random;
use crate::suite::cipher::{CipherError, SuiteCipher};
use aes::Aes256;
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::AeadInOut;
use arc_swap::{ArcSwapOption, Guard};
use cmac::{Cmac, KeyInit, Mac};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use xaes_256_gcm::Xaes256Gcm;
use zeroize::Zeroizing;

/// Values sealed under one stretch before another is drawn.
const VALUES_PER_STRETCH: u32 = 1 << 20;
/// Threads take stretches by turns, so that they rarely write to one counter. A power of two.
const SEALERS: usize = 8;
/// Stretches that an opener keeps. A power of two.
const OPENERS: usize = 16;

type StretchId = [u8; 12];

pub(crate) struct Cipher {
    key: ColumnKey,
    /// For values whose stretch isn't at hand.
    xaes: Xaes256Gcm,
    sealers: [Slot; SEALERS],
    openers: [Slot; OPENERS],
}

/// One place for a stretch, on a cache line of its own.
#[repr(align(64))]
#[derive(Default)]
struct Slot {
    stretch: ArcSwapOption<Stretch>,
    /// For openers: eight bytes of the last stretch that was not at hand. Only one that is met
    /// twice in a row is kept, so that a table written by many processes doesn't pay for a cache it
    /// can't use.
    candidate: AtomicU64,
}

/// The AES-256-GCM key that the first half of a nonce selects.
struct Stretch {
    id: StretchId,
    aead: Aes256Gcm,
    used: AtomicU32,
    /// The process this was drawn in: a forked child must not go on with it.
    process: u64,
}

impl SuiteCipher for Cipher {
    const PREFIX: usize = 24;
    const SUFFIX: usize = 16;

    fn new(key: &ColumnKey) -> Option<Self> {
        Some(Self {
            xaes: Xaes256Gcm::new_from_slice(key.expose()).ok()?,
            key: key.duplicate(),
            sealers: Default::default(),
            openers: Default::default(),
        })
    }

    fn seal(&self, aad: &[u8], prefix: &mut [u8], text: &mut [u8], suffix: &mut [u8]) -> Result<(), CipherError> {
        let (first, second) = prefix.split_at_mut_checked(12).ok_or(CipherError::Rejected)?;
        random::fill_nonce(second)?;
        let guard = self.sealing_stretch()?;
        let stretch = guard.as_ref().ok_or(CipherError::Rejected)?;
        first.copy_from_slice(&stretch.id);
        stretch.seal(second, aad, text, suffix)
    }

    fn open(&self, aad: &[u8], prefix: &[u8], text: &mut [u8], suffix: &[u8]) -> Result<(), CipherError> {
        let (first, second) = prefix.split_at_checked(12).ok_or(CipherError::Rejected)?;
        let id: &StretchId = first.try_into().map_err(|_| CipherError::Rejected)?;
        let tag = suffix.try_into().map_err(|_| CipherError::Rejected)?;
        let slot = self.openers.get(usize::from(id[0]) % OPENERS).ok_or(CipherError::Rejected)?;
        let at_hand = slot.stretch.load();
        if let Some(stretch) = at_hand.as_ref().filter(|stretch| stretch.id == *id) {
            let nonce = second.try_into().map_err(|_| CipherError::Rejected)?;
            return stretch
                .aead
                .decrypt_inout_detached(nonce, aad, text.into(), tag)
                .map_err(|_| CipherError::Rejected);
        }
        let nonce = prefix.try_into().map_err(|_| CipherError::Rejected)?;
        self.xaes.decrypt_inout_detached(nonce, aad, text.into(), tag).map_err(|_| CipherError::Rejected)?;
        // Only stretches of authentic values get here, so hostile rows can't empty the cache.
        self.keep_if_met_again(slot, id)
    }
}

impl Cipher {
    /// The stretch for the next value of this thread, already counted for it.
    fn sealing_stretch(&self) -> Result<Guard<Option<Arc<Stretch>>>, CipherError> {
        let slot = self.sealers.get(random::thread_number() % SEALERS).ok_or(CipherError::Rejected)?;
        let guard = slot.stretch.load();
        if guard.as_ref().is_some_and(|stretch| stretch.take_one()) {
            return Ok(guard);
        }
        let mut id = StretchId::default();
        random::fill(&mut id)?;
        let fresh = self.derive(&id)?;
        fresh.take_one();
        slot.stretch.store(Some(Arc::clone(&fresh)));
        Ok(Guard::from_inner(Some(fresh)))
    }

    fn keep_if_met_again(&self, slot: &Slot, id: &StretchId) -> Result<(), CipherError> {
        let [a, b, c, d, e, f, g, h, ..] = *id;
        let short = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        if slot.candidate.swap(short, Ordering::Relaxed) == short {
            slot.stretch.store(Some(self.derive(id)?));
        }
        Ok(())
    }

    /// Steps 1 to 5 of the specification, which are NIST SP 800-108r1 in counter mode with CMAC:
    /// `CMAC(K, 0x0001 ‖ "X" ‖ 0x00 ‖ N[:12]) ‖ CMAC(K, 0x0002 ‖ "X" ‖ 0x00 ‖ N[:12])`.
    fn derive(&self, id: &StretchId) -> Result<Arc<Stretch>, CipherError> {
        scrubbed(|| self.derive_on_stack(id).map(Arc::new))
    }

    fn derive_on_stack(&self, id: &StretchId) -> Result<Stretch, CipherError> {
        let mut key = Zeroizing::new([0; 32]);
        let (first, second) = key.split_at_mut(16);
        for (counter, half) in [(1, first), (2, second)] {
            let mut mac =
                <Cmac<Aes256> as KeyInit>::new_from_slice(self.key.expose()).map_err(|_| CipherError::Rejected)?;
            mac.update(&[0, counter, b'X', 0]);
            mac.update(id);
            half.copy_from_slice(&Zeroizing::new(mac.finalize().into_bytes()));
        }
        let aead = Aes256Gcm::new_from_slice(&*key).map_err(|_| CipherError::Rejected)?;
        Ok(Stretch { id: *id, aead, used: AtomicU32::new(0), process: random::process_number() })
    }
}

impl Stretch {
    /// Step 6. `nonce` is the second half of the value's.
    fn seal(&self, nonce: &[u8], aad: &[u8], text: &mut [u8], suffix: &mut [u8]) -> Result<(), CipherError> {
        let nonce = nonce.try_into().map_err(|_| CipherError::Rejected)?;
        let tag = self.aead.encrypt_inout_detached(nonce, aad, text.into()).map_err(|_| CipherError::Rejected)?;
        suffix.copy_from_slice(&tag);
        Ok(())
    }

    /// Counts one value; false if this stretch is used up or belongs to the process that this one
    /// was forked from.
    fn take_one(&self) -> bool {
        self.process == random::process_number() && self.used.fetch_add(1, Ordering::Relaxed) < VALUES_PER_STRETCH
    }
}

#[cfg(test)]
mod tests;
