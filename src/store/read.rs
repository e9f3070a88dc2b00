//! Reading a key store: page by page, record by record, or all of it at once.

use super::{KeyStore, StoreError};
use crate::keys::{KeyId, KeyRecord, MalformedRecord};

/// The most keys that a store can have: [`snapshot`] reads no more.
pub(super) const MAX_KEYS: usize = 1_000_000;

/// How many records are read at a time.
const PAGE: usize = 500;

/// A part of a key store: the records that can be read, and what is wrong with the others. Stores
/// make it by [`Self::new`] or [`Self::cut`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The records, in the order of their ids.
    pub records: Vec<KeyRecord>,
    /// What is wrong with the records that can't be read.
    pub damaged: Vec<MalformedRecord>,
    /// The id that the next page comes after; `None` at the end of the store.
    pub next: Option<KeyId>,
}

impl Page {
    /// Makes a page of what was read in order, record by record.
    #[must_use]
    pub const fn new(records: Vec<KeyRecord>, damaged: Vec<MalformedRecord>, next: Option<KeyId>) -> Self {
        Self { records, damaged, next }
    }

    /// What [`KeyStore::page`] returns in a store that can only be read as a whole: the part of
    /// `records` and `damaged`, in whatever order they are, that comes after `after` and has
    /// `limit` entries. A damaged record without a readable id is reported on the first page.
    #[must_use]
    pub fn cut(records: Vec<KeyRecord>, damaged: Vec<MalformedRecord>, after: Option<KeyId>, limit: usize) -> Self {
        let (with_id, without): (Vec<_>, Vec<_>) = damaged.into_iter().partition(|error| error.key.is_some());
        let mut ids: Vec<KeyId> = records.iter().map(|record| record.id).collect();
        ids.extend(with_id.iter().filter_map(|error| error.key));
        ids.retain(|id| Some(*id) > after);
        ids.sort_unstable();
        ids.dedup();
        let is_last = ids.len() < limit || limit == 0;
        ids.truncate(limit);
        let last = ids.last().copied();
        let is_here = |id: KeyId| Some(id) > after && Some(id) <= last;
        let mut page = Self::new(records, with_id, if is_last { None } else { last });
        page.records.retain(|record| is_here(record.id));
        page.records.sort_by_key(|record| record.id);
        page.damaged.retain(|error| error.key.is_some_and(is_here));
        page.damaged.sort_by_key(|error| error.key);
        // The second of two records with the same id.
        page.damaged.dedup();
        if after.is_none() {
            page.damaged.extend(without);
        }
        page
    }
}

/// Goes through every record that can be read, ordered by id, until `each` fails. Returns what is
/// wrong with the others.
///
/// The store is read part by part: a change that is made meanwhile may or may not be seen.
///
/// # Errors
///
/// The error of `each`, or as for [`KeyStore::page`].
pub fn walk<S: KeyStore + ?Sized, E: From<StoreError>>(
    store: &S,
    mut each: impl FnMut(KeyRecord) -> Result<(), E>,
) -> Result<Vec<MalformedRecord>, E> {
    let (mut after, mut damaged) = (None, Vec::new());
    loop {
        let page = store.page(after, PAGE)?;
        damaged.extend(page.damaged);
        page.records.into_iter().try_for_each(&mut each)?;
        match page.next.filter(|next| Some(*next) > after) {
            Some(next) => after = Some(next),
            None => return Ok(damaged),
        }
    }
}

/// Every record, destroyed ones too, ordered by id, as they were at one moment: for callers that
/// need all of them or none.
///
/// # Errors
///
/// [`StoreError::Malformed`] if any of them is damaged, and as for [`snapshot`].
pub fn load_all<S: KeyStore + ?Sized>(store: &S) -> Result<Vec<KeyRecord>, StoreError> {
    let page = snapshot(store)?;
    match page.damaged.first() {
        Some(error) => Err(StoreError::malformed(store.name(), *error)),
        None => Ok(page.records),
    }
}

/// All of a key store as it was at one moment: the records that can be read, and what is wrong with
/// the others.
///
/// # Errors
///
/// [`StoreError::Damaged`] if there are more than a million records, and as for [`KeyStore::page`].
pub fn snapshot<S: KeyStore + ?Sized>(store: &S) -> Result<Page, StoreError> {
    let page = store.page(None, MAX_KEYS + 1)?;
    if page.records.len() + page.damaged.len() > MAX_KEYS {
        return Err(StoreError::damaged(store.name(), format!("it has more than {MAX_KEYS} keys")));
    }
    Ok(page)
}
