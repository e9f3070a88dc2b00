//! All changes or none, on top of exactly the revisions that the caller saw, with ids unique and
//! one primary a scope.

use super::*;

const UPDATES: Promise = Promise::new(
    "fieldseal::store::Change::Update",
    "an update replaces state, wrapped copies and revision of the stored record, and nothing else",
);
const IDS: Promise = Promise::new("fieldseal::store::Change::Insert", "an id is taken once, a tombstone's too");
const ONE_PRIMARY: Promise =
    Promise::new("fieldseal::store::Change", "a scope has one primary at most, after each change of a commit");
const REVISIONS: Promise =
    Promise::new("fieldseal::store::Change::Update", "an update is made on top of the revision just below its own");
const READABLE: Promise = Promise::new(
    "fieldseal::store::KeyStore::commit",
    "a record that couldn't be read again is refused, as malformed",
);

/// Scope, commitment and the time of its making.
pub fn an_update_keeps_what_is_immutable(open: Open<'_>) {
    let store = &*open();
    let old = record(1, "a", KeyState::Primary);
    commit("two are inserted", store, &[Change::Insert(old.clone()), insert(2, "b", KeyState::Primary)]);
    let new = KeyRecord {
        scope: scope_of("c"),
        commitment: Commitment::from_bytes([9; 32]),
        created: 5,
        state: KeyState::Active,
        wrapped: vec![],
        revision: 2,
        ..old.clone()
    };
    commit("all of one is changed", store, &[Change::Update(new)]);
    let expected = KeyRecord { state: KeyState::Active, wrapped: vec![], revision: 2, ..old };
    UPDATES.equal("all of one was changed", &get(store, 1), &expected);
    // The scope that counts is the stored one.
    commit("the scope gets another primary", store, &[insert(3, "a", KeyState::Primary)]);
    let wrong_scope = KeyRecord { scope: scope_of("d"), state: KeyState::Primary, revision: 3, ..expected };
    let when = "it's made primary, of another scope than it has";
    ONE_PRIMARY.equal(
        when,
        &conflict(when, store.commit(&[Change::Update(wrong_scope)])),
        &Conflict::PrimaryTaken(scope_of("a")),
    );
}

/// In one scope, in two, and twice in one commit.
pub fn an_id_is_taken_once(open: Open<'_>) {
    let store = &*open();
    let first = record(7, "a", KeyState::Primary);
    commit("one is inserted", store, &[Change::Insert(first.clone())]);
    for scope in ["a", "b"] {
        let conflict = conflict("its id comes again", store.commit(&[insert(7, scope, KeyState::Active)]));
        IDS.equal("its id comes again", &conflict, &Conflict::IdTaken(first.id));
    }
    let twice = [insert(8, "b", KeyState::Active), insert(8, "c", KeyState::Active)];
    let conflict = conflict("an id comes twice", store.commit(&twice));
    IDS.equal("an id comes twice", &conflict, &Conflict::IdTaken(key_id(8)));
    ALL_OR_NONE.equal("there was a conflict", &load(store)[..], &[first]);
}

/// Inserted, updated, and twice in one commit.
pub fn a_scope_has_one_primary(open: Open<'_>) {
    let store = &*open();
    commit("a primary", store, &[insert(1, "a", KeyState::Primary), insert(2, "a", KeyState::Staged)]);
    let before = load(store);
    let taken = |when: &str, changes: &[Change], scope: &str| {
        let conflict = conflict(when, store.commit(changes));
        ONE_PRIMARY.equal(when, &conflict, &Conflict::PrimaryTaken(scope_of(scope)));
    };
    taken("a second is inserted", &[insert(3, "a", KeyState::Primary)], "a");
    taken("another becomes it", &[to(store, 2, KeyState::Primary)], "a");
    ALL_OR_NONE.equal("there was a conflict", &load(store), &before);
    let both = [insert(4, "", KeyState::Primary), insert(5, "", KeyState::Primary)];
    taken("two are inserted at once", &both, "");
    let changes = [insert(6, "b", KeyState::Primary), to(store, 1, KeyState::Primary)];
    commit("another scope's, and the one that is it already", store, &changes);
}

/// Lower, the same, and too high; and of a record that isn't there.
pub fn a_stale_revision_is_refused(open: Open<'_>) {
    let store = &*open();
    let first = KeyRecord { revision: 5, ..record(1, "a", KeyState::Active) };
    commit("one of revision 5", store, &[Change::Insert(first.clone())]);
    for revision in [0, 1, 4, 5, 7, i64::MAX.unsigned_abs()] {
        let when = format!("an update is of revision {revision}, on top of 5");
        let change = Change::Update(KeyRecord { revision, state: KeyState::Retired, ..first.clone() });
        REVISIONS.equal(&when, &conflict(&when, store.commit(&[change])), &Conflict::Stale(first.id));
    }
    let gone = KeyRecord { revision: 2, ..record(2, "a", KeyState::Active) };
    let when = "there is no such record";
    let conflict = conflict(when, store.commit(&[Change::Update(gone.clone())]));
    REVISIONS.equal(when, &conflict, &Conflict::Stale(gone.id));
    ALL_OR_NONE.equal("there was a conflict", &load(store)[..], std::slice::from_ref(&first));
    let next = KeyRecord { revision: 6, state: KeyState::Retired, ..first };
    commit("an update is of revision 6, on top of 5", store, &[Change::Update(next)]);
}

