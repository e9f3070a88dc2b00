//! A key store that counts its calls, and fails as it's told to.

use super::script::{Met, Script, on_command, panic_on_command};
use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord, MalformedRecord, RecordColumn};
use crate::store::{Change, Conflict, KeyStore, Memory, Page, StoreError, load_all};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A key store for tests: a real one in front of which stands whatever the test wants to happen.
///
/// Share it in an [`Arc`](std::sync::Arc) with the keyring.
///
/// ```
/// use fieldseal::testing::{FaultyKms, FaultyStore, StoreFault};
/// use fieldseal::{Keyring, Scope};
/// use std::sync::Arc;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(FaultyStore::new());
/// let keyring = Keyring::start(FaultyKms::new(), Arc::clone(&store))?;
///
/// // Another process draws the same id for a key: this one draws another.
/// store.next_commit(StoreFault::IdTaken);
/// keyring.admin().ensure_scope(&Scope::APPLICATION)?;
/// assert_eq!(store.calls().commits, 2);
///
/// store.always(StoreFault::Unavailable);
/// assert!(keyring.refresh().is_err());
/// store.heal();
/// keyring.refresh()?;
/// # Ok(())
/// # }
/// ```
pub struct FaultyStore {
    inner: Box<dyn KeyStore>,
    script: Script<StoreFault>,
    /// For commits alone, and before what is in `script`.
    commits_script: Script<StoreFault>,
    before_commit: Mutex<Option<Act>>,
    reads: AtomicU64,
    commits: AtomicU64,
}

type Act = Box<dyn FnOnce() + Send>;

/// What a call to the key store meets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFault {
    /// [`StoreError::Unavailable`], at once. Nothing was changed.
    Unavailable,
    /// The right answer, but late.
    Slow(Duration),
    /// No answer until [`FaultyStore::heal`] is called.
    Hanging,
    /// [`StoreError::Missing`]: no table, no file.
    Missing,
    /// [`StoreError::Denied`]: the database refuses the user.
    Denied,
    /// [`StoreError::Malformed`]: a record that can't be read, of no id that is known.
    Damaged,
    /// A commit fails with [`Conflict::IdTaken`], for the id in its first change. Nothing was
    /// changed. A reading is answered rightly.
    IdTaken,
    /// A commit fails with [`Conflict::PrimaryTaken`], for the scope in its first change. Nothing
    /// was changed. A reading is answered rightly.
    PrimaryTaken,
    /// A commit fails with [`Conflict::Stale`], for the id in its first change. Nothing was
    /// changed. A reading is answered rightly.
    Stale,
    /// A commit is made, and its answer lost: [`StoreError::Unavailable`]. A reading is answered
    /// rightly.
    AnswerLost,
    /// The records of a scope are those of every scope whose name differs in nothing but the case
    /// of ASCII letters, as MySQL compares text unless it's told otherwise. Other calls are
    /// answered rightly.
    IgnoresCase,
    /// The store panics.
    Panic,
}

/// How often a key store was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StoreCalls {
    /// Readings of one record, some or all.
    pub reads: u64,
    /// Commits.
    pub commits: u64,
}

impl StoreCalls {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.reads + self.commits
    }
}

impl FaultyStore {
    /// An empty store in memory.
    #[must_use]
    pub fn new() -> Self {
        Self::over(Memory::new())
    }

    /// Stands in front of another store.
    #[must_use]
    pub fn over(inner: impl KeyStore + 'static) -> Self {
        Self {
            inner: Box::new(inner),
            script: Script::new(),
            commits_script: Script::new(),
            before_commit: Mutex::new(None),
            reads: AtomicU64::new(0),
            commits: AtomicU64::new(0),
        }
    }

    /// The calls so far, failed ones too.
    #[must_use]
    pub fn calls(&self) -> StoreCalls {
        StoreCalls { reads: self.reads.load(Ordering::SeqCst), commits: self.commits.load(Ordering::SeqCst) }
    }

    /// The next call meets that fault. Several are met in the order in which they were given.
    pub fn next(&self, fault: StoreFault) {
        self.script.next(fault);
    }

    /// The next commit meets that fault, whatever is read before it. Several are met in the order
    /// in which they were given, and before those of [`Self::next`].
    pub fn next_commit(&self, fault: StoreFault) {
        self.commits_script.next(fault);
    }

    /// Every call meets that fault, after those of [`Self::next`].
    pub fn always(&self, fault: StoreFault) {
        self.script.always(fault);
    }

    /// Does that once, just before the next commit: what another process does between this one's
    /// reading and its writing.
    pub fn before_next_commit(&self, act: impl FnOnce() + Send + 'static) {
        *self.before_commit.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(act));
    }

    /// No more faults; calls that hang go on.
    pub fn heal(&self) {
        self.script.heal();
        self.commits_script.heal();
    }

    /// What a reading meets, after which it goes on.
    fn reading(&self) -> Result<Option<StoreFault>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.script.meet().map_or(Ok(None), |met| play(&self.script, met))
    }

    /// What a commit meets, after which it goes on.
    fn committing(&self) -> Result<Option<StoreFault>, StoreError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let act = self.before_commit.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(act) = act {
            act();
        }
        if let Some(met) = self.commits_script.meet() {
            return play(&self.commits_script, met);
        }
        self.script.meet().map_or(Ok(None), |met| play(&self.script, met))
    }
}

/// What every call does about a fault. Gives back what only a reading of a scope or a commit can
/// do.
fn play(script: &Script<StoreFault>, met: Met<StoreFault>) -> Result<Option<StoreFault>, StoreError> {
    match met.fault {
        StoreFault::Unavailable => return Err(unavailable()),
        StoreFault::Missing => return Err(StoreError::missing(name()).with_hint(on_command())),
        StoreFault::Denied => {
            return Err(StoreError::denied(name(), on_command()));
        }
        StoreFault::Damaged => {
            let error = MalformedRecord { key: None, column: RecordColumn::Id };
            return Err(StoreError::malformed(name(), error));
        }
        StoreFault::Panic => panic_on_command(),
        StoreFault::Slow(delay) => std::thread::sleep(delay),
        StoreFault::Hanging => script.hang(&met),
        fault => return Ok(Some(fault)),
    }
    Ok(None)
}

fn name() -> String {
    "a store that misbehaves".to_owned()
}

fn unavailable() -> StoreError {
    StoreError::unavailable(name(), on_command())
}

impl KeyStore for FaultyStore {
    fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Page, StoreError> {
        self.reading()?;
        self.inner.page(after, limit)
    }

    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        if self.reading()? != Some(StoreFault::IgnoresCase) {
            return self.inner.load_scope(scope);
        }
        let mut records = load_all(&self.inner)?;
        records.retain(|record| record.scope.as_str().eq_ignore_ascii_case(scope.as_str()));
        Ok(records)
    }

    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
        self.reading()?;
        self.inner.get(id)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        match (self.committing()?, changes.first().map(Change::record)) {
            (Some(StoreFault::IdTaken), Some(first)) => Err(StoreError::Conflict(Conflict::IdTaken(first.id))),
            (Some(StoreFault::PrimaryTaken), Some(first)) => {
                Err(StoreError::Conflict(Conflict::PrimaryTaken(first.scope.clone())))
            }
            (Some(StoreFault::Stale), Some(first)) => Err(StoreError::Conflict(Conflict::Stale(first.id))),
            (Some(StoreFault::AnswerLost), _) => {
                self.inner.commit(changes)?;
                Err(unavailable())
            }
            _ => self.inner.commit(changes),
        }
    }
}

impl Default for FaultyStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore")
            .field("inner", &self.inner)
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
