//! What every [`KeyStore`] promises, as tests: for anyone who writes a store.
//!
//! [`tests!`](tests) makes a test of each promise, [`check`] runs all of them in one. Both are
//! given what makes an empty store: a guard that is kept while the store is in use (a temporary
//! folder, a database), and a function that opens one more handle on that same store, as another
//! process would. Each test panics at a promise that is broken, with a message that says which one,
//! what was found, and where the promise is written.
//!
//! ```
//! use fieldseal::store::{File, KeyStore};
//! use fieldseal::testing::key_store_contract;
//! use tempfile::TempDir;
//!
//! /// An empty store in a file, and what opens it.
//! fn file() -> (TempDir, impl Fn() -> Box<dyn KeyStore> + Sync) {
//!     let folder = tempfile::tempdir().unwrap();
//!     let path = folder.path().join("keys.json");
//!     (folder, move || Box::new(File::open_or_create(&path).unwrap()))
//! }
//!
//! // Tests of the names `in_a_file::finds_what_was_inserted` and so on:
//! key_store_contract::tests!(in_a_file, crate::file());
//! # fn main() {
//! // Or one by one, as here, or all of them: `check(file)`.
//! let (_folder, open) = file();
//! key_store_contract::finds_what_was_inserted(&open);
//! # }
//! ```
//!
//! Stores that are damaged, servers that go away and tables with triggers differ from store to
//! store: those tests are yours.

mod commits;
mod races;
mod reading;

pub use commits::{
    a_scope_becomes_tombstones_in_one_commit, a_scope_has_one_primary, a_stale_revision_is_refused,
    all_changes_or_none, an_empty_commit_does_nothing, an_id_is_taken_once, an_update_keeps_what_is_immutable,
    refuses_what_it_could_not_read_back, rotates_in_one_commit, tombstones_stay,
};
pub use races::{handles_share_the_store, no_update_is_lost, one_of_many_makes_the_first_primary};
pub use reading::{finds_what_was_inserted, keeps_every_field, pages_go_through_the_store, scopes_are_told_apart};

#[doc(inline)]
pub use crate::__key_store_contract_tests as tests;

use super::promise::Promise;
use crate::context::Scope;
use crate::keys::{Commitment, KekUri, KeyId, KeyRecord, KeyState, WrappedKey};
use crate::store::{Change, Conflict, KeyStore, StoreError, load_all};

/// Opens one more handle on the same store.
pub type Open<'a> = &'a (dyn Fn() -> Box<dyn KeyStore> + Sync);

/// The tests of the contract, given to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __key_store_contract {
    ($then:ident $given:tt) => {
        $crate::$then! {
            $given
            finds_what_was_inserted keeps_every_field scopes_are_told_apart an_update_keeps_what_is_immutable
            an_id_is_taken_once a_scope_has_one_primary a_stale_revision_is_refused all_changes_or_none
            rotates_in_one_commit tombstones_stay a_scope_becomes_tombstones_in_one_commit an_empty_commit_does_nothing
            pages_go_through_the_store refuses_what_it_could_not_read_back handles_share_the_store
            one_of_many_makes_the_first_primary no_update_is_lost
        }
    };
}

