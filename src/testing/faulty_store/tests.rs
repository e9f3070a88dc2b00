use super::*;
use crate::keys::KeyState;
use crate::testing::key_store_contract::{self, record};
use std::sync::Arc;

fn insert(id: u32, scope: &str) -> Change {
    Change::Insert(record(id, scope, KeyState::Primary))
}

#[test]
fn without_faults_it_is_the_store_that_it_stands_in_front_of() {
    key_store_contract::check(|| {
        let store = Arc::new(FaultyStore::new());
        ((), move || Box::new(Arc::clone(&store)) as Box<dyn KeyStore>)
    });
}

#[test]
fn faults_are_met_in_order_and_by_the_calls_that_they_are_for() {
    let store = FaultyStore::new();
    store.next_commit(StoreFault::Stale);
    store.next(StoreFault::Unavailable);
    store.next(StoreFault::Damaged);
    assert!(matches!(load_all(&store), Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.load_scope(&Scope::APPLICATION), Err(StoreError::Malformed { .. })));
    let stale = store.commit(&[insert(1, "a")]);
    assert!(matches!(stale, Err(StoreError::Conflict(Conflict::Stale(id))) if id.get() == 1));
    store.commit(&[insert(1, "a")]).unwrap();
    store.always(StoreFault::Missing);
    assert!(matches!(store.page(None, 1), Err(StoreError::Missing { .. })));
    store.heal();
    assert_eq!(load_all(&store).unwrap().len(), 1);
    assert_eq!(store.calls(), StoreCalls { reads: 4, commits: 2 });
}

#[test]
fn a_lost_answer_is_of_a_commit_that_was_made() {
    let store = FaultyStore::new();
    store.next_commit(StoreFault::AnswerLost);
    assert!(matches!(store.commit(&[insert(1, "a")]), Err(StoreError::Unavailable { .. })));
    assert_eq!(load_all(&store).unwrap().len(), 1);
}

#[test]
fn a_call_that_hangs_goes_on_when_it_is_healed() {
    let store = FaultyStore::new();
    store.next(StoreFault::Hanging);
    std::thread::scope(|threads| {
        let hanging = threads.spawn(|| load_all(&store));
        while store.calls().reads == 0 {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(20));
        assert!(!hanging.is_finished());
        store.heal();
        assert!(hanging.join().unwrap().unwrap().is_empty());
    });
}
