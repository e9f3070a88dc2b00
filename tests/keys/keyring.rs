//! The keyring: what it loads, what it costs, and the life of its keys.

use fieldseal::context::ContextError;
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::kms::{KmsError, Local};
use fieldseal::store::KeyStore as _;
use fieldseal::store::{Memory, load_all};
use fieldseal::testing::{FaultyKms, FaultyStore, KmsFault, StoreFault};
use fieldseal::{Column, ErrorKind, Keyring, KeyringError, RowContext, RowId, Scope, Suite};
use std::sync::Arc;
use std::time::Duration;

const NAME: Column = Column::new("patients", "name");

/// A KMS that counts its calls, and fails on request.
fn counting() -> Arc<FaultyKms> {
    Arc::new(FaultyKms::new())
}

/// A store whose first commits conflict, as if other processes were faster.
fn contended(conflicts: u32) -> FaultyStore {
    let store = FaultyStore::new();
    (0..conflicts).for_each(|_| store.next_commit(StoreFault::IdTaken));
    store
}

fn row(id: i64) -> RowContext {
    RowContext::of_row(RowId::of(&id))
}

fn seal(keyring: &Keyring) -> Vec<u8> {
    keyring.seal_bytes(&NAME, &row(1), b"Ada").unwrap()
}

fn open(keyring: &Keyring, stored: &[u8]) -> Result<(), ErrorKind> {
    let opened = keyring.open_bytes(&NAME, &row(1), stored).map_err(|error| error.kind().clone())?;
    assert_eq!(opened.unwrap().as_slice(), b"Ada");
    Ok(())
}

fn state(keyring: &Keyring, id: KeyId) -> KeyState {
    keyring.keys().into_iter().find(|key| key.id == id).unwrap().state
}

#[test]
fn costs_one_kms_call_a_key_and_none_a_value() {
    let kms = counting();
    let store = Arc::new(Memory::new());
    let keyring = Keyring::start(Arc::clone(&kms), Arc::clone(&store)).unwrap();
    assert_eq!(kms.take_calls().total(), 0, "an empty store needs no KMS");
    for tenant in 1..=5 {
        keyring.admin().ensure_scope(&Scope::tenant(tenant).unwrap()).unwrap();
    }
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    kms.take_calls();
    assert_eq!(Keyring::start(Arc::clone(&kms), Arc::clone(&store)).unwrap().keys().len(), 6);
    assert_eq!(kms.take_calls().total(), 6);
    for _ in 0..1_000 {
        open(&keyring, &seal(&keyring)).unwrap();
    }
    keyring.refresh().unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    assert_eq!(kms.take_calls().total(), 0);
}

#[test]
fn an_id_that_is_taken_is_drawn_again() {
    let kms = counting();
    let keyring = Keyring::start(Arc::clone(&kms), contended(3)).unwrap();
    let id = keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    assert_eq!(keyring.primary(&Scope::APPLICATION), Some(id));
    assert_eq!(keyring.keys().len(), 1);
    let hopeless = Keyring::start(kms, contended(1_000)).unwrap();
    assert!(matches!(hopeless.admin().ensure_scope(&Scope::APPLICATION), Err(KeyringError::Contended(_))));
    assert!(hopeless.keys().is_empty());
}

