//! What every key store keeps to.

use fieldseal::store::{Change, Conflict, KeyStore, Page, StoreError, load_all, snapshot};
use fieldseal::{Commitment, KekUri, KeyId, KeyRecord, KeyState, Scope, WrappedKey};
use std::sync::Barrier;

/// Opens one more handle on the same store.
pub(crate) type Open<'a> = &'a (dyn Fn() -> Box<dyn KeyStore> + Sync);

/// Runs every test of the contract on the stores that `$make` gives, each on an empty one.
#[macro_export]
macro_rules! store_contract {
    ($store:ident, $make:expr) => {
        $crate::store_contract!($store, $make,
            finds_what_was_inserted keeps_every_field scopes_are_told_apart an_update_keeps_what_is_immutable
            an_id_is_taken_once a_scope_has_one_primary a_stale_revision_is_refused all_changes_or_none
            rotates_in_one_commit tombstones_stay a_scope_becomes_tombstones_in_one_commit an_empty_commit_does_nothing
            pages_go_through_the_store
            refuses_what_it_could_not_read_back handles_share_the_store one_of_many_makes_the_first_primary no_update_is_lost);
    };
    ($store:ident, $make:expr, $($test:ident)*) => {
        mod $store {
            $(#[test]
            fn $test() {
                let (_guard, open) = $make;
                $crate::store_contract::$test(&open);
            })*
        }
    };
}

pub(crate) fn record(id: u32, scope: &str, state: KeyState) -> KeyRecord {
    KeyRecord {
        id: KeyId::new(id).unwrap(),
        scope: scope_of(scope),
        state,
        commitment: Commitment::from_bytes([u8::try_from(id % 256).unwrap(); 32]),
        wrapped: vec![WrappedKey { kek: KekUri::new("local:00"), blob: vec![1, 2, 3] }],
        created: 1_700_000_000,
        revision: 1,
    }
}

fn scope_of(name: &str) -> Scope {
    if name.is_empty() { Scope::APPLICATION } else { Scope::tenant(name).unwrap() }
}

fn insert(id: u32, scope: &str, state: KeyState) -> Change {
    Change::Insert(record(id, scope, state))
}

/// The record as `store` has it, one revision later and in another state.
fn to(store: &dyn KeyStore, id: u32, state: KeyState) -> Change {
    let stored = store.get(KeyId::new(id).unwrap()).unwrap().unwrap();
    Change::Update(KeyRecord { state, revision: stored.revision + 1, ..stored })
}

