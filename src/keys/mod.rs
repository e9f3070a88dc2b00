//! Data keys, and what key stores and KMS providers know of them: ids, states, records, wrapped
//! copies and commitments.

mod derivation;
mod record;
mod state;

#[cfg(feature = "_sql-store")]
pub(crate) use record::MAX_WRAPPED_JSON;
pub use record::{KeyRecord, MalformedRecord, RecordColumn, RecordColumns, WrappedKey};
pub use state::{KeyState, TransitionError};

pub(crate) use derivation::{column_key, commitment, hkdf};

use crate::context::Scope;
use crate::format::length_prefix::lp_all;
use crate::random::{self, NoRandomness};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// The id of a data key: random, not 0, unique in a key store, and the second to fifth byte of
/// every value sealed under the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

impl KeyId {
    /// The key id of that number; `None` for 0, which no key has.
    #[must_use]
    pub const fn new(id: u32) -> Option<Self> {
        if id == 0 { None } else { Some(Self(id)) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    pub(crate) fn random() -> Result<Self, NoRandomness> {
        loop {
            let mut bytes = [0; 4];
            random::fill(&mut bytes)?;
            if let Some(id) = Self::new(u32::from_be_bytes(bytes)) {
                return Ok(id);
            }
        }
    }
}

/// As in messages, so that the two can be compared by eye.
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// The name of a KEK, which says where a data key wrapped under it can be unwrapped:
/// `local:<id of the KEK file>` for [`crate::kms::Local`], `aws-kms:<ARN of the key>` for AWS KMS.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct KekUri(String);

impl KekUri {
    /// The KEK that its provider calls by that name, `scheme:rest`. Nothing is checked: only the
    /// provider knows its names.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self(uri.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KekUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The 32 bytes of a data key: wiped on drop, not `Clone`, redacted in `Debug`.
///
/// Only a [`crate::kms::Kms`] provider has reason to touch one.
pub struct DataKey(Box<Zeroizing<[u8; Self::LEN]>>);

impl DataKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Moves a key that a KMS unwrapped out of `bytes`, which are wiped. `None` if they aren't 32.
    #[must_use]
    pub fn take(bytes: &mut [u8]) -> Option<Self> {
        let mut key = Box::new(Zeroizing::new([0; Self::LEN]));
        let fits = bytes.len() == Self::LEN;
        if fits {
            key.copy_from_slice(bytes);
        }
        bytes.zeroize();
        fits.then_some(Self(key))
    }

    /// The key's bytes, for wrapping.
    #[must_use]
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    pub(crate) fn random() -> Result<Self, NoRandomness> {
        let mut key = Box::new(Zeroizing::new([0; Self::LEN]));
        random::fill(&mut **key)?;
        Ok(Self(key))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([redacted])")
    }
}

/// A key for one column, derived from a data key. 32 bytes, or 64 for AES-256-SIV. Wiped on drop.
pub(crate) struct ColumnKey(Zeroizing<Vec<u8>>);

impl ColumnKey {
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A second copy, by a name that can be searched for.
    pub(crate) fn duplicate(&self) -> Self {
        Self(Zeroizing::new(self.0.to_vec()))
    }

    #[cfg(test)]
    pub(crate) fn for_tests(len: u8) -> Self {
        Self(Zeroizing::new((0..len).collect()))
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

/// What ties a key record to exactly one data key: 32 bytes derived from the key, its id and its
/// scope. Two are compared in constant time.
#[derive(Debug, Clone, Copy)]
pub struct Commitment([u8; Self::LEN]);

impl Commitment {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A commitment as a key store holds it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes, as a key store holds them. They reveal nothing of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl PartialEq for Commitment {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Commitment {}

/// What never changes about a data key: its id, its scope and its commitment. A KMS must bind it
/// into the wrapped key, so that one key's wrapped copy can't stand in for another's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binding {
    /// The key's id.
    pub id: KeyId,
    /// The key's scope.
    pub scope: Scope,
    /// The key's commitment.
    pub commitment: Commitment,
}

impl Binding {
    /// The binding of the key with that id, scope and commitment.
    #[must_use]
    pub const fn new(id: KeyId, scope: Scope, commitment: Commitment) -> Self {
        Self { id, scope, commitment }
    }

    /// The canonical bytes ([the format of keys](crate::guide::format_keys), "What the KMS binds"),
    /// for a KMS that takes associated data.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        lp_all(&[
            b"fieldseal/1 data key",
            &self.id.get().to_be_bytes(),
            self.scope.as_str().as_bytes(),
            self.commitment.as_bytes(),
        ])
    }
}

/// Does `work` on a part of the stack that is overwritten afterwards: keys that were moved or
/// expanded there would otherwise stay readable in a core dump. What it returns must hold no key,
/// unless on the heap.
pub(crate) fn scrubbed<T>(work: impl FnOnce() -> T) -> T {
    let done = in_own_frame(work);
    overwrite_stack();
    done
}

/// Never inlined: what is in the caller's own frame isn't reached from [`overwrite_stack`].
#[inline(never)]
fn in_own_frame<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn overwrite_stack() {
    /// Deeper than any derivation goes; frames are larger without optimization. `tests/memory`
    /// measures it.
    const DEPTH: usize = if cfg!(debug_assertions) { 160 * 1024 } else { 12 * 1024 };
    std::hint::black_box(&mut [0_u8; DEPTH]);
}
