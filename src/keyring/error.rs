//! What can go wrong with the keys themselves.

use crate::context::Scope;
use crate::keys::{KeyId, TransitionError};
use crate::kms::KmsError;
use crate::random::NoRandomness;
use crate::store::StoreError;

/// A keyring could not be opened, refreshed or administered.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The key store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The KMS didn't wrap a new key.
    #[error("a new data key could not be wrapped: {0}")]
    Wrap(#[source] KmsError),
    /// The KMS didn't unwrap a key.
    #[error("data key {id} could not be unwrapped: {error}")]
    Kms {
        /// The key.
        id: KeyId,
        /// Why.
        #[source]
        error: KmsError,
    },
    /// The KMS unwrapped a key, but not the one that the store's commitment names.
    #[error(
        "the KMS returned another key than {0}: its record in the key store was changed, or the KMS is not to be trusted; restore the record from a backup"
    )]
    WrongKey(KeyId),
    /// A key that should open values has no wrapped copy.
    #[error("data key {0} has no wrapped copy in the key store: restore its record from a backup")]
    NoCopy(KeyId),
    /// The store has two records of one id.
    #[error("the key store holds data key {0} twice: remove the copy that is not authentic")]
    Doubled(KeyId),
    /// The store has two primaries for one scope.
    #[error(
        "the key store holds two primary keys for {0}: its unique index is gone; set the older one's state to `active` by SQL and restore the index"
    )]
    TwoPrimaries(Scope),
    /// The store says it made a change that it didn't make.
    #[error(
        "the key store did not keep the change of data key {0}: look for a trigger or rule on its table; if the key was being destroyed, its wrapped copies may still be there"
    )]
    NotStored(KeyId),
    /// There is no such key.
    #[error("the key store has no data key {0}")]
    NoSuchKey(KeyId),
    /// The step isn't part of a key's life.
    #[error("data key {id}: {error}")]
    Transition {
        /// The key.
        id: KeyId,
        /// Which step.
        #[source]
        error: TransitionError,
    },
    /// The scope has no key that could be exported.
    #[error("{0} has no data key in this keyring")]
    NoKeys(Scope),
    /// Other processes kept changing the store.
    #[error("the key store kept changing under {0} attempts: try again")]
    Contended(u32),
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed; no key was created")]
    NoRandomness,
}

impl From<NoRandomness> for KeyringError {
    fn from(NoRandomness: NoRandomness) -> Self {
        Self::NoRandomness
    }
}
