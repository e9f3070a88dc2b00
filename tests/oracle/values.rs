//! Rust and the Python oracle, and Google's Tink, open each other's values.

use crate::client::keys::Keys;
use crate::client::{Key, Refusal};
use fieldseal::kms::{Argon2Params, Local, Passphrase};
use fieldseal::{Column, ErrorKind, KeyringError, Suite, Value};
use std::error::Error;
use testkit::place::{Element, Place};
use testkit::plaintexts::{Case, with_each_type};
use testkit::spelt::Spelt;
use testkit::{known_keys, plaintexts};

/// Every suite with every sort of scope, row and name.
fn places() -> Vec<Place> {
    let scopes = ["", "42", "-7", "67e55044-10b1-426f-9247-bb680e5fe0c8", "Zürich 🏥", "e\u{301}"];
    let int = |text: &str| Element::Int(text.into());
    let text = |text: &str| Element::Text(text.into());
    let bytes = |hex: &str| Element::Bytes(hex.into());
    let rows = [
        None,
        Some(vec![int("42")]),
        Some(vec![int("-9223372036854775808")]),
        Some(vec![int("340282366920938463463374607431")]),
        Some(vec![text("")]),
        Some(vec![text("row 🦀")]),
        Some(vec![bytes("67e5504410b1426f9247bb680e5fe0c8")]),
        Some(vec![int("42"), text("2026-01-31"), bytes("00ff")]),
    ];
    let mut places = Vec::new();
    for suite in Suite::ALL {
        for scope in scopes {
            places.push(Place { scope: scope.into(), ..Place::new(suite) });
        }
        for row in rows.iter().filter(|row| row.is_none() || suite != Suite::Aes256Siv) {
            places.push(Place { row: row.clone(), scope: "42".into(), ..Place::new(suite) });
        }
        places.push(Place { table: "Пациенты".into(), column: "x".repeat(300), ..Place::new(suite) });
    }
    places
}

#[test]
#[ignore = "needs the Python oracle: bash tests/all"]
fn each_opens_what_the_other_sealed() {
    for place in places() {
        let keys = Keys::of(&place);
        for plaintext in [b"".as_slice(), b"x", &[0x80; 300]] {
            let sealed = keys.seal(&place, plaintext);
            assert_eq!(crate::client::open(&place, keys.key(), &sealed).as_deref(), Ok(plaintext), "{place:?}");
            let sealed = crate::client::seal(&place, keys.key(), plaintext);
            assert_eq!(keys.open(&place, &sealed).as_deref(), Ok(plaintext), "{place:?}");
        }
    }
}

#[test]
#[ignore = "needs the Python oracle: bash tests/all"]
fn both_give_siv_the_same_bytes() {
    for place in places().iter().filter(|place| place.suite() == Suite::Aes256Siv) {
        let keys = Keys::of(place);
        assert_eq!(keys.seal(place, b"text"), crate::client::seal(place, keys.key(), b"text"), "{place:?}");
    }
}

mod kinds {
    use super::*;

    fn column(place: &Place, case: &Case) -> Column {
        match (case.pad, case.hide_null) {
            (None, _) => place.column(),
            (Some(pad), false) => place.column().pad(pad),
            (Some(pad), true) => place.column().hide_null(pad),
        }
    }

    /// What the oracle sealed is this value here, and what is sealed of it here is this plaintext
    /// there.
    fn check<T: Value + Spelt>(case: &Case, keys: &Keys, place: &Place) {
        let (column, context) = (column(place, case), place.context());
        let sealed = crate::client::seal(place, keys.key(), &case.plaintext());
        let opened = keys.keyring.open::<Option<T>>(&column, &context, &sealed);
        if case.is_beyond(T::CRATE) {
            assert_eq!(*opened.err().unwrap().kind(), ErrorKind::Malformed(T::KIND), "{}", case.name);
            return;
        }
        let value = opened.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(value.as_ref().map(Spelt::spelt), case.value, "{}", case.name);
        let sealed = keys.keyring.seal(&column, &context, &value).into_bytes().unwrap().expect("not NULL");
        assert_eq!(crate::client::open(place, keys.key(), &sealed), Ok(case.plaintext()), "{}", case.name);
    }

    #[test]
    #[ignore = "needs the Python oracle: bash tests/all"]
    fn every_kind_and_frame_means_the_same() {
        for (number, case) in plaintexts::file().cases.iter().enumerate() {
            let place = Place::new(Suite::ALL[number % Suite::ALL.len()]);
            let keys = Keys::of(&place);
            with_each_type!(case.kind.as_str() => check(case, &keys, &place));
        }
    }

    fn refuse<T: Value>(case: &Case, keys: &Keys, place: &Place) {
        let sealed = crate::client::seal(place, keys.key(), &case.plaintext());
        let opened = keys.keyring.open::<Option<T>>(&column(place, case), &place.context(), &sealed);
        let kind = opened.err().expect(&case.name).kind().clone();
        assert!(matches!(kind, ErrorKind::Malformed(_) | ErrorKind::MalformedPadding), "{}: {kind}", case.name);
    }

    #[test]
    #[ignore = "needs the Python oracle: bash tests/all"]
    fn malformed_plaintexts_are_malformed_and_not_rejected() {
        let place = Place::new(Suite::Xaes256Gcm);
        let keys = Keys::of(&place);
        for case in &plaintexts::file().malformed {
            with_each_type!(case.kind.as_str() => refuse(case, &keys, &place));
        }
    }
}

mod tink {
    use super::*;

