//! The parent's side: every secret that the child could have left behind, computed from the files
//! that it wrote.

use super::scanner::Needle;
use super::{COLUMNS, Spy, local};
use aes::Aes256;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cmac::{Cmac, KeyInit as _, Mac as _};
use fieldseal::store::File;
use fieldseal::{Keyring, Scope, Suite};
use hkdf::Hkdf;
use sha2::Sha256;
use std::collections::BTreeSet;
use std::path::Path;
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::Aead as _;

type Secrets = BTreeSet<(String, Vec<u8>)>;

/// The lines that tell the child what to look for; `sealed` are values under the XAES columns.
pub fn needles(folder: &Path, passphrase: Option<&str>, sealed: &[Vec<u8>]) -> String {
    let mut secrets = Secrets::new();
    key_file(&folder.join("kek.json"), passphrase, &mut secrets);
    let spy = Spy::on(local(folder, passphrase, false));
    let data_keys = spy.keys();
    let keyring = Keyring::start(spy, File::open(folder.join("keys.json")).unwrap()).unwrap();
    for key in data_keys.lock().unwrap().iter() {
        secrets.insert(("data key".into(), key.to_vec()));
    }
    for column in &COLUMNS {
        for (id, key) in column_keys(&keyring, column, &mut secrets) {
            if column.suite() == Suite::Xaes256Gcm {
                for value in sealed.iter().filter(|value| value[1..5] == id.to_be_bytes()) {
                    secrets.insert(("stretch key".into(), stretch_key(&key, &value[5..17])));
                }
            }
        }
    }
    let kinds: BTreeSet<_> = secrets.iter().map(|(name, _)| name.as_str()).collect();
    assert!(kinds.len() >= 11, "{kinds:?}");
    secrets.iter().map(|(name, secret)| Needle::line(name, secret)).collect()
}

/// `docs/format-keys.md`, "The local KEK file".
fn key_file(path: &Path, passphrase: Option<&str>, secrets: &mut Secrets) {
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let file_key = passphrase.map(|passphrase| {
        let number = |name: &str| u32::try_from(file["passphrase"][name].as_u64().unwrap()).unwrap();
        let salt = STANDARD.decode(file["passphrase"]["salt"].as_str().unwrap()).unwrap();
        let params =
            argon2::Params::new(number("memory_kib"), number("iterations"), number("parallelism"), Some(32))
                .unwrap();
        let mut key = vec![0; 32];
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, &mut key)
            .unwrap();
        secrets.insert(("passphrase".into(), passphrase.as_bytes().to_vec()));
        secrets.insert(("file key".into(), key.clone()));
        key
    });
    for entry in file["keys"].as_array().unwrap() {
        let text = entry["key"].as_str().unwrap();
        let stored = STANDARD.decode(text).unwrap();
        let kek = match &file_key {
            None => {
                secrets.insert(("base64 of KEK".into(), text.as_bytes()[..40].to_vec()));
                stored
            }
            Some(key) => {
                let version = u32::try_from(entry["version"].as_u64().unwrap()).unwrap();
                let id = file["id"].as_str().unwrap();
                let aad = lp(&[b"fieldseal-kek/1", id.as_bytes(), &version.to_be_bytes()]);
                let message = xaes_256_gcm::aead::Payload { msg: &stored[24..], aad: &aad };
                let nonce: &[u8; 24] = stored[..24].try_into().unwrap();
                Xaes256Gcm::new_from_slice(key).unwrap().decrypt(nonce.into(), message).unwrap()
            }
        };
        secrets.insert(("wrapping key".into(), derive(&kek, b"fieldseal/1 wrap")));
        secrets.insert(("mac key".into(), derive(&kek, b"fieldseal/1 kek file")));
        secrets.insert(("KEK".into(), kek));
    }
}

/// The keys of a column by key id, as the exported keyset has them.
fn column_keys(keyring: &Keyring, column: &fieldseal::Column, secrets: &mut Secrets) -> Vec<(u32, Vec<u8>)> {
    let text = keyring.admin().dangerously_export_cleartext_tink_keyset(column, &Scope::APPLICATION).unwrap();
    let keyset: serde_json::Value = serde_json::from_str(&text).unwrap();
    let suite = column.suite();
    let len = if suite == Suite::Aes256Siv { 64 } else { 32 };
    let keys = keyset["key"].as_array().unwrap().iter().map(|key| {
        let base64 = key["keyData"]["value"].as_str().unwrap();
        let message = STANDARD.decode(base64).unwrap();
        let column_key = message[message.len() - len..].to_vec();
        for half in column_key.chunks(32) {
            secrets.insert((format!("column key of {suite}"), half.to_vec()));
        }
        secrets.insert(("base64 of column key".into(), base64.as_bytes()[8..40].to_vec()));
        (u32::try_from(key["keyId"].as_u64().unwrap()).unwrap(), column_key)
    });
    keys.collect()
}

/// The AES-256-GCM key that the first half of an XAES-256-GCM nonce selects.
fn stretch_key(column_key: &[u8], first_half: &[u8]) -> Vec<u8> {
    let half = |counter: u8| {
        let mut mac = <Cmac<Aes256> as cmac::KeyInit>::new_from_slice(column_key).unwrap();
        mac.update(&[0, counter, b'X', 0]);
        mac.update(first_half);
        mac.finalize().into_bytes().to_vec()
    };
    [half(1), half(2)].concat()
}

fn derive(key: &[u8], label: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 32];
    Hkdf::<Sha256>::new(None, key).expand(&lp(&[label]), &mut out).unwrap();
    out
}

fn lp(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&u32::try_from(part.len()).unwrap().to_be_bytes(), *part].concat()).collect()
}