fn conflict(result: Result<(), StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

fn load(store: &dyn KeyStore) -> Vec<KeyRecord> {
    load_all(store).unwrap()
}

pub(crate) fn finds_what_was_inserted(open: Open) {
    let store = open();
    assert_eq!(load(&*store), []);
    assert_eq!(store.get(KeyId::new(1).unwrap()).unwrap(), None);
    let records =
        [record(1, "", KeyState::Primary), record(2, "a", KeyState::Primary), record(3, "a", KeyState::Active)];
    store.commit(&records.clone().map(Change::Insert)).unwrap();
    assert_eq!(load(&*store), records);
    for record in &records {
        assert_eq!(store.get(record.id).unwrap().as_ref(), Some(record));
    }
    assert_eq!(store.get(KeyId::new(4).unwrap()).unwrap(), None);
    assert_eq!(store.load_scope(&Scope::APPLICATION).unwrap(), records[..1]);
    assert_eq!(store.load_scope(&scope_of("a")).unwrap().len(), 2);
    assert_eq!(store.load_scope(&scope_of("b")).unwrap(), []);
}

pub(crate) fn keeps_every_field(open: Open) {
    let store = open();
    let wrapped = |kek: &str, len: usize| WrappedKey { kek: KekUri::new(kek), blob: vec![0xF5; len] };
    let records = [
        KeyRecord { created: i64::MIN, wrapped: vec![], ..record(1, "a", KeyState::Destroyed) },
        KeyRecord {
            created: i64::MAX,
            revision: u64::try_from(i64::MAX).unwrap(),
            ..record(2, "a", KeyState::Retired)
        },
        KeyRecord { created: 0, revision: 0, wrapped: vec![wrapped("", 0)], ..record(3, "a", KeyState::Staged) },
        KeyRecord {
            wrapped: vec![wrapped("k\"'\\\0é", 77), wrapped("l", 65_536)],
            ..record(4, "a", KeyState::Active)
        },
        record(u32::MAX, "a", KeyState::Primary),
    ];
    store.commit(&records.clone().map(Change::Insert)).unwrap();
    assert_eq!(load(&*store), records);
    assert_eq!(load(&*open()), records);
}

pub(crate) fn scopes_are_told_apart(open: Open) {
    let store = open();
    let long = "é".repeat(32_767);
    let scopes = [
        "",
        "a",
        "A",
        "a ",
        "å",
        "a\u{30a}",
        "\0",
        "\0\0",
        "a\0b",
        "a\0c",
        "'; DROP TABLE fieldseal_keys; --",
        "%",
        "_",
        "🏥",
        "\u{FFFD}",
        "1",
        "1.0",
        "01",
        long.as_str(),
    ];
    let records: Vec<_> = (1..).zip(scopes).map(|(id, scope)| record(id, scope, KeyState::Primary)).collect();
    store.commit(&records.iter().cloned().map(Change::Insert).collect::<Vec<_>>()).unwrap();
    assert_eq!(load(&*store), records);
    for record in records {
        assert_eq!(store.load_scope(&record.scope).unwrap(), [record]);
    }
}

pub(crate) fn an_update_keeps_what_is_immutable(open: Open) {
    let store = open();
    let old = record(1, "a", KeyState::Primary);
    store.commit(&[Change::Insert(old.clone()), insert(2, "b", KeyState::Primary)]).unwrap();
    let new = KeyRecord {
        scope: scope_of("c"),
        commitment: Commitment::from_bytes([9; 32]),
        created: 5,
        state: KeyState::Active,
        wrapped: vec![],
        revision: 2,
        ..old.clone()
    };
    store.commit(&[Change::Update(new)]).unwrap();
    let expected = KeyRecord { state: KeyState::Active, wrapped: vec![], revision: 2, ..old };
    assert_eq!(store.get(expected.id).unwrap(), Some(expected.clone()));
    // The scope that counts is the stored one.
    store.commit(&[insert(3, "a", KeyState::Primary)]).unwrap();
    let wrong_scope = KeyRecord { scope: scope_of("d"), state: KeyState::Primary, revision: 3, ..expected };
    assert_eq!(conflict(store.commit(&[Change::Update(wrong_scope)])), Conflict::PrimaryTaken(scope_of("a")));
}

pub(crate) fn an_id_is_taken_once(open: Open) {
    let store = open();
    let first = record(7, "a", KeyState::Primary);
    store.commit(&[Change::Insert(first.clone())]).unwrap();
    for scope in ["a", "b"] {
        assert_eq!(conflict(store.commit(&[insert(7, scope, KeyState::Active)])), Conflict::IdTaken(first.id));
    }
    let twice = [insert(8, "b", KeyState::Active), insert(8, "c", KeyState::Active)];
    assert_eq!(conflict(store.commit(&twice)), Conflict::IdTaken(KeyId::new(8).unwrap()));
    assert_eq!(load(&*store), [first]);
}

pub(crate) fn a_scope_has_one_primary(open: Open) {
    let store = open();
    store.commit(&[insert(1, "a", KeyState::Primary), insert(2, "a", KeyState::Staged)]).unwrap();
    let before = load(&*store);
    let taken = Conflict::PrimaryTaken(scope_of("a"));
    assert_eq!(conflict(store.commit(&[insert(3, "a", KeyState::Primary)])), taken);
    assert_eq!(conflict(store.commit(&[to(&*store, 2, KeyState::Primary)])), taken);
    assert_eq!(load(&*store), before);
    let both = [insert(4, "", KeyState::Primary), insert(5, "", KeyState::Primary)];
    assert_eq!(conflict(store.commit(&both)), Conflict::PrimaryTaken(Scope::APPLICATION));
    store.commit(&[insert(6, "b", KeyState::Primary), to(&*store, 1, KeyState::Primary)]).unwrap();
}

pub(crate) fn a_stale_revision_is_refused(open: Open) {
    let store = open();
    let first = KeyRecord { revision: 5, ..record(1, "a", KeyState::Active) };
    store.commit(&[Change::Insert(first.clone())]).unwrap();
    for revision in [0, 1, 4, 5, 7, u64::try_from(i64::MAX).unwrap()] {
        let change = Change::Update(KeyRecord { revision, state: KeyState::Retired, ..first.clone() });
        assert_eq!(conflict(store.commit(&[change])), Conflict::Stale(first.id), "{revision}");
    }
    let gone = KeyRecord { revision: 2, ..record(2, "a", KeyState::Active) };
    assert_eq!(conflict(store.commit(&[Change::Update(gone.clone())])), Conflict::Stale(gone.id));
    assert_eq!(load(&*store), std::slice::from_ref(&first));
    store.commit(&[Change::Update(KeyRecord { revision: 6, state: KeyState::Retired, ..first })]).unwrap();
}

pub(crate) fn all_changes_or_none(open: Open) {
    let store = open();
    store.commit(&[insert(1, "a", KeyState::Primary), insert(2, "a", KeyState::Active)]).unwrap();
    let before = load(&*store);
    let good = || {
        vec![insert(3, "b", KeyState::Primary), to(&*store, 1, KeyState::Active), to(&*store, 2, KeyState::Retired)]
    };
    let stale = Change::Update(KeyRecord { revision: 9, ..record(1, "a", KeyState::Active) });
    for bad in [insert(2, "c", KeyState::Active), insert(4, "b", KeyState::Primary), stale] {
        let (mut last, mut first) = (good(), good());
        last.push(bad.clone());
        first.insert(1, bad);
        for changes in [last, first] {
            conflict(store.commit(&changes));
            assert_eq!(load(&*store), before);
            assert_eq!(load(&*open()), before);
        }
    }
    store.commit(&good()).unwrap();
    assert_eq!(load(&*store).len(), 3);
}

pub(crate) fn rotates_in_one_commit(open: Open) {
    let store = open();
    store.commit(&[insert(1, "a", KeyState::Primary), insert(2, "a", KeyState::Staged)]).unwrap();
    let (demote, promote) = (to(&*store, 1, KeyState::Active), to(&*store, 2, KeyState::Primary));
    let primaries = || {
        let records = open().load_scope(&scope_of("a")).unwrap();
        records
            .iter()
            .filter(|record| record.state == KeyState::Primary)
            .map(|record| record.id.get())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        conflict(store.commit(&[promote.clone(), demote.clone()])),
        Conflict::PrimaryTaken(scope_of("a")),
        "a database's index is checked after each statement"
    );
    assert_eq!(primaries(), [1]);
    store.commit(&[demote, promote]).unwrap();
    assert_eq!(primaries(), [2]);
    let demote = to(&*store, 2, KeyState::Active);
    store.commit(&[demote, insert(3, "a", KeyState::Primary)]).unwrap();
    assert_eq!(primaries(), [3]);
}

pub(crate) fn tombstones_stay(open: Open) {
    let store = open();
    store.commit(&[insert(1, "a", KeyState::Retired)]).unwrap();
    let grave =
        KeyRecord { state: KeyState::Destroyed, wrapped: vec![], revision: 2, ..record(1, "a", KeyState::Retired) };
    store.commit(&[Change::Update(grave.clone())]).unwrap();
    assert_eq!(load(&*open()), std::slice::from_ref(&grave));
    assert_eq!(conflict(store.commit(&[insert(1, "a", KeyState::Primary)])), Conflict::IdTaken(grave.id));
}

/// From every state, the primary too: how a tenant is forgotten.
pub(crate) fn a_scope_becomes_tombstones_in_one_commit(open: Open) {
    let store = open();
    let states = [KeyState::Staged, KeyState::Primary, KeyState::Active, KeyState::Retired];
    let records: Vec<_> = (1..).zip(states).map(|(id, state)| record(id, "a", state)).collect();
    let other = record(9, "b", KeyState::Primary);
    let inserts = records.iter().chain([&other]).cloned().map(Change::Insert);
    store.commit(&inserts.collect::<Vec<_>>()).unwrap();
    let grave = |record: &KeyRecord| KeyRecord {
        state: KeyState::Destroyed,
        wrapped: vec![],
        revision: record.revision + 1,
        ..record.clone()
    };
    let graves: Vec<_> = records.iter().map(grave).collect();
    store.commit(&graves.iter().cloned().map(Change::Update).collect::<Vec<_>>()).unwrap();
    assert_eq!(load(&*open()), [graves, vec![other]].concat());
    store.commit(&[insert(5, "a", KeyState::Primary)]).unwrap();
}

pub(crate) fn an_empty_commit_does_nothing(open: Open) {
    open().commit(&[]).unwrap();
    assert_eq!(load(&*open()), []);
}

pub(crate) fn pages_go_through_the_store(open: Open) {
    let store = open();
    assert_eq!(store.page(None, 2).unwrap(), Page::default());
    let ids = [7, 3, u32::MAX, 1, 5];
    store.commit(&ids.map(|id| insert(id, &id.to_string(), KeyState::Primary))).unwrap();
    let (mut after, mut pages) = (None, Vec::new());
    loop {
        let page = store.page(after, 2).unwrap();
        assert_eq!(page.damaged, []);
        // Some only notice the end when nothing follows.
        pages.extend(Some(page.records).filter(|records| !records.is_empty()));
        match page.next {
            None => break,
            next => after = next,
        }
    }
    let of_page = |page: &Vec<KeyRecord>| page.iter().map(|record| record.id.get()).collect::<Vec<_>>();
    assert_eq!(pages.iter().map(of_page).collect::<Vec<_>>(), [vec![1, 3], vec![5, 7], vec![u32::MAX]]);
    assert_eq!(load(&*store), pages.concat());
    assert_eq!(snapshot(&*store).unwrap().records, pages.concat());
}

pub(crate) fn refuses_what_it_could_not_read_back(open: Open) {
    let store = open();
    let large = WrappedKey { kek: KekUri::new("k"), blob: vec![0; 65_537] };
    let many = vec![WrappedKey { kek: KekUri::new("k".repeat(1000)), blob: vec![] }; 1100];
    for (bad, column) in [
        (KeyRecord { wrapped: vec![large], ..record(1, "a", KeyState::Active) }, "wrapped"),
        (KeyRecord { wrapped: many, ..record(1, "a", KeyState::Active) }, "wrapped"),
        (KeyRecord { revision: u64::MAX, ..record(1, "a", KeyState::Active) }, "revision"),
    ] {
        match store.commit(&[insert(2, "b", KeyState::Active), Change::Insert(bad)]) {
            Err(StoreError::Malformed { error, .. }) => assert_eq!(error.column.name(), column),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(load(&*store), []);
}

pub(crate) fn handles_share_the_store(open: Open) {
    let (one, two) = (open(), open());
    one.commit(&[insert(1, "a", KeyState::Primary)]).unwrap();
    let (from_one, from_two) = (to(&*one, 1, KeyState::Active), to(&*two, 1, KeyState::Active));
    two.commit(&[from_two]).unwrap();
    assert_eq!(conflict(one.commit(&[from_one])), Conflict::Stale(KeyId::new(1).unwrap()));
    drop((one, two));
    assert_eq!(load(&*open()).len(), 1, "what was committed is there when the store is opened again");
}

pub(crate) fn one_of_many_makes_the_first_primary(open: Open) {
    const THREADS: u32 = 8;
    let shared = open();
    for (round, scope) in (0_u32..).zip(["a", "", "b", "c"]) {
        let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
        let (barrier, shared) = (&barrier, &*shared);
        let race = |thread: u32| {
            // Half of them share one handle, half have their own.
            let own = (thread.is_multiple_of(2)).then(open);
            let store = own.as_deref().unwrap_or(shared);
            barrier.wait();
            store.commit(&[insert(1 + round * THREADS + thread, scope, KeyState::Primary)])
        };
        let results: Vec<_> = std::thread::scope(|threads| {
            let running: Vec<_> = (0..THREADS).map(|thread| threads.spawn(move || race(thread))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        for result in results.into_iter().filter(Result::is_err) {
            assert_eq!(conflict(result), Conflict::PrimaryTaken(scope_of(scope)));
        }
        assert_eq!(shared.load_scope(&scope_of(scope)).unwrap().len(), 1);
    }
}

pub(crate) fn no_update_is_lost(open: Open) {
    const THREADS: usize = 4;
    const UPDATES: usize = 10;
    open().commit(&[insert(1, "a", KeyState::Active)]).unwrap();
    let work = || {
        let store = open();
        let mut done = 0;
        while done < UPDATES {
            let mut next = store.get(KeyId::new(1).unwrap()).unwrap().unwrap();
            next.revision += 1;
            let blob = vec![u8::try_from(next.wrapped.len()).unwrap()];
            next.wrapped.push(WrappedKey { kek: KekUri::new("local:01"), blob });
            match store.commit(&[Change::Update(next)]) {
                Ok(()) => done += 1,
                other => assert_eq!(conflict(other), Conflict::Stale(KeyId::new(1).unwrap())),
            }
        }
    };
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(work);
        }
    });
    let record = load(&*open()).remove(0);
    assert_eq!(record.revision, u64::try_from(1 + THREADS * UPDATES).unwrap());
    let blobs: Vec<_> = record.wrapped[1..].iter().map(|copy| usize::from(copy.blob[0])).collect();
    assert_eq!(blobs, (1..=THREADS * UPDATES).collect::<Vec<_>>());
}
