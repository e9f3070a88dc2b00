//! The records of a key store, as far as they can be read.

use crate::error::Error;
use fieldseal::keys::{KeyId, KeyRecord, KeyState, MalformedRecord};
use fieldseal::store::{self, KeyStore};
use serde::Serialize;
use std::collections::HashMap;

/// What can be read of a key store.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) records: Vec<KeyRecord>,
    pub(crate) damaged: Vec<MalformedRecord>,
}

/// A record that can't be read.
#[derive(Debug, Serialize)]
pub(crate) struct DamagedKey {
    /// Null if that can't be read either.
    id: Option<String>,
    /// What is malformed.
    column: &'static str,
}

impl Stored {
    pub(super) fn read(store: &dyn KeyStore) -> Result<Self, Error> {
        let page = store::snapshot(store)?;
        Ok(Self { records: in_order(page.records), damaged: page.damaged })
    }

    /// What is wrong with a record that may be of any scope.
    pub(crate) fn of_unknown_scope(&self) -> Option<Error> {
        self.damaged.iter().find(|error| error.may_be_of_any_scope()).map(Error::of_record)
    }

    /// What is wrong with that key's record.
    pub(crate) fn of_key(&self, id: KeyId) -> Option<Error> {
        self.damaged.iter().find(|error| error.key == Some(id)).map(Error::of_record)
    }

    /// The state of every key in the store. A key whose record is damaged counts as active.
    pub(crate) fn states(&self) -> HashMap<KeyId, KeyState> {
        let damaged = self.damaged.iter().filter_map(|error| Some((error.key?, KeyState::Active)));
        self.records.iter().map(|record| (record.id, record.state)).chain(damaged).collect()
    }

    pub(crate) fn damaged_keys(&self) -> Vec<DamagedKey> {
        let key = |error: &MalformedRecord| DamagedKey {
            id: error.key.map(|id| id.to_string()),
            column: error.column.name(),
        };
        self.damaged.iter().map(key).collect()
    }
}

pub(super) fn in_order(mut records: Vec<KeyRecord>) -> Vec<KeyRecord> {
    // Of two keys that were made in the same second, the one that has come further in its life is
    // the older one.
    let life = |record: &KeyRecord| KeyState::ALL.iter().rev().position(|state| *state == record.state);
    records.sort_by_cached_key(|record| (record.scope.clone(), record.created, life(record), record.id));
    records
}