/// A module of that name with a test of each promise. The second argument is evaluated in each, and
/// gives an empty store: a guard, and a function that opens one more handle on the same store.
/// Names in it begin with `crate::`.
///
/// See the module's own example.
#[doc(hidden)]
#[macro_export]
macro_rules! __key_store_contract_tests {
    ($module:ident, $fresh:expr $(,)?) => {
        $crate::__key_store_contract! { __key_store_contract_module [$module, $fresh] }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __key_store_contract_module {
    ([$module:ident, $fresh:expr] $($test:ident)*) => {
        mod $module {
            $crate::__key_store_contract_each! { [$fresh] $($test)* }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __key_store_contract_each {
    ([$fresh:expr] $($test:ident)*) => { $(
        #[test]
        fn $test() {
            let (_guard, open) = $fresh;
            $crate::testing::key_store_contract::$test(&open);
        }
    )* };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __key_store_contract_check {
    ([$fresh:ident] $($test:ident)*) => { $({
        let (_guard, open) = $fresh();
        $test(&open);
    })* };
}

/// Runs every test of the contract, each on an empty store that `fresh` makes: a guard that is kept
/// until the test ends, and a function that opens one more handle on the same store.
pub fn check<G, O: Fn() -> Box<dyn KeyStore> + Sync>(fresh: impl Fn() -> (G, O)) {
    crate::__key_store_contract! { __key_store_contract_check [fresh] }
}

/// A record for tests: its scope is the application's if that text is empty, and otherwise the
/// tenant of that name.
#[must_use]
pub fn record(id: u32, scope: &str, state: KeyState) -> KeyRecord {
    let [.., byte] = id.to_be_bytes();
    KeyRecord {
        id: key_id(id),
        scope: scope_of(scope),
        state,
        commitment: Commitment::from_bytes([byte; Commitment::LEN]),
        wrapped: vec![WrappedKey { kek: KekUri::new("local:00"), blob: vec![1, 2, 3] }],
        created: 1_700_000_000,
        revision: 1,
    }
}

const LOADS: Promise = Promise::new("fieldseal::store::KeyStore::page", "a store that is there can be read");
const GETS: Promise = Promise::new("fieldseal::store::KeyStore::get", "a record that is there is found by its id");
const COMMITS: Promise =
    Promise::new("fieldseal::store::KeyStore::commit", "changes that nothing is in the way of are made");
const CONFLICTS: Promise = Promise::new(
    "fieldseal::store::KeyStore::commit",
    "a change that something is in the way of is a conflict, and says what",
);
const ALL_OR_NONE: Promise =
    Promise::new("fieldseal::store::KeyStore::commit", "all changes are made durably, or none of them");
const INSERTS: Promise = Promise::new("fieldseal::store::Change::Insert", "a record is found as it was inserted");

fn key_id(id: u32) -> KeyId {
    KeyId::new(id).unwrap_or_else(|| {
        Promise::new("fieldseal::keys::KeyId::new", "every number but 0 is one").broken("made", &id)
    })
}

fn scope_of(name: &str) -> Scope {
    if name.is_empty() {
        return Scope::APPLICATION;
    }
    let scope = Scope::tenant(name);
    Promise::new("fieldseal::Scope::tenant", "any text of 1 to 65,535 bytes is a tenant").succeeds("named", scope)
}

fn insert(id: u32, scope: &str, state: KeyState) -> Change {
    Change::Insert(record(id, scope, state))
}

/// The record as `store` has it.
#[track_caller]
fn get(store: &dyn KeyStore, id: u32) -> KeyRecord {
    let found = GETS.succeeds("it is asked for", store.get(key_id(id)));
    found.unwrap_or_else(|| GETS.broken("it is asked for", &key_id(id)))
}

/// The record as `store` has it, one revision later and in another state.
#[track_caller]
fn to(store: &dyn KeyStore, id: u32, state: KeyState) -> Change {
    let stored = get(store, id);
    Change::Update(KeyRecord { state, revision: stored.revision + 1, ..stored })
}

/// Every record, ordered by id.
#[track_caller]
fn load(store: &dyn KeyStore) -> Vec<KeyRecord> {
    let mut records = LOADS.succeeds("all of it is read", load_all(store));
    records.sort_by_key(|record| record.id);
    records
}

#[track_caller]
fn load_scope(store: &dyn KeyStore, scope: &Scope) -> Vec<KeyRecord> {
    let mut records = LOADS.succeeds("a scope is read", store.load_scope(scope));
    records.sort_by_key(|record| record.id);
    records
}

/// Makes changes that must not fail.
#[track_caller]
fn commit(when: &str, store: &dyn KeyStore, changes: &[Change]) {
    COMMITS.succeeds(when, store.commit(changes));
}

/// What was in the way of a commit.
#[track_caller]
fn conflict(when: &str, result: Result<(), StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        result => CONFLICTS.broken(when, &result),
    }
}

#[cfg(test)]
mod tests;
