//! Key stores: where wrapped data keys are kept.

#[cfg(feature = "_diesel-store")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "diesel-sqlite", feature = "diesel-postgres", feature = "diesel-mysql"))))]
mod diesel;
#[cfg(all(feature = "diesel-async", any(feature = "diesel-postgres", feature = "diesel-mysql")))]
mod diesel_async;
mod file;
#[cfg(any(feature = "_diesel-store", feature = "_sqlx-store"))]
mod kept;
mod memory;
mod migration;
#[cfg(any(
    feature = "_sqlx-store",
    all(feature = "diesel-async", any(feature = "diesel-postgres", feature = "diesel-mysql"))
))]
mod remote;
#[cfg(feature = "rusqlite")]
mod rusqlite;
#[cfg(feature = "_sql-store")]
mod sql;
#[cfg(feature = "_sqlx-store")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres", feature = "sqlx-mysql"))))]
mod sqlx;

#[cfg(feature = "_diesel-store")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "diesel-sqlite", feature = "diesel-postgres", feature = "diesel-mysql")))
)]
pub use self::diesel::Diesel;
#[cfg(all(feature = "diesel-async", any(feature = "diesel-postgres", feature = "diesel-mysql")))]
pub use self::diesel_async::DieselAsync;
pub use self::file::File;
pub use self::memory::Memory;
pub use self::migration::{Dialect, Migration, MigrationFile, Tool, migration};
#[cfg(feature = "rusqlite")]
pub use self::rusqlite::Sqlite;
#[cfg(feature = "_sqlx-store")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres", feature = "sqlx-mysql"))))]
pub use self::sqlx::Sqlx;

use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord, KeyState, MalformedRecord};
use std::fmt::Debug;
use std::sync::Arc;

/// Where the wrapped data keys of a program are kept.
///
/// A store keeps records; it decides nothing. Its one promise is [`Self::commit`]: all changes or none, on top of
/// exactly the revisions that the caller saw, with ids unique and at most one primary a scope, whatever other
/// processes do at the same moment. What it returns is as hostile as the database it lives in: the keyring checks it.
pub trait KeyStore: Debug + Send + Sync {
    /// Every record, destroyed ones too, in no particular order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Malformed`].
    fn load(&self) -> Result<Vec<KeyRecord>, StoreError>;

    /// The records with ids above `after`, at most `most` of them, in the order of their ids: how a program walks through
    /// more keys than it wants to hold.
    ///
    /// This default reads all of them each time.
    ///
    /// # Errors
    ///
    /// As for [`Self::load`].
    fn page(&self, after: Option<KeyId>, most: usize) -> Result<Vec<KeyRecord>, StoreError> {
        let mut records = self.load()?;
        records.retain(|record| Some(record.id) > after);
        records.sort_by_key(|record| record.id);
        records.truncate(most);
        Ok(records)
    }

    /// [`Self::page`], where a damaged record doesn't keep the others from being read. Each one is told of once.
    ///
    /// This default fails as [`Self::page`] does.
    ///
    /// # Errors
    ///
    /// As for [`Self::load`].
    fn page_lossy(&self, after: Option<KeyId>, most: usize) -> Result<Page, StoreError> {
        let records = self.page(after, most)?;
        Ok(Page { next: records.last().map(|record| record.id), records, damaged: Vec::new() })
    }

    /// The records of one scope.
    ///
    /// # Errors
    ///
    /// As for [`Self::load`].
    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError>;

    /// One record; `Ok(None)` if there is none of that id.
    ///
    /// # Errors
    ///
    /// As for [`Self::load`].
    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError>;

    /// Applies all of `changes` in one transaction, durably, or none of them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if another process was faster: load again and decide again. After
    /// [`StoreError::Unavailable`] the changes may or may not have been made.
    fn commit(&self, changes: &[Change]) -> Result<(), StoreError>;
}

/// What can be read of a part of a key store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The records, in the order of their ids.
    pub records: Vec<KeyRecord>,
    /// What is wrong with the others.
    pub damaged: Vec<MalformedRecord>,
    /// The id to go on after; `None` at the end of the store.
    pub next: Option<KeyId>,
}

/// So many records are read at a time.
const PAGE: usize = 500;

/// Goes through every record that can be read, ordered by id, until `each` fails. Returns what is wrong with the others.
///
/// # Errors
///
/// That of `each`, or as for [`KeyStore::page_lossy`].
pub fn walk<E: From<StoreError>>(
    store: &dyn KeyStore,
    mut each: impl FnMut(KeyRecord) -> Result<(), E>,
) -> Result<Vec<MalformedRecord>, E> {
    let (mut after, mut damaged) = (None, Vec::new());
    loop {
        let page = store.page_lossy(after, PAGE)?;
        damaged.extend(page.damaged);
        page.records.into_iter().try_for_each(&mut each)?;
        match page.next.filter(|next| Some(*next) > after) {
            Some(next) => after = Some(next),
            None => return Ok(damaged),
        }
    }
}

