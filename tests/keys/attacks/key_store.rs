//! The key store edited under the program: every attack ends in a typed error or in a correct
//! result, never in a wrong key and never in a second primary.

use super::*;
use fieldseal::ErrorKind;
use fieldseal::keyring::Need;
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::kms::KmsError;
use fieldseal::store::StoreError;

/// Tenant 1 has an active and a primary key, tenant 2 a primary, a retired and a destroyed one; a
/// value under each.
struct Scene {
    victim: Victim,
    running: Keyring,
    active_1: KeyId,
    primary_1: KeyId,
    retired_2: KeyId,
    destroyed_2: KeyId,
    primary_2: KeyId,
    values: Vec<(i64, KeyId, Vec<u8>)>,
}

impl Scene {
    fn new() -> Self {
        let victim = Victim::new();
        let running = victim.start().unwrap();
        let mut values = Vec::new();
        let mut key = |number: i64, first: bool| {
            let scope = tenant(number);
            let id =
                if first { running.admin().ensure_scope(&scope) } else { running.admin().rotate(&scope) }.unwrap();
            values.push((number, id, running.seal_bytes(&COLUMN, &place(number, 1), &plaintext(id)).unwrap()));
            id
        };
        let (active_1, primary_1) = (key(1, true), key(1, false));
        let (retired_2, destroyed_2, primary_2) = (key(2, true), key(2, false), key(2, false));
        running.admin().retire(retired_2).unwrap();
        running.admin().retire(destroyed_2).unwrap();
        running.admin().destroy(destroyed_2).unwrap();
        let scene = Self { victim, running, active_1, primary_1, retired_2, destroyed_2, primary_2, values };
        scene.check(&scene.running, &[]);
        scene
    }

    fn attack(&self, sql: &str) {
        self.victim.attack(sql);
    }

    /// Every value opens as what it was, or is refused as its key says; what is sealed opens again.
    fn check(&self, keyring: &Keyring, expected: &[(KeyId, ErrorKind)]) {
        let mut primaries: Vec<_> =
            keyring.keys().into_iter().filter(|key| key.state == KeyState::Primary).collect();
        primaries.dedup_by_key(|key| key.scope.clone());
        let all = keyring.keys().into_iter().filter(|key| key.state == KeyState::Primary).count();
        assert_eq!(primaries.len(), all, "one primary a scope");
        for (number, id, sealed) in &self.values {
            let by_state = match *id {
                id if id == self.retired_2 => Some(ErrorKind::RetiredKey(id)),
                id if id == self.destroyed_2 => Some(ErrorKind::DestroyedKey(id)),
                _ => None,
            };
            let changed = expected.iter().find(|(other, _)| other == id).map(|(_, kind)| kind.clone());
            let opens_again = changed == Some(OPENS);
            match keyring.open_bytes(&COLUMN, &place(*number, 1), sealed) {
                Ok(opened) => {
                    assert_eq!(**opened.unwrap(), *plaintext(*id));
                    assert!(opens_again || (by_state.is_none() && changed.is_none()), "{id} opened");
                }
                Err(error) => assert_eq!(Some(error.kind()), changed.or(by_state).as_ref(), "{id}"),
            }
        }
        for number in [1, 2] {
            match keyring.seal_bytes(&COLUMN, &place(number, 2), b"new") {
                Ok(sealed) => {
                    let opened = keyring.open_bytes(&COLUMN, &place(number, 2), &sealed).unwrap().unwrap();
                    assert_eq!(**opened, *b"new");
                    let other = place(3 - number, 2);
                    assert!(keyring.open_bytes(&COLUMN, &other, &sealed).is_err(), "sealed under another's key");
                }
                Err(error) => assert_eq!(*error.kind(), ErrorKind::NoPrimary(tenant(number))),
            }
        }
    }

    /// The keys that were attacked are refused with that error, by a program that starts now and by
    /// the running one, or go on as they were; all others do.
    fn refused(&self, expected: impl Fn(&KeyringError) -> bool) {
        let seen = match self.victim.start() {
            Ok(started) => self.check_refusals(&started, &expected),
            Err(error) => {
                assert!(expected(&error), "{error:?}");
                1
            }
        };
        assert!(seen > 0, "the attack was not noticed");
        // The running one still has the keys, and knows what they were.
        let expected = |error: &KeyringError| expected(error) || matches!(error, KeyringError::Altered(_));
        if let Err(error) = self.running.refresh() {
            assert!(expected(&error), "{error:?}");
        }
        self.check_refusals(&self.running, expected);
    }

