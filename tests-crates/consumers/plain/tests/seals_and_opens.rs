//! One value at a time, with what the derive gives to every model. Run with and without the feature
//! `neighbour`.

use fieldseal::value::SealedValue;
use fieldseal::{ErrorKind, Keyring, Model, Scope, kms, store};
use plain::{Email, Patient, Visit};

fn bytes(value: SealedValue) -> Vec<u8> {
    value.into_bytes().unwrap().expect("not NULL")
}

#[test]
fn seals_and_opens() {
    let dir = tempfile::tempdir().unwrap();
    let kms = kms::Local::open_or_create(dir.path().join("kek.json")).unwrap();
    let keyring = Keyring::start(kms, store::Memory::new()).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    fieldseal::install(keyring).unwrap();

    let name = bytes(Patient::seal_name(&1, "Ада"));
    assert_eq!(Patient::open_name(&1, &name).unwrap(), "Ада");
    assert_eq!(*Patient::open_name(&2, &name).unwrap_err().kind(), ErrorKind::Rejected);

    let email = Email("a@b".to_owned());
    let sealed = bytes(Patient::seal_email(&1, Some(&email)));
    assert_eq!(Patient::open_email(&1, &sealed).unwrap(), Some(email));
    assert_eq!(Patient::seal_email(&1, None).into_bytes(), Ok(None));

    let history = vec![Visit { day: "2024-02-29".to_owned() }];
    let (some, none) = (Patient::seal_history(&1, Some(&history)), Patient::seal_history(&1, None));
    let (some, none) = (bytes(some), bytes(none));
    assert_eq!(some.len(), none.len());
    assert_eq!(Patient::open_history(&1, &some).unwrap(), Some(history));
    assert_eq!(Patient::open_history(&1, &none).unwrap(), None);
}

#[test]
fn features_of_others_change_nothing() {
    let patient = Patient::try_from("7").unwrap();
    assert_eq!(patient.params(), "the program's own");
    assert_eq!(
        format!("{patient:?}"),
        "Patient { id: 7, name: [redacted], email: [redacted], history: [redacted] }"
    );
    let kinds: Vec<_> =
        Patient::SCHEMA.columns.iter().map(|column| (column.name(), column.kind().name())).collect();
    assert_eq!(kinds, [("name", "text"), ("email", "text"), ("history", "json")]);
}
