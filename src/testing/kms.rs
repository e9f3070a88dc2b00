//! A KMS that counts its calls, and fails as it's told to.

use crate::keys::{Binding, DataKey, KekUri, WrappedKey};
use crate::kms::{self, KmsError, Local};
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// A KMS for tests: a real one in front of which stands whatever the test wants to happen.
///
/// Share it in an [`Arc`](std::sync::Arc) with the keyring.
pub struct Kms {
    inner: Box<dyn kms::Kms>,
    /// Holds the file of [`Kms::new`].
    _folder: Option<TempDir>,
    script: Mutex<Script>,
    changed: Condvar,
    wraps: AtomicU64,
    unwraps: AtomicU64,
    rewraps: AtomicU64,
}

#[derive(Default)]
struct Script {
    next: VecDeque<Fault>,
    always: Option<Fault>,
    /// Grows when hanging calls are to go on.
    generation: u64,
}

/// What a call to the KMS meets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Too many requests: [`KmsError::Unavailable`].
    Throttled,
    /// No route, no answer: [`KmsError::Unavailable`], at once.
    Unreachable,
    /// The right answer, but late.
    Slow(Duration),
    /// No answer until [`Kms::heal`] is called.
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
pub struct Calls {
    /// Keys that were to be wrapped.
    pub wraps: u64,
    /// Copies that were to be unwrapped.
    pub unwraps: u64,
    /// Copies that were to be wrapped again.
    pub rewraps: u64,
}

impl Calls {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.wraps + self.unwraps + self.rewraps
    }
}

impl Kms {
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
    pub fn over(inner: impl kms::Kms + 'static) -> Self {
        Self {
            inner: Box::new(inner),
            _folder: None,
            script: Mutex::default(),
            changed: Condvar::new(),
            wraps: AtomicU64::new(0),
            unwraps: AtomicU64::new(0),
            rewraps: AtomicU64::new(0),
        }
    }

    /// The calls so far, failed ones too.
    #[must_use]
    pub fn calls(&self) -> Calls {
        Calls {
            wraps: self.wraps.load(Ordering::SeqCst),
            unwraps: self.unwraps.load(Ordering::SeqCst),
            rewraps: self.rewraps.load(Ordering::SeqCst),
        }
    }

    /// The next call meets that fault. Several are met in the order in which they were given.
    pub fn next(&self, fault: Fault) {
        self.script().next.push_back(fault);
    }

    /// Every call meets that fault, after those of [`Self::next`].
    pub fn always(&self, fault: Fault) {
        self.script().always = Some(fault);
    }

    /// No more faults; calls that hang go on.
    pub fn heal(&self) {
        let mut script = self.script();
        let generation = script.generation + 1;
        *script = Script { generation, ..Script::default() };
        self.changed.notify_all();
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call; true if it is to be answered with a lie.
    fn meet(&self, calls: &AtomicU64) -> Result<bool, KmsError> {
        calls.fetch_add(1, Ordering::SeqCst);
        let mut script = self.script();
        let Some(fault) = script.next.pop_front().or_else(|| script.always.clone()) else { return Ok(false) };
        let text = || "on the test's command".to_owned();
        match fault {
            Fault::Throttled | Fault::Unreachable => Err(KmsError::Unavailable(text())),
            Fault::Denied => Err(KmsError::Denied(text())),
            Fault::Disabled => Err(KmsError::Disabled(text())),
            Fault::Forgotten => Err(KmsError::NotFound(text())),
            Fault::Rejected => Err(KmsError::Rejected),
            Fault::Misconfigured => Err(KmsError::Misconfigured(text())),
            Fault::AnotherKey => Ok(true),
            Fault::Slow(delay) => {
                drop(script);
                std::thread::sleep(delay);
                Ok(false)
            }
            Fault::Hanging => {
                let generation = script.generation;
                let healed = self.changed.wait_while(script, |script| script.generation == generation);
                drop(healed.unwrap_or_else(PoisonError::into_inner));
                Ok(false)
            }
            #[expect(clippy::panic, reason = "as the test wants it")]
            Fault::Panic => {
                drop(script);
                panic!("on the test's command")
            }
        }
    }

    fn another_key() -> Result<DataKey, KmsError> {
        DataKey::random().map_err(|_| KmsError::Unavailable("no randomness".to_owned()))
    }
}

impl kms::Kms for Kms {
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

impl Default for Kms {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Kms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kms").field("inner", &self.inner).field("calls", &self.calls()).finish_non_exhaustive()
    }
}