    /// How many values and scopes were refused.
    fn check_refusals(&self, keyring: &Keyring, expected: impl Fn(&KeyringError) -> bool) -> usize {
        let mut refused = 0;
        for (number, id, sealed) in &self.values {
            match keyring.open_bytes(&COLUMN, &place(*number, 1), sealed).map_err(|error| error.kind().clone()) {
                Ok(opened) => assert_eq!(**opened.unwrap(), *plaintext(*id)),
                Err(ErrorKind::RetiredKey(id)) => assert_eq!(id, self.retired_2),
                Err(ErrorKind::DestroyedKey(id)) => assert_eq!(id, self.destroyed_2),
                Err(ErrorKind::UnknownKey(unknown)) => assert_eq!(unknown, *id),
                Err(ErrorKind::LoadFailed(load)) => {
                    assert!(expected(load.error()), "{load:?}");
                    refused += 1;
                }
                Err(kind) => panic!("{kind:?}"),
            }
        }
        for number in [1, 2] {
            match keyring.seal_bytes(&COLUMN, &place(number, 2), b"new").map_err(|error| error.kind().clone()) {
                Ok(sealed) => {
                    let opened = keyring.open_bytes(&COLUMN, &place(number, 2), &sealed).unwrap().unwrap();
                    assert_eq!(**opened, *b"new");
                }
                Err(ErrorKind::NoPrimary(scope)) => assert_eq!(scope, tenant(number)),
                Err(ErrorKind::LoadFailed(load)) => {
                    assert!(expected(load.error()), "{load:?}");
                    refused += 1;
                }
                Err(kind) => panic!("{kind:?}"),
            }
        }
        refused
    }

    /// The program goes on, with those differences.
    fn survived(&self, expected: &[(KeyId, ErrorKind)]) {
        self.check(&self.victim.start().unwrap(), expected);
        self.running.refresh().unwrap();
        self.check(&self.running, expected);
    }
}

/// Stands for "opens" among the differences that a test expects.
const OPENS: ErrorKind = ErrorKind::NotInstalled;

fn plaintext(id: KeyId) -> Vec<u8> {
    format!("under {id}").into_bytes()
}

fn rejected(id: KeyId) -> impl Fn(&KeyringError) -> bool {
    move |error| matches!(error, KeyringError::Kms { id: other, error: KmsError::Rejected } if *other == id)
}

fn any_rejected(error: &KeyringError) -> bool {
    matches!(error, KeyringError::Kms { error: KmsError::Rejected, .. })
}

fn swap(columns: &[&str], a: KeyId, b: KeyId) -> String {
    let (a, b) = (a.get(), b.get());
    let set: Vec<_> = columns
        .iter()
        .map(|c| {
            format!("{c} = (SELECT other.{c} FROM old AS other WHERE other.id = {a} + {b} - fieldseal_keys.id)")
        })
        .collect();
    format!(
        "CREATE TEMP TABLE old AS SELECT * FROM fieldseal_keys;
         UPDATE fieldseal_keys SET {} WHERE id IN ({a}, {b});",
        set.join(", ")
    )
}

#[test]
fn wrapped_copies_are_bound_to_their_record() {
    for columns in [&["wrapped"][..], &["commitment"], &["wrapped", "commitment"]] {
        for same_scope in [true, false] {
            let scene = Scene::new();
            let other = if same_scope { scene.active_1 } else { scene.primary_2 };
            scene.attack(&swap(columns, scene.primary_1, other));
            scene.refused(any_rejected);
        }
    }
}