#[test]
fn a_key_lives_as_documented() {
    let kms = counting();
    let keyring = Keyring::start(kms, Memory::new()).unwrap();
    let old = keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let under_old = seal(&keyring);

    let new = keyring.admin().stage(&Scope::APPLICATION).unwrap();
    assert_eq!(state(&keyring, new), KeyState::Staged);
    assert_eq!(seal(&keyring)[1..5], old.get().to_be_bytes(), "a staged key doesn't seal");
    assert!(matches!(keyring.admin().promote(new), Err(KeyringError::TooEarly { id, .. }) if id == new));
    keyring.admin().promote_at_once(new).unwrap();
    let under_new = seal(&keyring);
    assert_eq!(under_new[1..5], new.get().to_be_bytes());
    open(&keyring, &under_old).unwrap();

    let refused = keyring.admin().retire(new).unwrap_err();
    let step = KeyState::Primary.cannot_become(KeyState::Retired);
    assert!(matches!(refused, KeyringError::Transition { id, error } if id == new && error == step));
    assert!(matches!(keyring.admin().reactivate(new), Err(KeyringError::Transition { .. })));
    assert!(
        matches!(keyring.admin().destroy(old), Err(KeyringError::Transition { .. })),
        "not before it's retired"
    );

    keyring.admin().retire(old).unwrap();
    assert_eq!(open(&keyring, &under_old), Err(ErrorKind::RetiredKey(old)));
    keyring.admin().reactivate(old).unwrap();
    open(&keyring, &under_old).unwrap();
    keyring.admin().retire(old).unwrap();
    keyring.admin().destroy(old).unwrap();
    assert_eq!(open(&keyring, &under_old), Err(ErrorKind::DestroyedKey(old)));
    assert!(matches!(keyring.admin().reactivate(old), Err(KeyringError::Transition { .. })));
    open(&keyring, &under_new).unwrap();
    assert_eq!(state(&keyring, old), KeyState::Destroyed, "a tombstone remains");
}

#[test]
fn destroying_erases_every_wrapped_copy() {
    let kms = counting();
    let store = Arc::new(Memory::new());
    let keyring = Keyring::start(kms, Arc::clone(&store)).unwrap();
    let staged = keyring.admin().stage(&Scope::APPLICATION).unwrap();
    keyring.admin().destroy(staged).unwrap();
    assert_eq!(store.get(staged).unwrap().unwrap().wrapped, []);
}

#[test]
fn a_second_keyring_sees_changes_when_it_refreshes() {
    let kms = counting();
    let store = Arc::new(Memory::new());
    let one = Keyring::start(Arc::clone(&kms), Arc::clone(&store)).unwrap();
    let old = one.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let two = Keyring::start(Arc::clone(&kms), Arc::clone(&store)).unwrap();
    let new = one.admin().rotate(&Scope::APPLICATION).unwrap();
    let under_new = seal(&one);
    kms.take_calls();
    two.refresh().unwrap();
    assert_eq!(kms.take_calls().total(), 1, "only the new key is unwrapped");
    open(&two, &under_new).unwrap();
    assert_eq!(kms.take_calls().total(), 0);
    assert_eq!(two.primary(&Scope::APPLICATION), Some(new));
    one.admin().retire(old).unwrap();
    two.refresh().unwrap();
    assert_eq!(state(&two, old), KeyState::Retired);
}

#[test]
fn a_kms_that_fails_leaves_the_keyring_and_the_store_as_they_were() {
    let kms = counting();
    let store = Arc::new(Memory::new());
    let impatient = || Keyring::builder(Arc::clone(&kms), Arc::clone(&store)).deadline(Duration::from_millis(300));
    let keyring = impatient().start().unwrap();
    let id = keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let before = load_all(&store).unwrap();
    kms.always(KmsFault::Unreachable);
    assert!(matches!(
        keyring.admin().rotate(&Scope::APPLICATION),
        Err(KeyringError::Wrap(KmsError::Unavailable { .. }))
    ));
    assert!(matches!(keyring.admin().rewrap(), Err(KeyringError::Kms { .. })));
    assert!(matches!(
        keyring.admin().rotate(&Scope::APPLICATION),
        Err(KeyringError::Wrap(KmsError::Unavailable { .. }))
    ));
    assert!(matches!(keyring.admin().rewrap(), Err(KeyringError::Kms { .. })));
    assert!(matches!(
        impatient().start(),
        Err(KeyringError::Kms { id: failed, .. }) if failed == id
    ));
    assert_eq!(load_all(&store).unwrap(), before);
    open(&keyring, &seal(&keyring)).unwrap();
}

#[test]
fn rotating_the_kek_rewraps_keys_and_touches_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let file = Arc::new(Local::create(folder.path().join("kek.json")).unwrap());
    let kms = Arc::clone(&file);
    let store = Arc::new(Memory::new());
    let keyring = Keyring::start(Arc::clone(&kms), Arc::clone(&store)).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    let sealed = seal(&keyring);
    file.rotate().unwrap();
    assert_eq!(keyring.admin().rewrap().unwrap(), 2);
    assert_eq!(keyring.admin().rewrap().unwrap(), 0, "the second time there's nothing to do");
    file.remove_version(1).unwrap();
    open(&Keyring::start(kms, store).unwrap(), &sealed).unwrap();
}

