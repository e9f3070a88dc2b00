//! Key stores: where wrapped data keys are kept.

#[cfg(feature = "_diesel-store")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "diesel-sqlite", feature = "diesel-postgres", feature = "diesel-mysql"))))]
mod diesel;
#[cfg(all(feature = "diesel-async", any(feature = "diesel-postgres", feature = "diesel-mysql")))]
mod diesel_async;
mod error;
mod file;
#[cfg(any(feature = "_diesel-store", feature = "_sqlx-store"))]
mod kept;
mod memory;
mod migration;
mod read;
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
pub use self::error::{Conflict, StoreError};
pub use self::file::File;
pub use self::memory::Memory;
pub use self::migration::{Migration, MigrationFile, Tool, migration};
pub use self::read::{Page, load_all, snapshot, walk};
#[cfg(feature = "rusqlite")]
pub use self::rusqlite::Rusqlite;
#[cfg(feature = "_sqlx-store")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres", feature = "sqlx-mysql"))))]
pub use self::sqlx::Sqlx;

use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord, KeyState};
use std::fmt::Debug;
use std::sync::Arc;

/// Where the wrapped data keys of a program are kept.
///
/// A store keeps records; it decides nothing. Its one promise is [`Self::commit`]: all changes or
/// none, on top of exactly the revisions that the caller saw, with ids unique and at most one
/// primary a scope, whatever other processes do at the same moment. What it returns is as hostile
/// as the database it lives in: the keyring checks it.
///
/// `fieldseal::testing::key_store_contract` (feature `testing`) checks what is promised here.
///
/// Stores outside of this crate implement it; a method that is added later has a default.
pub trait KeyStore: Debug + Send + Sync {
    /// The records with ids above `after`, at most `limit` of them, in the order of their ids: how
    /// a program walks through more keys than it wants to hold. Destroyed ones are among them.
    ///
    /// A damaged record keeps none of the others from being read. It counts as one of `limit`, and
    /// is reported once, in [`Page::damaged`]: on the page where its id belongs, or on the first or
    /// the last page if its id can't be read. [`Page::cut`] does this for a store that is read as a
    /// whole.
    ///
    /// What a page holds was in the store at one moment. [`load_all`], [`snapshot`] and [`walk`]
    /// read a store through this method.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], [`StoreError::Denied`], [`StoreError::Missing`] or
    /// [`StoreError::Damaged`].
    fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Page, StoreError>;

    /// The records of one scope.
    ///
    /// # Errors
    ///
    /// As for [`Self::page`], and [`StoreError::Malformed`] if one of them is damaged.
    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError>;

    /// One record; `Ok(None)` if there is none of that id.
    ///
    /// # Errors
    ///
    /// As for [`Self::load_scope`].
    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError>;

    /// Applies all of `changes` in one transaction, durably, or none of them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if another process was faster: load again and decide again.
    /// [`StoreError::Malformed`] for a record that couldn't be read again: its copies are too long,
    /// or its revision is above `i64::MAX`. After [`StoreError::Unavailable`] the changes may or
    /// may not have been made.
    fn commit(&self, changes: &[Change]) -> Result<(), StoreError>;

    /// What errors call the store: its path, for example.
    fn name(&self) -> String {
        format!("{self:?}")
    }
}

/// One change to a key store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Adds a record with `revision` 1. A conflict if its id is taken, or if it is primary and its
    /// scope has a primary.
    Insert(KeyRecord),
    /// Replaces `state`, `wrapped` and `revision` of the record with that id, if its stored
    /// revision is one less than the new one. A conflict if it isn't, if the record is gone, or if
    /// its scope would have a second primary.
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

macro_rules! forwarded {
    ($Pointer:ident) => {
        impl<S: KeyStore + ?Sized> KeyStore for $Pointer<S> {
            fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Page, StoreError> {
                (**self).page(after, limit)
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

            fn name(&self) -> String {
                (**self).name()
            }
        }
    };
}

forwarded!(Arc);
forwarded!(Box);

/// Refuses records that could be written but not read again.
fn check_writable(store: &str, changes: &[Change]) -> Result<(), StoreError> {
    for change in changes {
        change.record().check_writable().map_err(|error| StoreError::malformed(store, error))?;
    }
    Ok(())
}

/// Applies changes to records in memory: the rules of [`KeyStore::commit`] for stores without a
/// database.
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
        // After each change, as a database's index checks it: a rotation demotes before it
        // promotes.
        let primary = |record: &&KeyRecord| record.scope == scope && record.state == KeyState::Primary;
        if new.state == KeyState::Primary && next.iter().filter(primary).count() > 1 {
            return Err(Conflict::PrimaryTaken(scope));
        }
    }
    *records = next;
    Ok(())
}
