//! The KEK-file provider: the contract of a KMS, the file, its rotation, and what it does with
//! damage.

mod damage;
mod keysets;
mod rotation;
mod vectors;

use fieldseal::kms::{Argon2Params, Kms, KmsError, Local, LocalError, Passphrase};
use fieldseal::testing::kms_contract::{self, binding, data_key};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// As cheap as Argon2 can be.
pub(crate) fn passphrase() -> Passphrase {
    cheap("correct horse é 🐎")
}

pub(crate) fn cheap(text: &str) -> Passphrase {
    Passphrase::new(text)
        .argon2(Argon2Params::RECOMMENDED.with_memory_kib(8).with_iterations(1).with_parallelism(1))
}

pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kek.json");
    (folder, path)
}

pub(crate) fn create(path: &Path, passphrase: Option<&Passphrase>) -> Result<Local, LocalError> {
    match passphrase {
        Some(passphrase) => Local::create_with_passphrase(path, passphrase),
        None => Local::create(path),
    }
}

pub(crate) fn open(path: &Path, passphrase: Option<&Passphrase>) -> Result<Local, LocalError> {
    match passphrase {
        Some(passphrase) => Local::open_with_passphrase(path, passphrase),
        None => Local::open(path),
    }
}

/// Writes a KEK file as it may have come from elsewhere.
pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) {
    if !path.exists() {
        Local::create(path).unwrap();
    }
    fs::write(path, text).unwrap();
}

pub(crate) fn keys_in(text: &str) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    json["keys"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn keeps_the_contract_of_a_kms() {
    let (folder, path) = folder();
    let other = Local::create(folder.path().join("other.json")).unwrap();
    kms_contract::check(&Local::create(&path).unwrap(), &other);
    let opened = Local::open(&path).unwrap();
    kms_contract::check(&opened, &other);
    opened.rotate().unwrap();
    kms_contract::check(&opened, &other);
}

#[test]
fn keeps_the_contract_of_a_kms_with_a_passphrase() {
    let (folder, path) = folder();
    let other = Local::create_with_passphrase(folder.path().join("other.json"), &passphrase()).unwrap();
    kms_contract::check(&Local::create_with_passphrase(&path, &passphrase()).unwrap(), &other);
    let opened = Local::open_with_passphrase(&path, &passphrase()).unwrap();
    kms_contract::check(&opened, &other);
    opened.rotate().unwrap();
    kms_contract::check(&opened, &other);
}

#[test]
fn a_blob_is_77_bytes_and_names_the_version() {
    let (_folder, path) = folder();
    let kms = Local::create(&path).unwrap();
    for version in 1..4_u32 {
        let blob = kms.wrap(&data_key(1), &binding()).unwrap().blob;
        assert_eq!(blob.len(), 77);
        assert_eq!(blob[..5], [1, 0, 0, 0, u8::try_from(version).unwrap()]);
        assert_eq!(kms.rotate().unwrap(), version + 1);
    }
    assert_eq!(kms.versions().unwrap(), [1, 2, 3, 4]);
}

#[test]
fn create_and_open_do_what_they_say() {
    let (folder, path) = folder();
    assert!(matches!(Local::open(&path), Err(LocalError::NotFound { .. })));
    let kms = Local::create(&path).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(Local::create(&path), Err(LocalError::Exists { .. })));
    assert!(matches!(Local::create_with_passphrase(&path, &passphrase()), Err(LocalError::Exists { .. })));
    assert_eq!(Local::open_or_create(&path).unwrap().kek(), kms.kek());
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(matches!(Local::open(folder.path()), Err(LocalError::NotAFile { .. })));
    assert!(matches!(Local::create(folder.path()), Err(LocalError::Exists { .. })));
    assert!(matches!(Local::create(folder.path().join("no/kek.json")), Err(LocalError::NotFound { .. })));
    assert!(matches!(
        Local::create_with_passphrase(folder.path().join("x"), &cheap("")),
        Err(LocalError::PassphraseEmpty)
    ));
    fs::remove_file(&path).unwrap();
    assert_ne!(Local::open_or_create(&path).unwrap().kek(), kms.kek(), "every file has an id of its own");
}

#[test]
fn a_passphrase_is_needed_exactly_where_there_is_one() {
    let (folder, path) = folder();
    let plain = folder.path().join("plain.json");
    Local::create_with_passphrase(&path, &passphrase()).unwrap();
    Local::create(&plain).unwrap();
    assert!(matches!(Local::open(&path), Err(LocalError::PassphraseNeeded { .. })));
    assert!(matches!(Local::open_or_create(&path), Err(LocalError::PassphraseNeeded { .. })));
    for wrong in ["", "correct horse", "correct horse é 🐎 ", "correct horse e\u{301} 🐎"] {
        let error = Local::open_with_passphrase(&path, &cheap(wrong)).unwrap_err();
        assert!(matches!(error, LocalError::WrongPassphrase { .. } | LocalError::PassphraseEmpty), "{error:?}");
    }
    assert!(matches!(
        Local::open_with_passphrase(&plain, &passphrase()),
        Err(LocalError::PassphraseUnexpected { .. })
    ));
    assert!(
        Local::open_with_passphrase(&path, &Passphrase::new("correct horse é 🐎")).is_ok(),
        "the file knows its cost"
    );
}

#[test]
fn the_default_cost_is_the_second_recommendation_of_rfc_9106() {
    let (_folder, path) = folder();
    Local::create_with_passphrase(&path, &Passphrase::new("correct horse")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let p = &json["passphrase"];
    assert_eq!((&p["memory_kib"], &p["iterations"], &p["parallelism"]), (&65536.into(), &3.into(), &4.into()));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_use_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    let kms = Local::create(&path).unwrap();
    let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o660, 0o644, 0o777] {
        set(mode);
        let error = Local::open(&path).unwrap_err();
        assert!(matches!(error, LocalError::Permissions { .. }), "{mode:o}: {error:?}");
        let says = |text: &str| error.to_string().contains(text);
        assert!(says(&path.display().to_string()) && says(&format!("{mode:o}")), "{error}");
        assert!(error.hint().contains("chmod 600"), "{error:?}");
        assert!(matches!(kms.unwrap(&wrapped, &binding()), Err(KmsError::Misconfigured { .. })), "{mode:o}");
    }
    for mode in [0o600, 0o400, 0o700] {
        set(mode);
        Local::open(&path).unwrap();
        kms.unwrap(&wrapped, &binding()).unwrap();
    }
    set(0o400);
    kms.rotate().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o400, "a rotation keeps the mode");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let (_folder, path) = folder();
    Local::create(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{}", " ".repeat(1024 * 1024 - text.len()))).unwrap();
    Local::open(&path).unwrap();
    fs::write(&path, format!("{text}{}", " ".repeat(1024 * 1024 - text.len() + 1))).unwrap();
    assert!(matches!(Local::open(&path), Err(LocalError::TooLarge { .. })));
    // A terabyte, without a block of it on the disk.
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(Local::open(&path), Err(LocalError::TooLarge { .. })));
}

#[test]
fn debug_shows_no_secret() {
    let (_folder, path) = folder();
    let kms = Local::create(&path).unwrap();
    let said = format!("{kms:?} {kms:#?} {:?}", passphrase());
    assert!(said.contains("local:") && !said.contains("horse"));
    assert!(!said.contains(&keys_in(&fs::read_to_string(&path).unwrap())[0][..12]));
}
