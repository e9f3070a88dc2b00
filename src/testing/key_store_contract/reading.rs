//! What is read is what was written, each scope's by itself, and page by page.

use super::*;
use crate::store::Page;

const SCOPES: Promise = Promise::new(
    "fieldseal::store::KeyStore::load_scope",
    "the records of one scope are found, to the byte, and no others",
);
const PAGES: Promise = Promise::new(
    "fieldseal::store::KeyStore::page",
    "pages have every record once, in the order of their ids, at most as many as asked for",
);

/// All of them, one by one, and by scope.
pub fn finds_what_was_inserted(open: Open<'_>) {
    let store = &*open();
    LOADS.equal("it is empty", &load(store)[..], &[]);
    GETS.equal("it is empty", &GETS.succeeds("it is empty", store.get(key_id(1))), &None);
    let records =
        [record(1, "", KeyState::Primary), record(2, "a", KeyState::Primary), record(3, "a", KeyState::Active)];
    commit("three are inserted", store, &records.clone().map(Change::Insert));
    INSERTS.equal("all are read", &load(store)[..], &records);
    for record in &records {
        INSERTS.equal("one is read", &get(store, record.id.get()), record);
    }
    GETS.equal("there is none of that id", &GETS.succeeds("asked", store.get(key_id(4))), &None);
    let [application, tenants @ ..] = &records;
    let scope = |name| load_scope(store, &scope_of(name));
    SCOPES.equal("the application's", &scope("")[..], std::slice::from_ref(application));
    SCOPES.equal("a tenant's", &scope("a")[..], tenants);
    SCOPES.equal("one that has none", &scope("b")[..], &[]);
}

/// The least and the largest values, no copies, long ones, and text that a statement or a file
/// could trip over.
pub fn keeps_every_field(open: Open<'_>) {
    let store = &*open();
    let wrapped = |kek: &str, len: usize| WrappedKey { kek: KekUri::new(kek), blob: vec![0xF5; len] };
    let records = [
        KeyRecord { created: i64::MIN, wrapped: vec![], ..record(1, "a", KeyState::Destroyed) },
        KeyRecord { created: i64::MAX, revision: i64::MAX.unsigned_abs(), ..record(2, "a", KeyState::Retired) },
        KeyRecord { created: 0, revision: 0, wrapped: vec![wrapped("", 0)], ..record(3, "a", KeyState::Staged) },
        KeyRecord {
            wrapped: vec![wrapped("k\"'\\\0é", 77), wrapped("l", 65_536)],
            ..record(4, "a", KeyState::Active)
        },
        record(u32::MAX, "a", KeyState::Primary),
    ];
    commit("five are inserted", store, &records.clone().map(Change::Insert));
    INSERTS.equal("they are read", &load(store)[..], &records);
    INSERTS.equal("another handle reads them", &load(&*open())[..], &records);
}

/// By case, accents, white space, the form of Unicode, NUL, and what means something to a database.
pub fn scopes_are_told_apart(open: Open<'_>) {
    let store = &*open();
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
    commit("each has a key", store, &records.iter().cloned().map(Change::Insert).collect::<Vec<_>>());
    INSERTS.equal("they are read", &load(store), &records);
    for record in &records {
        SCOPES.equal("one is read", &load_scope(store, &record.scope)[..], std::slice::from_ref(record));
    }
}

/// Two at a time.
pub fn pages_go_through_the_store(open: Open<'_>) {
    let store = &*open();
    let read = |after| PAGES.succeeds("a page is read", store.page(after, 2));
    PAGES.equal("it is empty", &read(None), &Page::default());
    let ids = [7, 3, u32::MAX, 1, 5];
    commit("five are inserted", store, &ids.map(|id| insert(id, &id.to_string(), KeyState::Primary)));
    let (mut after, mut pages) = (None, Vec::new());
    loop {
        let page = read(after);
        PAGES.equal("nothing is damaged", &page.damaged[..], &[]);
        // Some only notice the end when nothing follows.
        if !page.records.is_empty() {
            pages.push(page.records.iter().map(|record| record.id.get()).collect::<Vec<_>>());
        }
        match page.next {
            None => break,
            next => PAGES.holds(next > after, "the page to go on with", &next),
        }
        after = page.next;
    }
    PAGES.equal("five records", &pages[..], &[vec![1, 3], vec![5, 7], vec![u32::MAX]]);
}
