//! The key store in a file: its form, and what is wrong in it.

use super::{all_operations, folder};
use fieldseal::Scope;
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::store::{Change, File, KeyStore, StoreError, load_all};
use fieldseal::testing::key_store_contract::record;
use std::path::PathBuf;
use tempfile::TempDir;

/// A file with the primary of the scope `a`, and what is in it.
fn file_of_one() -> (TempDir, PathBuf, String) {
    let (folder, path) = folder("keys.json");
    File::create(&path).unwrap().commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    (folder, path, text)
}

/// Those entries after the ones that the file has.
fn with_entries(text: &str, entries: &[String]) -> String {
    let end = text.rfind("\n  ]").unwrap();
    format!("{},\n{}{}", &text[..end], entries.join(",\n"), &text[end..])
}

/// The file's entry of key 1.
fn entry(text: &str) -> &str {
    &text[text.find("    {").unwrap()..text.rfind("\n  ]").unwrap()]
}

#[test]
fn damaged_files_are_refused() {
    let (_folder, path, text) = file_of_one();
    let cases = [
        String::new(),
        "[]".to_owned(),
        "null".to_owned(),
        "fieldseal-keys/1".to_owned(),
        "{}".to_owned(),
        r#"{"format":"fieldseal-keys/1"}"#.to_owned(),
        format!("{text}{{}}"),
        format!("\u{FEFF}{text}"),
        text.replace("keys/1", "keys/2"),
        text.replace("fieldseal-keys/1\"", "fieldseal-keys/1\", \"extra\": 1"),
    ];
    for case in cases {
        assert_ne!(case, text);
        std::fs::write(&path, &case).unwrap();
        assert!(matches!(File::open(&path), Err(StoreError::Damaged { .. })), "{case:.300}");
        assert!(matches!(File::open_or_create(&path), Err(StoreError::Damaged { .. })), "{case:.300}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), case, "a damaged file is not replaced");
    }
    for end in 0..text.trim_end().len() {
        std::fs::write(&path, &text[..end]).unwrap();
        assert!(matches!(File::open(&path), Err(StoreError::Damaged { .. })), "{end}");
    }
    std::fs::write(&path, &text).unwrap();
    let store = File::open(&path).unwrap();
    std::fs::write(&path, &text[..20]).unwrap();
    for error in all_operations(&store) {
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    }
}

#[test]
fn a_damaged_record_in_a_file_keeps_no_other_from_being_read() {
    let (_folder, path, text) = file_of_one();
    let own = entry(&text).replace("\"id\": 1", "\"id\": 2").replace("\"a\"", "\"b\"");
    let with = |from: &str, to: &str| vec![own.replace(from, to)];
    let (two, none) = (KeyId::new(2), None);
    for (entries, key, column) in [
        (with("\"id\": 2", "\"id\": 0"), none, "id"),
        (with("\"id\": 2", "\"id\": -1"), none, "id"),
        (with("\"id\": 2", "\"id\": \"2\""), none, "id"),
        (with("\"id\": 2,", ""), none, "id"),
        (with("\"id\": 2", "\"id\": 2, \"id\": 3"), none, "entry"),
        (with("\"kek\"", "\"kek\": \"k\", \"kek\""), none, "entry"),
        (with("\"id\": 2", "\"id\": 2, \"extra\": 1"), two, "entry"),
        (vec!["[2]".to_owned()], none, "entry"),
        (with("\"b\"", &format!("\"{}\"", "x".repeat(65_536))), two, "scope"),
        (with("primary", "Primary"), two, "state"),
        (with("0101", "01"), two, "commitment"),
        (with("AQID", "AQI"), two, "wrapped"),
        (with("AQID", &"AQID".repeat(500_000)), two, "wrapped"),
        (with("AQID", &"AQID".repeat(21_846)), two, "wrapped"),
        (with("1700000000", "\"now\""), two, "created"),
        (with("\"revision\": 1", "\"revision\": -1"), two, "revision"),
        (with("\"b\"", "\"c\"").into_iter().chain([own.clone()]).collect(), two, "id"),
    ] {
        let file = with_entries(&text, &entries);
        std::fs::write(&path, &file).unwrap();
        let store = File::open(&path).unwrap();
        let page = store.page(None, 9).unwrap();
        assert_eq!(page.records.iter().map(|record| record.id.get()).collect::<Vec<_>>(), [1], "{column}");
        let damaged: Vec<_> = page.damaged.iter().map(|error| (error.key, error.column.name())).collect();
        assert_eq!((damaged, page.next), (vec![(key, column)], None));
        let is_it = |error: StoreError| matches!(error, StoreError::Malformed { error, .. } if error.column.name() == column);
        assert!(is_it(load_all(&store).unwrap_err()), "{column}");
        assert_eq!(store.load_scope(&Scope::tenant("a").unwrap()).unwrap().len(), 1, "{column}");
        if key.is_some() {
            assert!(is_it(store.get(KeyId::new(2).unwrap()).unwrap_err()), "{column}");
        }
        if key.is_some() && column != "scope" {
            assert!(is_it(store.load_scope(&Scope::tenant("b").unwrap()).unwrap_err()), "{column}");
        }
        // What can't be read isn't lost by a commit.
        assert!(is_it(store.commit(&[Change::Insert(record(9, "d", KeyState::Primary))]).unwrap_err()), "{column}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), file, "a damaged file is not replaced");
    }
}

/// Which of them is right isn't known.
#[test]
fn two_primaries_of_a_scope_in_a_file_are_both_damaged() {
    let (_folder, path, text) = file_of_one();
    let others = [("2", "a"), ("3", "b")].map(|(id, scope)| {
        entry(&text).replace("\"id\": 1", &format!("\"id\": {id}")).replace("\"a\"", &format!("\"{scope}\""))
    });
    std::fs::write(&path, with_entries(&text, &others)).unwrap();
    let store = File::open(&path).unwrap();
    let page = store.page(None, 9).unwrap();
    assert_eq!(page.records.iter().map(|record| record.id.get()).collect::<Vec<_>>(), [3]);
    let damaged: Vec<_> =
        page.damaged.iter().map(|error| (error.key.unwrap().get(), error.column.name())).collect();
    assert_eq!(damaged, [(1, "state"), (2, "state")]);
    // Each is told of once, page by page.
    let (first, second) = (store.page(None, 1).unwrap(), store.page(KeyId::new(1), 2).unwrap());
    assert_eq!((first.damaged.len(), first.next), (1, KeyId::new(1)));
    assert_eq!((second.damaged.len(), second.records.len(), second.next), (1, 1, KeyId::new(3)));
    assert!(store.load_scope(&Scope::tenant("a").unwrap()).is_err());
}

#[test]
fn a_file_is_the_documented_json_and_for_its_owner_only() {
    let (_folder, path) = folder("keys.json");
    let store = File::create(&path).unwrap();
    store.commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"format": "fieldseal-keys/1", "keys": [{
            "id": 1, "scope": "a", "state": "primary", "commitment": "01".repeat(32),
            "wrapped": [{"kek": "local:00", "blob": "AQID"}], "created": 1_700_000_000, "revision": 1,
        }]})
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_file_is_made_and_found_as_asked() {
    let (folder, path) = folder("keys.json");
    assert!(matches!(File::open(&path), Err(StoreError::Missing { .. })));
    let store = File::open_or_create(&path).unwrap();
    store.commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap();
    let error = File::create(&path).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.hint().contains("store::File::open"), "{error:?}");
    assert_eq!(load_all(&File::open_or_create(&path).unwrap()).unwrap().len(), 1);
    assert!(matches!(File::open(folder.path()), Err(StoreError::Damaged { .. })));
    assert!(matches!(File::create(folder.path().join("no/keys.json")), Err(StoreError::Unavailable { .. })));
    std::fs::remove_file(&path).unwrap();
    for error in all_operations(&store) {
        assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    }
}

#[test]
fn many_threads_make_one_file() {
    let (_folder, path) = folder("keys.json");
    let work = |thread: u32| {
        let store = File::open_or_create(&path).unwrap();
        store.commit(&[Change::Insert(record(1 + thread, &thread.to_string(), KeyState::Primary))]).unwrap();
    };
    std::thread::scope(|threads| {
        for thread in 0..8 {
            threads.spawn(move || work(thread));
        }
    });
    assert_eq!(load_all(&File::open(&path).unwrap()).unwrap().len(), 8);
}
