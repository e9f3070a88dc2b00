//! A local KEK file opens only if its mac is right, and what opens wraps and unwraps.

use super::keys::lp;
use super::scratch::Scratch;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fieldseal::Scope;
use fieldseal::keys::{Binding, Commitment, DataKey, KeyId};
use fieldseal::kms::{Kms as _, Local, Passphrase};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// Of the seeds that have one.
const PASSPHRASE: &str = "correct horse é 🐎";

thread_local! {
    static SCRATCH: Scratch = Scratch::new();
}

/// `data` is the file.
pub fn check(data: &[u8]) -> bool {
    if is_slow(data) {
        return false;
    }
    let path = SCRATCH.with(|scratch| scratch.file(data));
    let plain = Local::open(&path);
    let protected = Local::open_with_passphrase(&path, &Passphrase::new(PASSPHRASE));
    assert!(plain.is_err() || protected.is_err(), "a file has a passphrase or it has none");
    if let Ok(kms) = &plain {
        works(kms, data);
        mac_is_right(data);
    }
    if let Ok(kms) = &protected {
        works(kms, data);
    }
    plain.is_ok() || protected.is_ok()
}

/// Whether the file asks for more of Argon2 than a fuzzer has time for; the library's own limits
/// are far higher.
fn is_slow(data: &[u8]) -> bool {
    let Ok(file) = serde_json::from_slice::<Value>(data) else { return false };
    let param = |name: &str| file["passphrase"][name].as_u64().unwrap_or(0);
    param("memory_kib") > 64 || param("iterations") > 2
}

/// The versions are the file's, the primary is one of them, and a data key that is wrapped can be
/// unwrapped.
fn works(kms: &Local, data: &[u8]) {
    let file: Value = serde_json::from_slice(data).expect("it was opened");
    let mut versions: Vec<_> = entries(&file).into_iter().map(|(version, _)| version).collect();
    versions.sort_unstable();
    assert_eq!(kms.versions().expect("it was opened"), versions);
    assert_eq!(Some(kms.primary_version().expect("it was opened").into()), file["primary"].as_u64());
    assert_eq!(kms.kek().as_str().strip_prefix("local:"), file["id"].as_str());

    let commitment = Commitment::from_bytes([9; Commitment::LEN]);
    let bound_to = |id| Binding::new(KeyId::new(id).expect("not 0"), Scope::APPLICATION, commitment);
    let binding = bound_to(7);
    let key = DataKey::take(&mut [5; DataKey::LEN]).expect("32 bytes");
    let wrapped = kms.wrap(&key, &binding).expect("there is a primary");
    assert_eq!(kms.unwrap(&wrapped, &binding).expect("it was wrapped").expose(), key.expose());
    assert!(kms.unwrap(&wrapped, &bound_to(8)).is_err(), "the binding isn't bound");
}

/// `docs/format-keys.md`, "The local KEK file", without a passphrase.
fn mac_is_right(data: &[u8]) {
    let file: Value = serde_json::from_slice(data).expect("it was opened");
    let text = |name: &str| file[name].as_str().expect("it was opened");
    let entries = entries(&file);
    let is_primary = |(version, _): &&(u32, Vec<u8>)| file["primary"] == *version;
    let (primary, kek) = entries.iter().find(is_primary).expect("it was opened");
    let mut covered =
        [lp(b"fieldseal-kek/1"), lp(text("id").as_bytes()), lp(&primary.to_be_bytes()), lp(b"")].concat();
    for (version, key) in &entries {
        covered.extend([lp(&version.to_be_bytes()), lp(key)].concat());
    }
    let mut mac_key = [0; 32];
    Hkdf::<Sha256>::new(None, kek).expand(&lp(b"fieldseal/1 kek file"), &mut mac_key).expect("32 bytes");
    let mut mac = Hmac::<Sha256>::new_from_slice(&mac_key).expect("any length");
    mac.update(&covered);
    mac.verify_slice(&STANDARD.decode(text("mac")).expect("it was opened")).expect("a wrong mac was accepted");
}

/// Each version, and its key as it stands in the file.
fn entries(file: &Value) -> Vec<(u32, Vec<u8>)> {
    let keys = file["keys"].as_array().expect("it was opened");
    keys.iter()
        .map(|entry| {
            let version = entry["version"].as_u64().and_then(|version| version.try_into().ok());
            let key = entry["key"].as_str().and_then(|key| STANDARD.decode(key).ok());
            (version.expect("it was opened"), key.expect("it was opened"))
        })
        .collect()
}