#[test]
fn a_record_is_bound_to_its_id_scope_and_commitment() {
    let scene = Scene::new();
    scene.attack(&format!("UPDATE fieldseal_keys SET scope = '2' WHERE id = {}", scene.active_1.get()));
    scene.refused(rejected(scene.active_1));

    let scene = Scene::new();
    scene.attack(&format!("UPDATE fieldseal_keys SET scope = '' WHERE id = {}", scene.primary_1.get()));
    scene.refused(rejected(scene.primary_1));

    let scene = Scene::new();
    scene.attack(&format!(
        "UPDATE fieldseal_keys SET commitment = zeroblob(32) WHERE id = {}",
        scene.primary_1.get()
    ));
    scene.refused(rejected(scene.primary_1));

    let scene = Scene::new();
    scene.attack(&format!("UPDATE fieldseal_keys SET id = 7 WHERE id = {}", scene.primary_1.get()));
    scene.refused(rejected(KeyId::new(7).unwrap()));

    let scene = Scene::new();
    let (active, primary) = (scene.active_1.get(), scene.primary_1.get());
    scene.attack(&format!(
        "UPDATE fieldseal_keys SET id = 7 WHERE id = {active};
         UPDATE fieldseal_keys SET id = {active} WHERE id = {primary};
         UPDATE fieldseal_keys SET id = {primary} WHERE id = 7;"
    ));
    scene.refused(any_rejected);
}

#[test]
fn states_that_were_edited_give_no_key_that_is_gone() {
    let scene = Scene::new();
    let destroyed = scene.destroyed_2;
    for state in ["active", "staged"] {
        scene.attack(&format!("UPDATE fieldseal_keys SET state = '{state}' WHERE id = {}", destroyed.get()));
        scene.refused(|error| matches!(error, KeyringError::NoCopy(id) if *id == destroyed));
    }
    let copy: String = scene.victim.ask("SELECT wrapped FROM fieldseal_keys WHERE state = 'primary'");
    let update = "UPDATE fieldseal_keys SET wrapped = ?1 WHERE id = ?2";
    scene.victim.attacker.execute(update, rusqlite::params![copy, destroyed.get()]).unwrap();
    scene.refused(rejected(destroyed));
}

/// A state is a matter of policy, not of secrecy: whoever writes the store can give a retired key
/// back, or take one away, but not make one that the KMS doesn't unwrap.
#[test]
fn states_that_were_edited_otherwise_are_taken_as_they_are() {
    let scene = Scene::new();
    scene.attack(&format!("UPDATE fieldseal_keys SET state = 'active' WHERE id = {}", scene.retired_2.get()));
    scene.survived(&[(scene.retired_2, OPENS)]);

    let scene = Scene::new();
    scene.attack(&format!("UPDATE fieldseal_keys SET state = 'retired' WHERE id = {}", scene.active_1.get()));
    scene.survived(&[(scene.active_1, ErrorKind::RetiredKey(scene.active_1))]);

    let scene = Scene::new();
    let (old, new) = (scene.primary_1.get(), scene.active_1.get());
    scene.attack(&format!(
        "UPDATE fieldseal_keys SET state = 'active' WHERE id = {old};
         UPDATE fieldseal_keys SET state = 'primary' WHERE id = {new};"
    ));
    scene.survived(&[]);
    assert_eq!(scene.running.primary(&tenant(1)), Some(scene.active_1));

    let scene = Scene::new();
    scene.attack("UPDATE fieldseal_keys SET state = 'staged' WHERE scope = '1'");
    scene.survived(&[]);
    assert_eq!(scene.running.primary(&tenant(1)), None);
    let fresh = scene.running.admin().ensure_scope(&tenant(1)).unwrap();
    assert!(fresh != scene.primary_1 && fresh != scene.active_1);
    scene.survived(&[]);
}