/// Where a conflict is in the midst of a commit, and at its end.
pub fn all_changes_or_none(open: Open<'_>) {
    let store = &*open();
    commit("two are inserted", store, &[insert(1, "a", KeyState::Primary), insert(2, "a", KeyState::Active)]);
    let before = load(store);
    let good =
        || vec![insert(3, "b", KeyState::Primary), to(store, 1, KeyState::Active), to(store, 2, KeyState::Retired)];
    let stale = Change::Update(KeyRecord { revision: 9, ..record(1, "a", KeyState::Active) });
    for bad in [insert(2, "c", KeyState::Active), insert(4, "b", KeyState::Primary), stale] {
        let (mut last, mut first) = (good(), good());
        last.push(bad.clone());
        first.insert(1, bad);
        for (when, changes) in [("the last change conflicts", last), ("the second change conflicts", first)] {
            conflict(when, store.commit(&changes));
            ALL_OR_NONE.equal(when, &load(store), &before);
            ALL_OR_NONE.equal(when, &load(&*open()), &before);
        }
    }
    commit("no change conflicts", store, &good());
    ALL_OR_NONE.equal("no change conflicts", &load(store).len(), &3);
}

/// A primary steps back and another takes its place, staged before or inserted.
pub fn rotates_in_one_commit(open: Open<'_>) {
    let store = &*open();
    commit("one is staged", store, &[insert(1, "a", KeyState::Primary), insert(2, "a", KeyState::Staged)]);
    let (demote, promote) = (to(store, 1, KeyState::Active), to(store, 2, KeyState::Primary));
    let primary_is = |when: &str, promised: u32| {
        let records = load_scope(&*open(), &scope_of("a"));
        let primaries = records.iter().filter(|record| record.state == KeyState::Primary);
        ONE_PRIMARY.equal(when, &primaries.map(|record| record.id.get()).collect::<Vec<_>>()[..], &[promised]);
    };
    let when = "the second is promoted before the first steps back";
    let conflict = conflict(when, store.commit(&[promote.clone(), demote.clone()]));
    ONE_PRIMARY.equal(when, &conflict, &Conflict::PrimaryTaken(scope_of("a")));
    primary_is(when, 1);
    let when = "the first steps back before the second is promoted";
    commit(when, store, &[demote, promote]);
    primary_is(when, 2);
    let when = "the second steps back before a third is inserted";
    let demote = to(store, 2, KeyState::Active);
    commit(when, store, &[demote, insert(3, "a", KeyState::Primary)]);
    primary_is(when, 3);
}

/// A destroyed key keeps its record, and its id.
pub fn tombstones_stay(open: Open<'_>) {
    let store = &*open();
    commit("one is inserted", store, &[insert(1, "a", KeyState::Retired)]);
    let grave =
        KeyRecord { state: KeyState::Destroyed, wrapped: vec![], revision: 2, ..record(1, "a", KeyState::Retired) };
    commit("it is destroyed", store, &[Change::Update(grave.clone())]);
    UPDATES.equal("it was destroyed", &load(&*open())[..], std::slice::from_ref(&grave));
    let when = "its id comes again";
    let conflict = conflict(when, store.commit(&[insert(1, "a", KeyState::Primary)]));
    IDS.equal(when, &conflict, &Conflict::IdTaken(grave.id));
}

/// From every state, the primary too: how a tenant is forgotten.
pub fn a_scope_becomes_tombstones_in_one_commit(open: Open<'_>) {
    let store = &*open();
    let states = [KeyState::Staged, KeyState::Primary, KeyState::Active, KeyState::Retired];
    let records: Vec<_> = (1..).zip(states).map(|(id, state)| record(id, "a", state)).collect();
    let other = record(9, "b", KeyState::Primary);
    let inserts = records.iter().chain([&other]).cloned().map(Change::Insert);
    commit("two scopes have keys", store, &inserts.collect::<Vec<_>>());
    let grave = |record: &KeyRecord| KeyRecord {
        state: KeyState::Destroyed,
        wrapped: vec![],
        revision: record.revision + 1,
        ..record.clone()
    };
    let graves: Vec<_> = records.iter().map(grave).collect();
    let updates: Vec<_> = graves.iter().cloned().map(Change::Update).collect();
    commit("all keys of one scope are destroyed", store, &updates);
    let expected = [graves, vec![other]].concat();
    UPDATES.equal("all keys of one scope were destroyed", &load(&*open()), &expected);
    commit("the scope gets a key again", store, &[insert(5, "a", KeyState::Primary)]);
}

/// It fails neither.
pub fn an_empty_commit_does_nothing(open: Open<'_>) {
    commit("there are no changes", &*open(), &[]);
    ALL_OR_NONE.equal("there were no changes", &load(&*open())[..], &[]);
}

/// A copy that is too long, too many of them, a revision that is too high.
pub fn refuses_what_it_could_not_read_back(open: Open<'_>) {
    let store = &*open();
    let large = WrappedKey { kek: KekUri::new("k"), blob: vec![0; 65_537] };
    let many = vec![WrappedKey { kek: KekUri::new("k".repeat(1000)), blob: vec![] }; 1100];
    for (when, bad, column) in [
        ("a copy is too long", KeyRecord { wrapped: vec![large], ..record(1, "a", KeyState::Active) }, "wrapped"),
        ("there are too many copies", KeyRecord { wrapped: many, ..record(1, "a", KeyState::Active) }, "wrapped"),
        (
            "the revision is too high",
            KeyRecord { revision: u64::MAX, ..record(1, "a", KeyState::Active) },
            "revision",
        ),
    ] {
        match store.commit(&[insert(2, "b", KeyState::Active), Change::Insert(bad)]) {
            Err(StoreError::Malformed { error, .. }) => READABLE.equal(when, error.column.name(), column),
            result => READABLE.broken(when, &result),
        }
    }
    ALL_OR_NONE.equal("they were refused", &load(store)[..], &[]);
}
