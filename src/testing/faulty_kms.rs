//! A KMS that counts its calls, and fails as it's told to.

use super::script::{Script, on_command, panic_on_command};
use crate::keys::{Binding, DataKey, KekUri, WrappedKey};
use crate::kms::{Kms, KmsError, Local};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// A KMS for tests: a real one in front of which stands whatever the test wants to happen.
///
/// Share it in an [`Arc`](std::sync::Arc) with the keyring.
///
/// ```
/// use fieldseal::testing::{FaultyKms, KmsFault};
/// use fieldseal::{Keyring, Scope, store};
/// use std::sync::Arc;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kms = Arc::new(FaultyKms::new());
/// let keyring = Keyring::start(Arc::clone(&kms), store::Memory::new())?;
/// keyring.admin().ensure_scope(&Scope::APPLICATION)?;
/// assert_eq!((kms.calls().wraps, kms.calls().unwraps), (1, 1));
///
/// kms.always(KmsFault::Denied);
/// assert!(keyring.admin().ensure_scope(&Scope::tenant(42)?).is_err());
/// kms.heal();
/// keyring.admin().ensure_scope(&Scope::tenant(42)?)?;
/// # Ok(())
/// # }
/// ```
pub struct FaultyKms {
    inner: Box<dyn Kms>,
    /// Holds the file of [`FaultyKms::new`].
    _folder: Option<TempDir>,
    script: Script<KmsFault>,
    wraps: AtomicU64,
    unwraps: AtomicU64,
    rewraps: AtomicU64,
}

/// What a call to the KMS meets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KmsFault {
    /// Too many requests: [`KmsError::Unavailable`].
    Throttled,
    /// No route, no answer: [`KmsError::Unavailable`], at once.
    Unreachable,
    /// The right answer, but late.
    Slow(Duration),
    /// No answer until [`FaultyKms::heal`] is called.
    Hanging,
    /// [`KmsError::Denied`].
    Denied,
    /// [`KmsError::Disabled`].
    Disabled,
    /// [`KmsError::NotFound`]: the KEK is forgotten.
    Forgotten,
    /// [`KmsError::Rejected`].
    Rejected,
    /// [`KmsError::Misconfigured`]: the credentials have expired, say.
    Misconfigured,
    /// A lie: another key than the one that was wrapped, or a copy of another key.
    AnotherKey,
    /// The provider panics.
    Panic,
}

/// How often a KMS was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct KmsCalls {
    /// Keys that were to be wrapped.
    pub wraps: u64,
    /// Copies that were to be unwrapped.
    pub unwraps: u64,
    /// Copies that were to be wrapped again.
    pub rewraps: u64,
}

impl KmsCalls {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.wraps + self.unwraps + self.rewraps
    }
}

impl FaultyKms {
    /// A KMS with a KEK of its own, which ends with it.
    ///
    /// # Panics
    ///
    /// If no temporary file can be made.
    #[must_use]
    #[expect(clippy::expect_used, reason = "as tests want it")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let local = Local::create(folder.path().join("kek.json")).expect("a local KEK");
        Self { _folder: Some(folder), ..Self::over(local) }
    }

    /// Stands in front of another KMS.
    #[must_use]
    pub fn over(inner: impl Kms + 'static) -> Self {
        Self {
            inner: Box::new(inner),
            _folder: None,
            script: Script::new(),
            wraps: AtomicU64::new(0),
            unwraps: AtomicU64::new(0),
            rewraps: AtomicU64::new(0),
        }
    }

    /// The calls so far, failed ones too.
    #[must_use]
    pub fn calls(&self) -> KmsCalls {
        KmsCalls {
            wraps: self.wraps.load(Ordering::SeqCst),
            unwraps: self.unwraps.load(Ordering::SeqCst),
            rewraps: self.rewraps.load(Ordering::SeqCst),
        }
    }

    /// The calls since this was last asked, failed ones too: [`Self::calls`] begins again at 0.
    pub fn take_calls(&self) -> KmsCalls {
        KmsCalls {
            wraps: self.wraps.swap(0, Ordering::SeqCst),
            unwraps: self.unwraps.swap(0, Ordering::SeqCst),
            rewraps: self.rewraps.swap(0, Ordering::SeqCst),
        }
    }

    /// The next call meets that fault. Several are met in the order in which they were given.
    pub fn next(&self, fault: KmsFault) {
        self.script.next(fault);
    }

    /// Every call meets that fault, after those of [`Self::next`].
    pub fn always(&self, fault: KmsFault) {
        self.script.always(fault);
    }

    /// No more faults; calls that hang go on.
    pub fn heal(&self) {
        self.script.heal();
    }

    /// Counts a call; true if it is to be answered with a lie.
    fn meet(&self, calls: &AtomicU64) -> Result<bool, KmsError> {
        calls.fetch_add(1, Ordering::SeqCst);
        let Some(met) = self.script.meet() else { return Ok(false) };
        match met.fault {
            KmsFault::Throttled | KmsFault::Unreachable => Err(KmsError::unavailable(on_command())),
            KmsFault::Denied => Err(KmsError::denied(on_command())),
            KmsFault::Disabled => Err(KmsError::disabled(on_command())),
            KmsFault::Forgotten => Err(KmsError::not_found(on_command())),
            KmsFault::Rejected => Err(KmsError::Rejected),
            KmsFault::Misconfigured => Err(KmsError::misconfigured(on_command())),
            KmsFault::AnotherKey => Ok(true),
            KmsFault::Slow(delay) => {
                std::thread::sleep(delay);
                Ok(false)
            }
            KmsFault::Hanging => {
                self.script.hang(&met);
                Ok(false)
            }
            KmsFault::Panic => panic_on_command(),
        }
    }

    fn another_key() -> Result<DataKey, KmsError> {
        DataKey::random().map_err(|_| KmsError::unavailable("no randomness"))
    }
}

impl Kms for FaultyKms {
    fn kek(&self) -> KekUri {
        self.inner.kek()
    }

    fn holds(&self, kek: &KekUri) -> bool {
        self.inner.holds(kek)
    }

    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        if self.meet(&self.wraps)? {
            self.inner.wrap(&Self::another_key()?, binding)
        } else {
            self.inner.wrap(key, binding)
        }
    }

    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
        if self.meet(&self.unwraps)? { Self::another_key() } else { self.inner.unwrap(wrapped, binding) }
    }

    fn rewrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<Option<WrappedKey>, KmsError> {
        if self.meet(&self.rewraps)? {
            self.inner.wrap(&Self::another_key()?, binding).map(Some)
        } else {
            self.inner.rewrap(wrapped, binding)
        }
    }
}

impl Default for FaultyKms {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FaultyKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyKms")
            .field("inner", &self.inner)
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}