#[test]
fn rows_that_are_gone_or_doubled_are_noticed() {
    let scene = Scene::new();
    scene.attack(&format!("DELETE FROM fieldseal_keys WHERE id = {}", scene.active_1.get()));
    scene.survived(&[(scene.active_1, ErrorKind::UnknownKey(scene.active_1))]);

    let scene = Scene::new();
    scene.attack(&format!("DELETE FROM fieldseal_keys WHERE id = {}", scene.primary_1.get()));
    scene.survived(&[(scene.primary_1, ErrorKind::UnknownKey(scene.primary_1))]);
    assert_eq!(scene.running.primary(&tenant(1)), None);

    let scene = Scene::new();
    scene.attack("DELETE FROM fieldseal_keys");
    scene.running.refresh().unwrap();
    assert!(scene.running.keys().is_empty());

    let scene = Scene::new();
    let without_key = "CREATE TABLE copy AS SELECT * FROM fieldseal_keys;
                       DROP TABLE fieldseal_keys; ALTER TABLE copy RENAME TO fieldseal_keys;";
    scene.attack(without_key);
    scene.survived(&[]);
    for which in [scene.primary_1, scene.active_1, scene.destroyed_2] {
        let twice = format!("INSERT INTO fieldseal_keys SELECT * FROM fieldseal_keys WHERE id = {}", which.get());
        scene.attack(&twice);
        let doubled = |error: &KeyringError| match error {
            KeyringError::Doubled(id) => *id == which,
            KeyringError::TwoPrimaries(scope) => which == scene.primary_1 && *scope == tenant(1),
            _ => false,
        };
        scene.refused(doubled);
        scene.attack("DELETE FROM fieldseal_keys WHERE rowid = (SELECT max(rowid) FROM fieldseal_keys)");
    }
    let other_id = "INSERT INTO fieldseal_keys SELECT 7, scope, 'active', commitment, wrapped, created, revision
                    FROM fieldseal_keys WHERE state = 'primary' AND scope = '1'";
    scene.attack(other_id);
    let forged = KeyId::new(7).unwrap();
    for keyring in [&scene.victim.start().unwrap(), &scene.running] {
        let error = keyring.prefetch_blocking([Need::Open(forged)]).unwrap_err();
        assert!(rejected(forged)(&error), "{error:?}");
    }
    scene.survived(&[]);
}

#[test]
fn two_primaries_are_refused() {
    let scene = Scene::new();
    scene
        .attack("DROP INDEX fieldseal_keys_primary; UPDATE fieldseal_keys SET state = 'primary' WHERE scope = '1'");
    scene.refused(|error| matches!(error, KeyringError::TwoPrimaries(scope) if *scope == tenant(1)));
    for attempt in [scene.running.admin().rotate(&tenant(1)), scene.running.admin().ensure_scope(&tenant(3))] {
        if let Err(error) = attempt {
            assert!(matches!(error, KeyringError::TwoPrimaries(_) | KeyringError::Contended(_)), "{error:?}");
        }
    }
    let started = scene.victim.start().unwrap();
    assert!(started.seal_bytes(&COLUMN, &place(1, 2), b"new").is_err());
    started.seal_bytes(&COLUMN, &place(2, 2), b"new").unwrap();
}

#[test]
fn records_that_cannot_be_read_are_refused() {
    for (column, value) in [
        ("wrapped", "'nonsense'"),
        ("wrapped", "'[{\"kek\":\"local:x\"}]'"),
        ("wrapped", "x'5b5d'"),
        ("commitment", "zeroblob(31)"),
        ("commitment", "'text'"),
        ("state", "'PRIMARY'"),
        ("scope", "NULL"),
        ("revision", "-1"),
        ("created", "'yesterday'"),
    ] {
        let scene = Scene::new();
        scene.attack(&format!(
            "CREATE TABLE copy AS SELECT * FROM fieldseal_keys; DROP TABLE fieldseal_keys;
             ALTER TABLE copy RENAME TO fieldseal_keys;
             UPDATE fieldseal_keys SET {column} = {value} WHERE id = {}",
            scene.active_1.get()
        ));
        scene.refused(|error| {
            matches!(error, KeyringError::Store(StoreError::Malformed { error, .. }) if error.column.name() == column)
        });
    }
    let scene = Scene::new();
    scene.attack("UPDATE fieldseal_keys SET wrapped = '[]' WHERE state = 'primary' AND scope = '1'");
    scene.refused(|error| matches!(error, KeyringError::NoCopy(id) if *id == scene.primary_1));
    let scene = Scene::new();
    scene.attack("UPDATE fieldseal_keys SET wrapped = replace(wrapped, 'local:', 'other:') WHERE scope = '1'");
    scene.refused(|error| matches!(error, KeyringError::Kms { error: KmsError::NotFound { .. }, .. }));
}

