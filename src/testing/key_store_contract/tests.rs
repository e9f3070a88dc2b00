//! A store that breaks a promise fails the test of that promise.

use super::*;
use crate::store::Memory;
use crate::testing::{FaultyStore, StoreFault};
use std::sync::Arc;

type Test = fn(Open<'_>);

/// What the test says of a store that meets a fault all the time.
fn said_of(test: Test, fault: StoreFault) -> String {
    let store = Arc::new(FaultyStore::new());
    store.always(fault);
    let open = move || Box::new(Arc::clone(&store)) as Box<dyn KeyStore>;
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&open)));
    *failed.unwrap_err().downcast::<String>().unwrap()
}

#[test]
fn a_broken_promise_is_named_and_where_it_is_written() {
    for (test, fault, promise) in [
        (scopes_are_told_apart as Test, StoreFault::IgnoresCase, SCOPES_WRITTEN),
        (finds_what_was_inserted, StoreFault::Missing, "fieldseal::store::KeyStore::page"),
        (rotates_in_one_commit, StoreFault::Stale, "fieldseal::store::KeyStore::commit"),
        (an_id_is_taken_once, StoreFault::AnswerLost, "fieldseal::store::KeyStore::commit"),
        (one_of_many_makes_the_first_primary, StoreFault::PrimaryTaken, "fieldseal::store::KeyStore"),
    ] {
        let text = said_of(test, fault);
        assert!(text.contains(&format!("written: at `{promise}`")), "{text}");
    }
}

const SCOPES_WRITTEN: &str = "fieldseal::store::KeyStore::load_scope";

/// Forgets what was committed as soon as it's opened again.
#[test]
fn a_store_that_does_not_keep_what_it_is_given_is_found_out() {
    let open = || Box::new(Memory::new()) as Box<dyn KeyStore>;
    let tests: [Test; 3] = [keeps_every_field, handles_share_the_store, tombstones_stay];
    for test in tests {
        assert!(std::panic::catch_unwind(|| test(&open)).is_err());
    }
}

mod in_memory {
    pub(super) fn fresh() -> ((), impl Fn() -> Box<dyn crate::store::KeyStore> + Sync) {
        let store = std::sync::Arc::new(crate::store::Memory::new());
        ((), move || Box::new(std::sync::Arc::clone(&store)) as Box<dyn crate::store::KeyStore>)
    }
}

#[test]
fn a_store_that_keeps_them_passes_all() {
    check(in_memory::fresh);
}
