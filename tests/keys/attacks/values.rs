//! Sealed values under keys that they weren't sealed under. Every other place is tried in
//! `testkit/behaviours/src/models`.

use super::*;
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fieldseal::{ErrorKind, Suite};

#[test]
fn a_value_opens_only_under_its_own_key_and_suite() {
    let victim = Victim::new();
    let keyring = victim.start().unwrap();
    let scope = tenant(1);
    let mut ids = vec![keyring.admin().ensure_scope(&scope).unwrap()];
    for suite in Suite::ALL {
        let column = Column::new("t", "c").with_suite(suite);
        let sealed = keyring.seal_bytes(&column, &place(1, 1), b"text").unwrap();
        ids.push(keyring.admin().rotate(&scope).unwrap());
        for id in &ids {
            let relabelled = [&sealed[..1], &id.get().to_be_bytes(), &sealed[5..]].concat();
            let opened = keyring.open_bytes(&column, &place(1, 1), &relabelled);
            match opened {
                Ok(plaintext) => assert!(relabelled == sealed && **plaintext.unwrap() == *b"text"),
                Err(error) => assert_eq!((relabelled != sealed, error.kind()), (true, &ErrorKind::Rejected)),
            }
        }
        for other in Suite::ALL.into_iter().filter(|other| *other != suite) {
            let padded = [&sealed[..], &[0; 40]].concat();
            for value in [&sealed, &padded] {
                let column = Column::new("t", "c").with_suite(other);
                let kind = keyring.open_bytes(&column, &place(1, 1), value).unwrap_err().kind().clone();
                assert!(matches!(kind, ErrorKind::Rejected | ErrorKind::NotSealed), "{suite} as {other}: {kind:?}");
            }
        }
    }
}

/// The keys of one tenant were exported, or stolen: they forge that tenant's values, and nobody
/// else's.
#[test]
fn the_exported_keys_of_one_tenant_forge_nothing_of_another() {
    let victim = Victim::new();
    let keyring = victim.start().unwrap();
    let column = Column::new("t", "c").with_suite(Suite::Aes256Gcm);
    let forge = |stolen: i64, target: i64| {
        let id = keyring.admin().ensure_scope(&tenant(stolen)).unwrap();
        let keyset = keyring.admin().dangerously_export_cleartext_tink_keyset(&column, &tenant(stolen)).unwrap();
        let keyset: serde_json::Value = serde_json::from_str(&keyset).unwrap();
        let message = STANDARD.decode(keyset["key"][0]["keyData"]["value"].as_str().unwrap()).unwrap();
        let row = [&b"i"[..], &lp(b"1")].concat();
        let target_scope = target.to_string();
        let parts: [&[u8]; 5] = [b"fieldseal/1 value", b"t", b"c", target_scope.as_bytes(), &row];
        let aad = parts.map(lp).concat();
        let sealed = Aes256Gcm::new_from_slice(&message[message.len() - 32..])
            .unwrap()
            .encrypt(&[7; 12].into(), Payload { msg: b"forged", aad: &aad })
            .unwrap();
        let stored = [&[1][..], &id.get().to_be_bytes(), &[7; 12], &sealed].concat();
        let opened = keyring.open_bytes(&column, &place(target, 1), &stored);
        opened.map(|plaintext| plaintext.unwrap().to_vec()).map_err(|error| error.kind().clone())
    };
    assert_eq!(forge(1, 1), Ok(b"forged".to_vec()));
    assert_eq!(forge(1, 2), Err(ErrorKind::Rejected));
    assert_eq!(forge(2, 1), Err(ErrorKind::Rejected));
}

fn lp(part: &[u8]) -> Vec<u8> {
    [&u32::try_from(part.len()).unwrap().to_be_bytes(), part].concat()
}

/// An older value of the same place is authentic: nothing in one database row could tell. The
/// threat model says so.
#[test]
fn an_older_value_of_the_same_place_opens_as_documented() {
    let victim = Victim::new();
    let keyring = victim.start().unwrap();
    keyring.admin().ensure_scope(&tenant(1)).unwrap();
    let old = keyring.seal_bytes(&COLUMN, &place(1, 1), b"old").unwrap();
    keyring.seal_bytes(&COLUMN, &place(1, 1), b"new").unwrap();
    assert_eq!(**keyring.open_bytes(&COLUMN, &place(1, 1), &old).unwrap().unwrap(), *b"old");
}