#[test]
fn the_same_moment_ends_with_one_primary() {
    let kms = counting();
    let store = Arc::new(Memory::new());
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let keyring = Keyring::start(Arc::clone(&kms), Arc::clone(&store)).unwrap();
                scope.spawn(move || keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(load_all(&store).unwrap().len(), 1);
}

#[test]
fn threads_share_a_keyring_while_it_rotates() {
    let kms = counting();
    let keyring = Keyring::start(kms, Memory::new()).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..2_000).for_each(|_| open(&keyring, &seal(&keyring)).unwrap()));
        }
        for _ in 0..10 {
            keyring.admin().rotate(&Scope::APPLICATION).unwrap();
        }
    });
    assert_eq!(keyring.keys().len(), 11);
}

#[test]
fn a_column_that_became_deterministic_opens_what_was_bound_and_what_was_not() {
    let kms = counting();
    let keyring = Keyring::start(kms, Memory::new()).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let now = NAME.with_suite(Suite::Aes256Siv).with_previous_suite(Suite::Xaes256Gcm);
    for before in [NAME, NAME.unbound_row()] {
        let sealed = keyring.seal_bytes(&before, &row(1), b"Ada").unwrap();
        assert_eq!(keyring.open_bytes(&now, &row(1), &sealed).unwrap().unwrap().as_slice(), b"Ada");
        let elsewhere = keyring.open_bytes(&now, &row(2), &sealed);
        assert_eq!(elsewhere.is_ok(), !before.is_row_bound(), "what was bound to its row still is");
    }
    let deterministic = keyring.seal_bytes(&now, &row(1), b"Ada").unwrap();
    assert_eq!(deterministic, keyring.seal_bytes(&now, &row(2), b"Ada").unwrap());
}

#[test]
fn rewrapping_never_overwrites_a_key_with_another() {
    let kms = counting();
    let store = Arc::new(Memory::new());
    let keyring = Keyring::start(Arc::clone(&kms), Arc::clone(&store)).unwrap();
    let id = keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let sealed = seal(&keyring);
    let before = load_all(&store).unwrap();
    kms.take_calls();
    kms.next(KmsFault::AnotherKey);
    assert!(matches!(keyring.admin().rewrap(), Err(KeyringError::WrongKey(wrong)) if wrong == id));
    assert_eq!(kms.take_calls().rewraps, 1, "it was the copy that is to replace the other");
    assert_eq!(load_all(&store).unwrap(), before);
    open(&Keyring::start(kms, store).unwrap(), &sealed).unwrap();
}

#[test]
fn a_column_that_binds_its_row_wants_a_row() {
    let kms = counting();
    let keyring = Keyring::start(kms, Memory::new()).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let nowhere = RowContext::default();
    let error = keyring.seal_bytes(&NAME, &nowhere, b"Ada").unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Context(ContextError::MissingRow));
    keyring.seal_bytes(&NAME.unbound_row(), &nowhere, b"Ada").unwrap();
}

#[test]
fn only_a_deterministic_column_is_searched_by_ciphertext() {
    const SIV: Column = NAME.with_suite(Suite::Aes256Siv);
    let kms = counting();
    let keyring = Keyring::start(kms, Memory::new()).unwrap();
    keyring.admin().ensure_scope(&Scope::tenant(3).unwrap()).unwrap();
    let row = RowContext::default().in_scope(Scope::tenant(3).unwrap());
    let seal = |column, row: &RowContext| keyring.seal_under_each_key(column, row, &"x".to_owned());
    assert_eq!(seal(&NAME, &row).unwrap_err().kind(), &ErrorKind::NotDeterministic);
    assert_eq!(seal(&SIV, &row).unwrap().len(), 1);
    let nobody = RowContext::default().in_scope(Scope::tenant(8).unwrap());
    assert!(matches!(seal(&SIV, &nobody).unwrap_err().kind(), ErrorKind::NoPrimary(_)));
}
