//! Keysets that are encrypted to a KEK file, for Tink. `tests/oracle/values.rs` has Tink itself
//! read them.

use super::*;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::collections::BTreeMap;
use xaes_256_gcm::Xaes256Gcm;

/// The exported AEAD: each version's key, and the version that encrypts.
fn exported(kms: &Local) -> (u64, BTreeMap<u64, Vec<u8>>) {
    let keyset: Value = serde_json::from_str(&kms.dangerously_export_cleartext_tink_keyset().unwrap()).unwrap();
    let key = |key: &Value| {
        assert_eq!(key["keyData"]["typeUrl"], "type.googleapis.com/google.crypto.tink.AesGcmKey");
        let message = STANDARD.decode(key["keyData"]["value"].as_str().unwrap()).unwrap();
        let bytes = message.strip_prefix(&[0x1a, 32]).expect("field 3 with 32 bytes");
        (key["keyId"].as_u64().unwrap(), bytes.to_vec())
    };
    (keyset["primaryKeyId"].as_u64().unwrap(), keyset["key"].as_array().unwrap().iter().map(key).collect())
}

/// As Tink does it.
fn decrypt(kms: &Local, encrypted: &[u8]) -> Option<Vec<u8>> {
    let (_, keys) = exported(kms);
    let [1, a, b, c, d, body @ ..] = encrypted else { return None };
    let key = keys.get(&u64::from(u32::from_be_bytes([*a, *b, *c, *d])))?;
    let (nonce, text) = body.split_first_chunk::<12>()?;
    Aes256Gcm::new_from_slice(key).unwrap().decrypt(nonce.into(), text).ok()
}

#[test]
fn are_decrypted_by_the_exported_aead_after_a_rotation_too() {
    let (_folder, path) = folder();
    for (path, passphrase) in [(path.clone(), None), (path.with_extension("protected"), Some(passphrase()))] {
        let kms = crate::kms_local::create(&path, passphrase.as_ref()).unwrap();
        let long = vec![7; 100_000];
        let (empty, first) = (kms.encrypt_tink_keyset(b"").unwrap(), kms.encrypt_tink_keyset(&long).unwrap());
        kms.rotate().unwrap();
        let second = kms.encrypt_tink_keyset(b"second").unwrap();
        assert_eq!((first[..5].to_vec(), second[..5].to_vec()), (vec![1, 0, 0, 0, 1], vec![1, 0, 0, 0, 2]));
        let opened = crate::kms_local::open(&path, passphrase.as_ref()).unwrap();
        assert_eq!(exported(&opened).0, 2);
        assert_eq!(decrypt(&opened, &empty).as_deref(), Some(&b""[..]));
        assert_eq!(decrypt(&opened, &first), Some(long));
        assert_eq!(decrypt(&opened, &second).as_deref(), Some(&b"second"[..]));

        kms.remove_version(1).unwrap();
        assert_eq!(decrypt(&kms, &first), None, "its version is gone");
    }
}

#[test]
fn never_repeat_and_need_their_own_key_file() {
    let (folder, path) = folder();
    let kms = Local::create(&path).unwrap();
    let other = Local::create(folder.path().join("other.json")).unwrap();
    let encrypted = kms.encrypt_tink_keyset(b"keyset").unwrap();
    assert_ne!(encrypted, kms.encrypt_tink_keyset(b"keyset").unwrap());
    assert_eq!(decrypt(&other, &encrypted), None);
}

#[test]
fn are_encrypted_under_a_key_that_unwraps_nothing() {
    let (_folder, path) = folder();
    let kms = Local::create(&path).unwrap();
    let binding = binding();
    let wrapped = kms.wrap(&data_key(7), &binding).unwrap();
    let (_, keys) = exported(&kms);
    let kek = STANDARD.decode(&keys_in(&fs::read_to_string(&path).unwrap())[0]).unwrap();
    assert_ne!(keys[&1], kek, "the KEK itself is never exported");

    // docs/format-keys.md, "The local KEK file": all is as it should be but the key.
    let aad = [kms.kek().as_str().as_bytes(), &1_u32.to_be_bytes(), &binding.to_bytes()].map(lp).concat();
    let xaes = Xaes256Gcm::new_from_slice(&keys[&1]).unwrap();
    let (nonce, msg) = wrapped.blob[5..].split_first_chunk::<24>().unwrap();
    assert!(xaes.decrypt(nonce.into(), Payload { msg, aad: &aad }).is_err());
}

fn lp(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}
