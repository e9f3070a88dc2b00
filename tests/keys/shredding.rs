//! Forgetting a tenant: every key of its scope becomes a tombstone, whatever its state and whatever
//! others do meanwhile.

use fieldseal::keys::{KeyId, KeyState};
use fieldseal::kms::Local;
use fieldseal::store::KeyStore as _;
use fieldseal::store::{File, Memory, Rusqlite, load_all};
use fieldseal::testing::FaultyStore;
use fieldseal::{Column, Error, ErrorKind, Keyring, KeyringError, RowContext, RowId, Scope};
use std::sync::Arc;
use tempfile::TempDir;

const NAME: Column = Column::new("patients", "name");

fn kms(dir: &TempDir) -> Local {
    Local::open_or_create(dir.path().join("kek.json")).unwrap()
}

fn tenant(name: &str) -> Scope {
    Scope::tenant(name).unwrap()
}

fn of(scope: &Scope) -> RowContext {
    RowContext::of_row(RowId::of(&1)).in_scope(scope.clone())
}

fn seal(keyring: &Keyring, scope: &Scope) -> Vec<u8> {
    keyring.seal_bytes(&NAME, &of(scope), b"Ada").unwrap()
}

fn refusal(keyring: &Keyring, scope: &Scope, stored: &[u8]) -> ErrorKind {
    let opened = keyring.open_bytes(&NAME, &of(scope), stored);
    opened.map(drop).map_err(|error: Error| error.kind().clone()).unwrap_err()
}

/// A key of the scope in each state that has wrapped copies.
fn one_in_each_state(keyring: &Keyring, scope: &Scope) -> Vec<KeyId> {
    let retired = keyring.admin().ensure_scope(scope).unwrap();
    let active = keyring.admin().rotate(scope).unwrap();
    keyring.admin().retire(retired).unwrap();
    let primary = keyring.admin().rotate(scope).unwrap();
    let mut ids = vec![retired, active, primary, keyring.admin().stage(scope).unwrap()];
    ids.sort_unstable();
    ids
}

#[test]
fn every_key_of_the_tenant_becomes_a_tombstone_in_one_commit() {
    let (dir, store) = (TempDir::new().unwrap(), Arc::new(FaultyStore::new()));
    let keyring = Keyring::start(kms(&dir), Arc::clone(&store)).unwrap();
    let (north, south) = (tenant("north"), tenant("south"));
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    keyring.admin().ensure_scope(&south).unwrap();
    let ids = one_in_each_state(&keyring, &north);
    let others = |store: &FaultyStore| {
        let mut others = load_all(store).unwrap();
        others.retain(|record| record.scope != north);
        others.sort_by_key(|record| record.id);
        others
    };
    let (before, commits) = (others(&store), store.calls().commits);
    let (theirs, ours) = (seal(&keyring, &north), seal(&keyring, &south));

    assert_eq!(keyring.admin().shred(&north).unwrap(), ids);

    assert_eq!(store.calls().commits, commits + 1);
    for record in store.load_scope(&north).unwrap() {
        assert_eq!((record.state, record.wrapped.as_slice()), (KeyState::Destroyed, [].as_slice()));
    }
    assert_eq!(others(&store), before, "nobody else's key was touched");
    assert!(matches!(refusal(&keyring, &north, &theirs), ErrorKind::DestroyedKey(_)));
    keyring.open_bytes(&NAME, &of(&south), &ours).unwrap();
    assert!(keyring.seal_bytes(&NAME, &of(&north), b"Ada").is_err(), "nothing is sealed for it either");
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let (dir, store) = (TempDir::new().unwrap(), Arc::new(FaultyStore::new()));
    let keyring = Keyring::start(kms(&dir), Arc::clone(&store)).unwrap();
    one_in_each_state(&keyring, &tenant("north"));
    keyring.admin().shred(&tenant("north")).unwrap();
    let before = load_all(&store).unwrap();
    assert_eq!(keyring.admin().shred(&tenant("north")).unwrap(), []);
    assert_eq!(keyring.admin().shred(&tenant("nobody")).unwrap(), []);
    assert_eq!(load_all(&store).unwrap(), before);
}