/// One change to a key store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Adds a record with `revision` 1. A conflict if its id is taken, or if it is primary and its scope has a primary.
    Insert(KeyRecord),
    /// Replaces `state`, `wrapped` and `revision` of the record with that id, if its stored revision is one less than
    /// the new one. A conflict if it isn't, if the record is gone, or if its scope would have a second primary.
    Update(KeyRecord),
}

impl Change {
    /// The record that the change leaves behind.
    #[must_use]
    pub const fn record(&self) -> &KeyRecord {
        match self {
            Self::Insert(record) | Self::Update(record) => record,
        }
    }
}

/// Why a key store did nothing.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process changed the store first, or drew the same id.
    #[error("the key store was changed by another process at the same moment")]
    Conflict(Conflict),
    /// The database did nothing where a record was to be added, and said nothing: the whole commit was rolled back.
    #[error(
        "the key store did not keep data key {0}, and nothing of the change was made: look for a trigger or rule on its table"
    )]
    NotStored(KeyId),
    /// The store can't be reached, read or written.
    #[error("the key store {store} is unavailable: {message}")]
    Unavailable {
        /// Which store.
        store: String,
        /// What happened and what to do.
        message: String,
        /// The database's or file system's own error.
        #[source]
        source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    },
    /// The store's table or file doesn't exist yet.
    #[error("the key store {store} does not exist yet: {hint}")]
    Missing {
        /// Which store.
        store: String,
        /// How to make it.
        hint: String,
    },
    /// A record in the store is damaged.
    #[error("a record in the key store {store} is damaged: {error}")]
    Malformed {
        /// Which store.
        store: String,
        /// What is wrong with it.
        error: MalformedRecord,
    },
    /// The store's file is damaged as a whole.
    #[error("the key store {store} is damaged: {message}")]
    Damaged {
        /// Which store.
        store: String,
        /// What is wrong with it.
        message: String,
    },
}

crate::error::debug_as_display!(StoreError);

/// What was in the way of a commit.
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

impl<S: KeyStore + ?Sized> KeyStore for Arc<S> {
    fn load(&self) -> Result<Vec<KeyRecord>, StoreError> {
        (**self).load()
    }

    fn page(&self, after: Option<KeyId>, most: usize) -> Result<Vec<KeyRecord>, StoreError> {
        (**self).page(after, most)
    }

    fn page_lossy(&self, after: Option<KeyId>, most: usize) -> Result<Page, StoreError> {
        (**self).page_lossy(after, most)
    }

    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        (**self).load_scope(scope)
    }

    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
        (**self).get(id)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        (**self).commit(changes)
    }
}

/// Refuses records that could be written and then not read again.
fn check_writable(store: &str, changes: &[Change]) -> Result<(), StoreError> {
    for change in changes {
        change
            .record()
            .check_writable()
            .map_err(|error| StoreError::Malformed { store: store.to_owned(), error })?;
    }
    Ok(())
}

/// Applies changes to records in memory: the rules of [`KeyStore::commit`] for stores without a database.
fn apply(records: &mut Vec<KeyRecord>, changes: &[Change]) -> Result<(), Conflict> {
    let mut next = records.clone();
    for change in changes {
        let new = change.record();
        let stored = next.iter_mut().find(|record| record.id == new.id);
        // The stored record's scope: an update doesn't change it.
        let scope = match (change, stored) {
            (Change::Insert(_), Some(_)) => return Err(Conflict::IdTaken(new.id)),
            (Change::Insert(_), None) => {
                next.push(new.clone());
                new.scope.clone()
            }
            (Change::Update(_), Some(old)) if old.revision.checked_add(1) == Some(new.revision) => {
                old.state = new.state;
                old.wrapped.clone_from(&new.wrapped);
                old.revision = new.revision;
                old.scope.clone()
            }
            (Change::Update(_), _) => return Err(Conflict::Stale(new.id)),
        };
        // After each change, as a database's index checks it: a rotation demotes before it promotes.
        let primary = |record: &&KeyRecord| record.scope == scope && record.state == KeyState::Primary;
        if new.state == KeyState::Primary && next.iter().filter(primary).count() > 1 {
            return Err(Conflict::PrimaryTaken(scope));
        }
    }
    *records = next;
    Ok(())
}
