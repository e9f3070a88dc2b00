//! What can go wrong with a key store.

use crate::context::Scope;
use crate::keys::{KeyId, MalformedRecord};
use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

/// Why a key store did nothing.
///
/// A store of your own makes one by the function of its name:
///
/// ```
/// use fieldseal::store::StoreError;
///
/// # fn failed(error: std::io::Error) -> StoreError {
/// StoreError::unavailable("etcd at 10.0.0.7", "it did not answer")
///     .with_hint("see whether it runs, and try again")
///     .with_source(error)
/// # }
/// ```
///
/// The message says what is wrong, [`StoreError::hint`] what to try; `Debug` has both.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process changed the store first, or drew the same id.
    #[error("the key store was changed by another process at the same moment")]
    Conflict(Conflict),
    /// The database reported success and added no record. The whole commit was rolled back.
    #[error("the key store did not keep data key {0}, and nothing of the change was made")]
    NotStored(KeyId),
    /// The store can't be reached, read or written.
    #[error("the key store {store} is unavailable: {message}")]
    #[non_exhaustive]
    Unavailable {
        /// Which store.
        store: String,
        /// What happened.
        message: String,
        /// What to try, if the store knows better than [`StoreError::hint`].
        hint: Option<Cow<'static, str>>,
        /// The database's or file system's own error.
        source: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// The store may not be used: the user, its password or its rights, or a database or file that
    /// can only be read. To try again doesn't help.
    #[error("the key store {store} may not be used: {message}")]
    #[non_exhaustive]
    Denied {
        /// Which store.
        store: String,
        /// What the database or the file system said.
        message: String,
        /// What to try, if the store knows better than [`StoreError::hint`].
        hint: Option<Cow<'static, str>>,
        /// Its own error.
        source: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// The store's table or file doesn't exist yet.
    #[error("the key store {store} does not exist yet")]
    #[non_exhaustive]
    Missing {
        /// Which store.
        store: String,
        /// How to make it, if the store knows better than [`StoreError::hint`].
        hint: Option<Cow<'static, str>>,
    },
    /// A record in the store is damaged.
    #[error("a record in the key store {store} is damaged: {error}")]
    #[non_exhaustive]
    Malformed {
        /// Which store.
        store: String,
        /// What is wrong with it.
        #[source]
        error: MalformedRecord,
    },
    /// The store's file or table is damaged as a whole.
    #[error("the key store {store} is damaged: {message}")]
    #[non_exhaustive]
    Damaged {
        /// Which store.
        store: String,
        /// What is wrong with it.
        message: String,
        /// What to try, if the store knows better than [`StoreError::hint`].
        hint: Option<Cow<'static, str>>,
    },
}

/// An error below, if there is one.
type Source = Option<Arc<dyn Error + Send + Sync>>;

crate::debug::debug_with_hint!(StoreError);

impl StoreError {
    /// [`StoreError::Unavailable`]: `store` names the store, `message` says what happened.
    #[must_use]
    pub fn unavailable(store: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Unavailable { store: store.into(), message: message.into(), hint: None, source: None }
    }

    /// [`StoreError::Denied`]: `store` names the store, `message` says what isn't allowed.
    #[must_use]
    pub fn denied(store: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Denied { store: store.into(), message: message.into(), hint: None, source: None }
    }

    /// [`StoreError::Missing`].
    #[must_use]
    pub fn missing(store: impl Into<String>) -> Self {
        Self::Missing { store: store.into(), hint: None }
    }

    /// [`StoreError::Malformed`].
    #[must_use]
    pub fn malformed(store: impl Into<String>, error: MalformedRecord) -> Self {
        Self::Malformed { store: store.into(), error }
    }

    /// [`StoreError::Damaged`]: `store` names the store, `message` says what is wrong with it.
    #[must_use]
    pub fn damaged(store: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Damaged { store: store.into(), message: message.into(), hint: None }
    }

    /// What to try, in place of what [`StoreError::hint`] says of the kind. No full stop at its
    /// end.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        match &mut self {
            Self::Unavailable { hint, .. }
            | Self::Denied { hint, .. }
            | Self::Missing { hint, .. }
            | Self::Damaged { hint, .. } => *hint = Some(text.into()),
            Self::Conflict(_) | Self::NotStored(_) | Self::Malformed { .. } => {}
        }
        self
    }

    /// The database's or file system's own error. Its text and its `Debug` may be logged: it must
    /// hold no password.
    #[must_use]
    pub fn with_source(self, error: impl Error + Send + Sync + 'static) -> Self {
        self.with_shared_source(Some(Arc::new(error)))
    }

    pub(crate) fn with_shared_source(mut self, error: Source) -> Self {
        if let Self::Unavailable { source, .. } | Self::Denied { source, .. } = &mut self {
            *source = error;
        }
        self
    }

    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub fn hint(&self) -> &str {
        let (hint, of_kind) = match self {
            Self::Conflict(_) => return "try again, from the records as they are now",
            Self::NotStored(_) => return "look for a trigger or rule on the key store's table",
            Self::Unavailable { hint, .. } => (hint, "see whether it can be reached from here, and try again"),
            Self::Denied { hint, .. } => {
                (hint, "check the user, its password and its rights: SELECT, INSERT and UPDATE")
            }
            Self::Missing { hint, .. } => (hint, "make it once, before the first keyring is started"),
            Self::Malformed { error, .. } => return error.hint(),
            Self::Damaged { hint, .. } => {
                (hint, "check that this is the right database or file, or restore it from a backup")
            }
        };
        hint.as_deref().unwrap_or(of_kind)
    }
}

/// Why a commit was in conflict with the store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflict {
    /// The id of a new record is taken: draw another.
    IdTaken(KeyId),
    /// The scope has a primary already.
    PrimaryTaken(Scope),
    /// The record isn't at the revision that the caller saw.
    Stale(KeyId),
}
