//! KEK files and wrapped keys that the independent implementation in `tests/oracle` made.

use super::*;
use fieldseal::Scope;
use fieldseal::keys::{Binding, Commitment, KekUri, KeyId, WrappedKey};
use serde_json::Value;

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/kek_files.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty());
    list
}

fn open(path: &Path, case: &Value) -> Result<Local, LocalError> {
    write(path, case["file"].as_str().unwrap());
    let passphrase = case["passphrase"].as_str().map(Passphrase::new);
    crate::kms_local::open(path, passphrase.as_ref())
}

fn bytes(case: &Value, name: &str) -> Vec<u8> {
    hex::decode(case[name].as_str().unwrap()).unwrap()
}

fn binding_of(case: &Value) -> Binding {
    let scope = case["scope"].as_str().unwrap();
    let binding = Binding::new(
        KeyId::new(case["key_id"].as_u64().unwrap().try_into().unwrap()).unwrap(),
        if scope.is_empty() { Scope::APPLICATION } else { Scope::tenant(scope).unwrap() },
        Commitment::from_bytes(bytes(case, "commitment").try_into().unwrap()),
    );
    assert_eq!(binding.to_bytes(), bytes(case, "binding"));
    binding
}

#[test]
fn files_and_wrapped_keys_open() {
    let (_folder, path) = folder();
    for file in list(&vectors(), "files") {
        let kms = open(&path, file).unwrap();
        let kek = KekUri::new(file["kek"].as_str().unwrap());
        assert_eq!(kms.kek(), kek);
        assert_eq!(u64::from(kms.primary_version().unwrap()), file["primary"].as_u64().unwrap());
        for case in list(file, "wrapped") {
            let wrapped = WrappedKey::new(kek.clone(), bytes(case, "blob"));
            let binding = binding_of(case);
            assert_eq!(kms.unwrap(&wrapped, &binding).unwrap().expose()[..], bytes(case, "data_key"));
            assert_eq!(kms.rewrap(&wrapped, &binding).unwrap().is_none(), case["version"] == file["primary"]);
        }
        let newest = *kms.versions().unwrap().last().unwrap();
        match kms.rotate() {
            Ok(version) => assert_eq!(version, newest + 1),
            Err(error) => assert!(matches!(error, LocalError::VersionsExhausted { .. }) && newest == u32::MAX),
        }
    }
}

#[test]
fn refused_files_are_refused() {
    let (_folder, path) = folder();
    for case in list(&vectors(), "refused_files") {
        assert!(open(&path, case).is_err(), "{}", case["name"]);
    }
}

#[test]
fn refused_blobs_are_refused() {
    let (_folder, path) = folder();
    let vectors = vectors();
    let kms = open(&path, &vectors["files"][0]).unwrap();
    for case in list(&vectors, "refused_blobs") {
        let wrapped = WrappedKey::new(kms.kek(), bytes(case, "blob"));
        let error = kms.unwrap(&wrapped, &binding_of(case)).unwrap_err();
        assert!(matches!(error, KmsError::Rejected | KmsError::NotFound { .. }), "{}: {error:?}", case["name"]);
    }
    for case in list(&vectors, "refused_commitments") {
        let wrapped = WrappedKey::new(kms.kek(), bytes(case, "blob"));
        assert!(kms.unwrap(&wrapped, &binding_of(case)).is_ok(), "the keyring compares the commitment");
    }
}
