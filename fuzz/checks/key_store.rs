//! A key-store file is refused, or it holds what can be written back, and no two keys contradict
//! each other.

use super::key_record::{comes_back_from_columns, comes_back_from_json};
use super::scratch::Scratch;
use fieldseal::keys::KeyState;
use fieldseal::store::{File, KeyStore as _, load_all};
use serde_json::Value;
use std::collections::HashSet;

thread_local! {
    static SCRATCH: Scratch = Scratch::new();
}

/// `data` is the file.
pub fn check(data: &[u8]) -> bool {
    let path = SCRATCH.with(|scratch| scratch.file(data));
    let Ok(store) = File::open(path) else { return false };
    let page = store.page(None, usize::MAX).expect("it was read a moment ago");
    if !page.damaged.is_empty() {
        assert!(load_all(&store).is_err(), "a part was taken for the whole");
        return false;
    }
    let file: Value = serde_json::from_slice(data).expect("it was opened");
    let entries = file["keys"].as_array().expect("it was opened");
    let copies = entries.iter().flat_map(|entry| entry["wrapped"].as_array().expect("it was opened"));
    assert!(file.is_object() && entries.iter().chain(copies).all(Value::is_object), "an array for an object");
    let records = load_all(&store).expect("it was read a moment ago");
    let (mut ids, mut primaries) = (HashSet::new(), HashSet::new());
    for record in &records {
        assert!(ids.insert(record.id), "a key id twice");
        assert!(record.state != KeyState::Primary || primaries.insert(&record.scope), "a second primary");
        assert_eq!(store.get(record.id).expect("as before").as_ref(), Some(record));
        comes_back_from_json(record);
        comes_back_from_columns(record);
    }
    true
}
