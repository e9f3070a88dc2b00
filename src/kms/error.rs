//! What can go wrong between a keyring and a KMS.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

/// Why a KMS did not answer with a key: one kind for each thing that the caller can do next.
///
/// A provider makes one by the function of its name, and says what it knows:
///
/// ```
/// use fieldseal::kms::KmsError;
///
/// # fn refused(error: std::io::Error) -> KmsError {
/// KmsError::denied("transit/decrypt/app is not allowed")
///     .with_hint("allow it in the token's policy")
///     .with_source(error)
/// # }
/// ```
///
/// The message says what is wrong, [`KmsError::hint`] what to try; `Debug` has both.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KmsError {
    /// Try again later: throttled, unreachable, timed out.
    #[error("the KMS is unavailable: {message}")]
    #[non_exhaustive]
    Unavailable {
        /// What happened.
        message: String,
        /// What to try, if the provider knows better than [`KmsError::hint`].
        hint: Option<Cow<'static, str>>,
        /// The client library's error.
        source: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// This caller isn't allowed to use the KEK.
    #[error("the KMS denied access to the KEK: {message}")]
    #[non_exhaustive]
    Denied {
        /// What is not allowed.
        message: String,
        /// What to try, if the provider knows better than [`KmsError::hint`].
        hint: Option<Cow<'static, str>>,
        /// The client library's error.
        source: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// The KEK is disabled or being deleted.
    #[error("the KEK is disabled: {message}")]
    #[non_exhaustive]
    Disabled {
        /// Which KEK, and what the KMS says of it.
        message: String,
        /// What to try, if the provider knows better than [`KmsError::hint`].
        hint: Option<Cow<'static, str>>,
        /// The client library's error.
        source: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// The KEK, or the version of it that a copy needs, isn't here.
    #[error("the KEK was not found: {message}")]
    #[non_exhaustive]
    NotFound {
        /// What was looked for, and where.
        message: String,
        /// What to try, if the provider knows better than [`KmsError::hint`].
        hint: Option<Cow<'static, str>>,
        /// The client library's error.
        source: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// The wrapped copy isn't authentic for this key id, scope and commitment. Without a reason, on
    /// purpose.
    #[error("the wrapped data key was rejected: it is damaged, or it is not the copy of this key")]
    Rejected,
    /// The provider isn't set up rightly.
    #[error("the KMS provider is misconfigured: {message}")]
    #[non_exhaustive]
    Misconfigured {
        /// What is wrong with it.
        message: String,
        /// What to try, if the provider knows better than [`KmsError::hint`].
        hint: Option<Cow<'static, str>>,
        /// The client library's error.
        source: Option<Arc<dyn Error + Send + Sync>>,
    },
}

/// An error below, if there is one.
type Source = Option<Arc<dyn Error + Send + Sync>>;

crate::debug::debug_with_hint!(KmsError);

macro_rules! made_by {
    ($($(#[$docs:meta])* $function:ident $Kind:ident;)*) => {$(
        $(#[$docs])*
        #[must_use]
        pub fn $function(message: impl Into<String>) -> Self {
            Self::$Kind { message: message.into(), hint: None, source: None }
        }
    )*};
}

impl KmsError {
    made_by! {
        /// [`KmsError::Unavailable`]: the same may succeed later.
        unavailable Unavailable;
        /// [`KmsError::Denied`].
        denied Denied;
        /// [`KmsError::Disabled`].
        disabled Disabled;
        /// [`KmsError::NotFound`].
        not_found NotFound;
        /// [`KmsError::Misconfigured`].
        misconfigured Misconfigured;
    }

    /// What to try, in place of what [`KmsError::hint`] says of the kind. No full stop at its end.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        if let Some((hint, _)) = self.details() {
            *hint = Some(text.into());
        }
        self
    }

    /// The client library's error. Its text and its `Debug` may be logged: it must hold no
    /// credentials and no key.
    #[must_use]
    pub fn with_source(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        if let Some((_, source)) = self.details() {
            *source = Some(Arc::new(error));
        }
        self
    }

    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub fn hint(&self) -> &str {
        let (hint, of_kind) = match self {
            Self::Unavailable { hint, .. } => {
                (hint, "try again later; if it stays, see whether the KMS can be reached from here")
            }
            Self::Denied { hint, .. } => (hint, "give this program the right to wrap and unwrap under the KEK"),
            Self::Disabled { hint, .. } => (hint, "enable the KEK again, or cancel its deletion, in the KMS"),
            Self::NotFound { hint, .. } => (hint, "open the keyring with the KEK that the key was wrapped under"),
            Self::Rejected => return "restore the key's record in the key store from a backup",
            Self::Misconfigured { hint, .. } => (hint, "look at the provider's settings and credentials"),
        };
        hint.as_deref().unwrap_or(of_kind)
    }

    fn details(&mut self) -> Option<(&mut Option<Cow<'static, str>>, &mut Source)> {
        match self {
            Self::Unavailable { hint, source, .. }
            | Self::Denied { hint, source, .. }
            | Self::Disabled { hint, source, .. }
            | Self::NotFound { hint, source, .. }
            | Self::Misconfigured { hint, source, .. } => Some((hint, source)),
            Self::Rejected => None,
        }
    }
}

/// What isn't there in time may be there later; a library that panics won't be fixed by that.
#[cfg(feature = "blocking")]
impl From<crate::blocking::Stopped> for KmsError {
    fn from(stopped: crate::blocking::Stopped) -> Self {
        use crate::blocking::Stopped;
        let error = match stopped {
            Stopped::TimedOut => Self::unavailable(stopped.to_string()),
            Stopped::Panicked => Self::misconfigured(stopped.to_string()),
        };
        error.with_hint(stopped.hint()).with_source(stopped)
    }
}