#[test]
fn the_application_is_no_tenant() {
    let (dir, store) = (TempDir::new().unwrap(), Arc::new(FaultyStore::new()));
    let keyring = Keyring::start(kms(&dir), Arc::clone(&store)).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let before = load_all(&store).unwrap();
    assert!(matches!(keyring.admin().shred(&Scope::APPLICATION), Err(KeyringError::ApplicationScope)));
    assert_eq!(load_all(&store).unwrap(), before);
}

#[test]
fn a_running_keyring_refuses_the_values_once_it_has_read_the_store_again() {
    let dir = TempDir::new().unwrap();
    let (path, north) = (dir.path().join("app.db"), tenant("north"));
    let open = || {
        let store = Rusqlite::open(&path).unwrap();
        store.create_table().unwrap();
        Keyring::builder(kms(&dir), store).without_background().start().unwrap()
    };
    let running = open();
    running.admin().ensure_scope(&north).unwrap();
    let stored = seal(&running, &north);
    let ids = open().admin().shred(&north).unwrap();
    running.open_bytes(&NAME, &of(&north), &stored).unwrap();
    running.refresh().unwrap();
    assert_eq!(refusal(&running, &north, &stored), ErrorKind::DestroyedKey(ids[0]));
    assert!(running.seal_bytes(&NAME, &of(&north), b"Ada").is_err());
}

#[test]
fn a_key_that_was_staged_at_the_same_moment_is_shredded_too() {
    let (dir, memory) = (TempDir::new().unwrap(), Arc::new(Memory::new()));
    let store = Arc::new(FaultyStore::over(Arc::clone(&memory)));
    let keyring = Keyring::start(kms(&dir), Arc::clone(&store)).unwrap();
    let first = keyring.admin().ensure_scope(&tenant("north")).unwrap();
    let other = Keyring::start(kms(&dir), memory).unwrap();
    store.before_next_commit(move || {
        other.admin().stage(&tenant("north")).unwrap();
    });
    let shredded = keyring.admin().shred(&tenant("north")).unwrap();
    assert_eq!((shredded.len(), shredded.contains(&first)), (2, true));
    for record in load_all(&store).unwrap() {
        assert_eq!((record.state, record.wrapped.as_slice()), (KeyState::Destroyed, [].as_slice()));
    }
}

#[test]
fn a_rotation_at_the_same_moment_is_met_again() {
    let (dir, memory) = (TempDir::new().unwrap(), Arc::new(Memory::new()));
    let store = Arc::new(FaultyStore::over(Arc::clone(&memory)));
    let keyring = Keyring::start(kms(&dir), Arc::clone(&store)).unwrap();
    let first = keyring.admin().ensure_scope(&tenant("north")).unwrap();
    let other = Keyring::start(kms(&dir), memory).unwrap();
    store.before_next_commit(move || {
        other.admin().rotate(&tenant("north")).unwrap();
    });
    assert_eq!(keyring.admin().shred(&tenant("north")).unwrap().len(), 2);
    assert_eq!(store.get(first).unwrap().unwrap().revision, 3, "on top of what it had become");
}

#[test]
fn a_file_keeps_no_copy() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("keys.json");
    let keyring = Keyring::start(kms(&dir), File::create(&path).unwrap()).unwrap();
    one_in_each_state(&keyring, &tenant("north"));
    assert!(std::fs::read_to_string(&path).unwrap().contains("\"blob\""));
    assert_eq!(keyring.admin().shred(&tenant("north")).unwrap().len(), 4);
    assert!(!std::fs::read_to_string(&path).unwrap().contains("\"blob\""));
}
