//! What can go wrong with the keys themselves.

use crate::context::Scope;
use crate::keyring::need::Need;
use crate::keys::{KeyId, TransitionError};
use crate::kms::KmsError;
use crate::random::NoRandomness;
use crate::store::StoreError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A keyring could not be started, refreshed or administered.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The key store failed.
    #[error(transparent)]
    Store(StoreError),
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
        "the KMS returned another key than {0}: its record in the key store was changed, or the KMS is not to be trusted"
    )]
    WrongKey(KeyId),
    /// The scope or commitment in a loaded key's record was changed in the store.
    #[error(
        "the record of data key {0} was changed in the key store: its scope or commitment is not the key's; the loaded key stays in use"
    )]
    Altered(KeyId),
    /// A key that should open values has no wrapped copy.
    #[error("data key {0} has no wrapped copy in the key store")]
    NoCopy(KeyId),
    /// The store has two records of one id.
    #[error("the key store holds data key {0} twice")]
    Doubled(KeyId),
    /// The store has two primaries for one scope.
    #[error("the key store holds two primary keys for {0}, so its unique index is gone")]
    TwoPrimaries(Scope),
    /// The store says it made a change that it didn't make.
    #[error(
        "the key store did not keep the change of data key {0}; if the key was being destroyed, its wrapped copies may still be there"
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
    /// The application's scope can't be forgotten: it is not a tenant's.
    #[error("the application's keys can't be shredded, they are no tenant's")]
    ApplicationScope,
    /// The scope has no key that could be exported.
    #[error("{0} has no data key in this keyring")]
    NoKeys(Scope),
    /// Every copy of the key is under a KEK that is to be taken away.
    #[error("data key {0} has no copy under another KEK")]
    LastCopy(KeyId),
    /// A staged key was published too recently: some process may not have it yet.
    #[error(
        "data key {id} was staged too recently, other processes may not have it yet; it can be promoted in {wait:?}"
    )]
    TooEarly {
        /// The key.
        id: KeyId,
        /// How long to wait.
        wait: Duration,
    },
    /// The KMS or the key store took too long. What was asked for may have been done all the same.
    #[error("the KMS or the key store did not answer within {after:?}{}", .need.as_ref().map(|need| format!(" while {need}")).unwrap_or_default())]
    TimedOut {
        /// What was being loaded.
        need: Option<Need>,
        /// How long it was waited for.
        after: Duration,
    },
    /// The operating system gave no thread to wait on.
    #[error("no thread could be started to wait for the KMS: {0}")]
    NoThread(#[source] Arc<std::io::Error>),
    /// The keyring was dropped while a key was being loaded for it.
    #[error("the keyring was dropped meanwhile")]
    Dropped,
    /// A KMS provider or key store panicked.
    #[error("the KMS provider or key store panicked")]
    Panicked,
    /// Other processes kept changing the store.
    #[error("the key store kept changing under {0} attempts")]
    Contended(u32),
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed; no key was created")]
    NoRandomness,
}

crate::debug::debug_with_hint!(KeyringError);

impl From<NoRandomness> for KeyringError {
    fn from(NoRandomness: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl KeyringError {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Store(error) => error.hint(),
            Self::Wrap(error) | Self::Kms { error, .. } => error.hint(),
            Self::WrongKey(_) | Self::Altered(_) | Self::NoCopy(_) => "restore the key's record from a backup",
            Self::Doubled(_) => "compare both records with a backup, and delete the one that isn't in it",
            Self::TwoPrimaries(_) => {
                "set the older one's state to `active`; in a table, also restore its unique index"
            }
            Self::NotStored(_) => "look for a trigger or rule on the key store's table",
            Self::NoSuchKey(_) => "check the key's id, and that this is the right key store",
            Self::Transition { error, .. } => error.hint(),
            Self::ApplicationScope => "retire and destroy its keys one by one",
            Self::NoKeys(_) => "check the scope, or give it a key with `Admin::rotate`",
            Self::LastCopy(_) => "add a copy with `Admin::add_copies` first",
            Self::TooEarly { .. } => "promote it when that time is over, or use `promote_at_once`",
            Self::TimedOut { .. } => {
                "try again, and see whether the KMS and the key store can be reached from here"
            }
            Self::NoThread(_) => "look at the limits of the process",
            Self::Dropped => "keep the keyring for as long as values are opened: it belongs to the program's state",
            Self::Panicked => "read the panic's message on stderr, and fix the provider or the store",
            Self::Contended(_) => "try again",
            Self::NoRandomness => NoRandomness::HINT,
        }
    }

    /// Whether trying again later may help: something is unreachable, throttled or slow.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Wrap(error) | Self::Kms { error, .. } => matches!(error, KmsError::Unavailable { .. }),
            Self::Store(error) => matches!(error, StoreError::Unavailable { .. } | StoreError::Conflict(_)),
            Self::TimedOut { .. } | Self::Contended(_) | Self::TooEarly { .. } => true,
            _ => false,
        }
    }
}

impl KeyringError {
    /// Whether the KMS has answered that the key must not be used any more. False where this
    /// program can't reach the KMS, or can't prove who it is.
    pub(crate) const fn ends_key(&self) -> bool {
        match self {
            Self::Kms { error, .. } => {
                matches!(
                    error,
                    KmsError::Denied { .. }
                        | KmsError::Disabled { .. }
                        | KmsError::NotFound { .. }
                        | KmsError::Rejected
                )
            }
            Self::WrongKey(_) | Self::NoCopy(_) => true,
            _ => false,
        }
    }
}

/// Why a key could not be loaded when a value needed it.
#[derive(Debug, Clone)]
pub struct LoadError(Arc<KeyringError>);

impl LoadError {
    pub(crate) fn new(error: KeyringError) -> Self {
        Self(Arc::new(error))
    }

    /// The error, with its kind.
    #[must_use]
    pub fn error(&self) -> &KeyringError {
        &self.0
    }

    /// What to try, as [`KeyringError::hint`] has it.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.0.hint()
    }
}

/// Compares the texts: errors of a database or file system can't be compared.
impl PartialEq for LoadError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.to_string() == other.to_string()
    }
}

impl Eq for LoadError {}

/// It displays what [`LoadError::error`] displays, and so has that error's source for its own.
impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.0)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<StoreError> for KeyringError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotStored(id) => Self::NotStored(id),
            other => Self::Store(other),
        }
    }
}