#[test]
fn a_copy_that_does_not_open_does_not_hide_one_that_does() {
    let scene = Scene::new();
    for bad in ["{\"kek\":\"aws:x\",\"blob\":\"AAAA\"}", "{\"kek\":\"\",\"blob\":\"\"}"] {
        scene.attack(&format!(
            "UPDATE fieldseal_keys SET wrapped = '[{bad},' || substr(wrapped, 2) WHERE scope = '1'"
        ));
        scene.survived(&[]);
    }
    let own: String =
        scene.victim.ask("SELECT wrapped FROM fieldseal_keys WHERE state = 'primary' AND scope = '2'");
    let foreign = own.trim_matches(['[', ']']);
    scene.attack(&format!(
        "UPDATE fieldseal_keys SET wrapped = '[{foreign},' || substr(wrapped, 2) WHERE scope = '1'"
    ));
    scene.survived(&[]);
}

/// Nothing outside of the store says how far it was: the database's own backups and access rights
/// must.
#[test]
fn an_older_key_store_that_is_put_back_opens_less_and_nothing_wrongly() {
    let mut scene = Scene::new();
    scene.attack("CREATE TABLE backup AS SELECT * FROM fieldseal_keys");
    let (old, new) = (scene.primary_1, scene.running.admin().rotate(&tenant(1)).unwrap());
    let sealed = scene.running.seal_bytes(&COLUMN, &place(1, 1), &plaintext(new)).unwrap();
    scene.values.push((1, new, sealed));
    scene.running.admin().reactivate(scene.retired_2).unwrap();
    scene.attack("DELETE FROM fieldseal_keys; INSERT INTO fieldseal_keys SELECT * FROM backup;");
    scene.survived(&[(new, ErrorKind::UnknownKey(new))]);
    assert_eq!(scene.running.primary(&tenant(1)), Some(old));
    let after = scene.running.admin().rotate(&tenant(1)).unwrap();
    assert!(after != new && after != old);
    scene.survived(&[(new, ErrorKind::UnknownKey(new))]);
}

#[test]
fn a_destroyed_key_comes_back_only_with_a_backup_of_its_copy() {
    let scene = Scene::new();
    scene.running.admin().reactivate(scene.retired_2).unwrap();
    scene.running.admin().retire(scene.retired_2).unwrap();
    scene.attack("CREATE TABLE backup AS SELECT * FROM fieldseal_keys");
    scene.running.admin().destroy(scene.retired_2).unwrap();
    scene.survived(&[(scene.retired_2, ErrorKind::DestroyedKey(scene.retired_2))]);
    scene.attack("DELETE FROM fieldseal_keys; INSERT INTO fieldseal_keys SELECT * FROM backup;");
    scene.survived(&[]);
}

/// A program that decides on a stale view loses to the store, and decides again.
#[test]
fn revisions_that_were_edited_break_nothing() {
    let scene = Scene::new();
    scene.attack("UPDATE fieldseal_keys SET revision = 0");
    scene.running.admin().rotate(&tenant(1)).unwrap();
    scene.survived(&[]);
    scene.attack("UPDATE fieldseal_keys SET revision = 9223372036854775807");
    let error = scene.running.admin().rotate(&tenant(1)).unwrap_err();
    assert!(matches!(error, KeyringError::Store(_) | KeyringError::Contended(_)), "{error:?}");
    scene.survived(&[]);
}

/// What a trigger makes of a change is noticed before anyone believes that a key is gone.
#[test]
fn a_store_that_keeps_what_was_destroyed_is_noticed() {
    let scene = Scene::new();
    scene.running.admin().retire(scene.active_1).unwrap();
    scene.attack(
        "CREATE TRIGGER keep AFTER UPDATE OF wrapped ON fieldseal_keys WHEN NEW.wrapped = '[]'
         BEGIN UPDATE fieldseal_keys SET wrapped = OLD.wrapped WHERE id = NEW.id; END",
    );
    let error = scene.running.admin().destroy(scene.active_1).unwrap_err();
    assert!(matches!(error, KeyringError::NotStored(id) if id == scene.active_1), "{error:?}");
    scene.attack("DROP TRIGGER keep");
    scene.attack("CREATE TRIGGER ignore BEFORE INSERT ON fieldseal_keys BEGIN SELECT raise(IGNORE); END");
    assert!(matches!(scene.running.admin().stage(&tenant(1)), Err(KeyringError::NotStored(_))));
    let error = scene.running.admin().rotate(&tenant(1)).unwrap_err();
    assert!(matches!(error, KeyringError::NotStored(_)), "{error:?}");
}