    #[test]
    #[ignore = "needs the Python oracle: bash tests/all"]
    fn opens_with_an_encrypted_keyset() {
        let kek_place = Place::new(Suite::Aes256Gcm);
        let kek = Keys::of(&kek_place).keyset(&kek_place);
        for suite in Suite::ALL {
            let place = Place::new(suite);
            let keys = Keys::of(&place);
            let old = keys.seal(&place, b"old");
            keys.keyring.admin().rotate(&keys.scope).unwrap();
            let new = keys.seal(&place, b"new");
            let encrypt =
                |keyset: &[u8]| Ok::<_, KeyringError>(crate::client::tink_encrypt(&kek, Suite::Aes256Gcm, keyset));
            let keyset =
                keys.keyring.admin().export_encrypted_tink_keyset(&place.column(), &keys.scope, encrypt).unwrap();
            for (sealed, plaintext) in [(old, b"old"), (new, b"new")] {
                let opened = crate::client::tink_open_under(&kek, &keyset, &place, &sealed);
                assert_eq!(opened.as_deref(), Ok(&plaintext[..]), "{suite}");
            }
        }
    }

    #[test]
    #[ignore = "needs the Python oracle: bash tests/all"]
    fn opens_with_a_keyset_that_is_encrypted_to_a_key_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(Suite::default());
        let keys = Keys::of(&place);
        let sealed = keys.seal(&place, b"text");
        for passphrase in [None, Some("correct horse")] {
            let path = folder.path().join(if passphrase.is_some() { "protected.json" } else { "plain.json" });
            let cheap = Argon2Params::RECOMMENDED.with_memory_kib(8).with_iterations(1).with_parallelism(1);
            let given = passphrase.map(|text| Passphrase::new(text).argon2(cheap));
            let kek = match &given {
                Some(passphrase) => Local::create_with_passphrase(&path, passphrase),
                None => Local::create(&path),
            }
            .unwrap();
            let export = || {
                let encrypt = |keyset: &[u8]| Ok::<_, Box<dyn Error>>(kek.encrypt_tink_keyset(keyset)?);
                keys.keyring.admin().export_encrypted_tink_keyset(&place.column(), &keys.scope, encrypt).unwrap()
            };
            let first = export();
            kek.rotate().unwrap();
            for keyset in [first, export()] {
                let opened = crate::client::tink_open_with_key_file((&path, passphrase), &keyset, &place, &sealed);
                assert_eq!(opened.as_deref(), Ok(&b"text"[..]));
                let aead = kek.dangerously_export_cleartext_tink_keyset().unwrap();
                let opened = crate::client::tink_open_under(&aead, &keyset, &place, &sealed);
                assert_eq!(opened.as_deref(), Ok(&b"text"[..]));
            }
        }
    }

    #[test]
    #[ignore = "needs the Python oracle: bash tests/all"]
    fn opens_and_seals_with_an_exported_keyset() {
        for place in places() {
            let keys = Keys::of(&place);
            let keyset = keys.keyset(&place);
            let sealed = keys.seal(&place, b"to Tink");
            assert_eq!(
                crate::client::tink_open(&keyset, &place, &sealed).as_deref(),
                Ok(&b"to Tink"[..]),
                "{place:?}"
            );
            let sealed = crate::client::tink_seal(&keyset, &place, b"from Tink");
            assert_eq!(keys.open(&place, &sealed).as_deref(), Ok(&b"from Tink"[..]), "{place:?}");
        }
    }

    #[test]
    #[ignore = "needs the Python oracle: bash tests/all"]
    fn opens_old_and_new_values_after_a_rotation() {
        for suite in Suite::ALL {
            let place = Place::new(suite);
            let keys = Keys::of(&place);
            let old = keys.seal(&place, b"old");
            let before = keys.keyset(&place);
            let primary = keys.keyring.admin().rotate(&keys.scope).unwrap();
            let new = keys.seal(&place, b"new");
            let after = keys.keyset(&place);
            assert_eq!(crate::client::tink_open(&after, &place, &old).as_deref(), Ok(&b"old"[..]), "{suite}");
            assert_eq!(crate::client::tink_open(&after, &place, &new).as_deref(), Ok(&b"new"[..]), "{suite}");
            assert_eq!(crate::client::tink_open(&before, &place, &new), Err(Refusal("rejected".into())), "{suite}");

            let (id, bytes) = known_keys::primary(&keys.store, &keys.scope);
            assert_eq!((id, keys.keyring.primary(&keys.scope)), (primary.get(), Some(primary)));
            let key = Key { id, bytes: &bytes };
            assert_eq!(crate::client::open(&place, key, &new).as_deref(), Ok(&b"new"[..]), "{suite}");
            let sealed = crate::client::tink_seal(&after, &place, b"from Tink");
            assert_eq!(sealed[1..5], id.to_be_bytes(), "Tink seals under the new primary");
            assert_eq!(keys.open(&place, &sealed).as_deref(), Ok(&b"from Tink"[..]), "{suite}");
        }
    }

    #[test]
    #[ignore = "needs the Python oracle: bash tests/all"]
    fn refuses_values_of_another_place() {
        for suite in Suite::ALL {
            let place = Place::new(suite);
            let keys = Keys::of(&place);
            let sealed = keys.seal(&place, b"text");
            let elsewhere = Place { table: "Patients".into(), ..place.clone() };
            let refused = crate::client::tink_open(&keys.keyset(&place), &elsewhere, &sealed);
            assert_eq!(refused, Err(Refusal("rejected".into())), "{suite}");
        }
    }
}
