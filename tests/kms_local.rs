//! The key-file provider: the contract of a KMS, the file, its rotation, and what it does with damage.

#[path = "common/kms_contract.rs"]
mod kms_contract;

use fieldseal::WrappedKey;
use fieldseal::kms::{Argon2Params, Kms, KmsError, Local, LocalError, Passphrase};
use kms_contract::{binding, data_key};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// As cheap as Argon2 can be.
fn passphrase() -> Passphrase {
    cheap("correct horse é 🐎")
}

fn cheap(text: &str) -> Passphrase {
    Passphrase::new(text).argon2(Argon2Params { memory_kib: 8, iterations: 1, parallelism: 1 })
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kek.json");
    (folder, path)
}

/// Writes a key file as it may have come from elsewhere.
fn write(path: &Path, text: impl AsRef<[u8]>) {
    if !path.exists() {
        Local::create(path, None).unwrap();
    }
    fs::write(path, text).unwrap();
}

fn keys_in(text: &str) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    json["keys"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn keeps_the_contract_of_a_kms() {
    let (folder, path) = folder();
    let other = Local::create(folder.path().join("other.json"), None).unwrap();
    kms_contract::check(&Local::create(&path, None).unwrap(), &other);
    let opened = Local::open(&path, None).unwrap();
    kms_contract::check(&opened, &other);
    opened.rotate().unwrap();
    kms_contract::check(&opened, &other);
}

#[test]
fn keeps_the_contract_of_a_kms_with_a_passphrase() {
    let (folder, path) = folder();
    let other = Local::create(folder.path().join("other.json"), Some(&passphrase())).unwrap();
    kms_contract::check(&Local::create(&path, Some(&passphrase())).unwrap(), &other);
    let opened = Local::open(&path, Some(&passphrase())).unwrap();
    kms_contract::check(&opened, &other);
    opened.rotate().unwrap();
    kms_contract::check(&opened, &other);
}

#[test]
fn a_blob_is_77_bytes_and_names_the_version() {
    let (_folder, path) = folder();
    let kms = Local::create(&path, None).unwrap();
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
    assert!(matches!(Local::open(&path, None), Err(LocalError::NotFound { .. })));
    let kms = Local::create(&path, None).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(Local::create(&path, None), Err(LocalError::Exists { .. })));
    assert!(matches!(Local::create(&path, Some(&passphrase())), Err(LocalError::Exists { .. })));
    assert_eq!(Local::open_or_create(&path, None).unwrap().kek(), kms.kek());
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(matches!(Local::open(folder.path(), None), Err(LocalError::NotAFile { .. })));
    assert!(matches!(Local::create(folder.path(), None), Err(LocalError::Exists { .. })));
    assert!(matches!(Local::create(folder.path().join("no/kek.json"), None), Err(LocalError::NotFound { .. })));
    assert!(matches!(Local::create(folder.path().join("x"), Some(&cheap(""))), Err(LocalError::PassphraseEmpty)));
    fs::remove_file(&path).unwrap();
    assert_ne!(Local::open_or_create(&path, None).unwrap().kek(), kms.kek(), "every file has an id of its own");
}

#[test]
fn a_passphrase_is_needed_exactly_where_there_is_one() {
    let (folder, path) = folder();
    let plain = folder.path().join("plain.json");
    Local::create(&path, Some(&passphrase())).unwrap();
    Local::create(&plain, None).unwrap();
    assert!(matches!(Local::open(&path, None), Err(LocalError::PassphraseNeeded { .. })));
    assert!(matches!(Local::open_or_create(&path, None), Err(LocalError::PassphraseNeeded { .. })));
    for wrong in ["", "correct horse", "correct horse é 🐎 ", "correct horse e\u{301} 🐎"] {
        let error = Local::open(&path, Some(&cheap(wrong))).unwrap_err();
        assert!(matches!(error, LocalError::WrongPassphrase { .. } | LocalError::PassphraseEmpty), "{error:?}");
    }
    assert!(matches!(Local::open(&plain, Some(&passphrase())), Err(LocalError::PassphraseUnexpected { .. })));
    assert!(Local::open(&path, Some(&Passphrase::new("correct horse é 🐎"))).is_ok(), "the file knows its cost");
}

#[test]
fn the_default_cost_is_the_second_recommendation_of_rfc_9106() {
    let (_folder, path) = folder();
    Local::create(&path, Some(&Passphrase::new("correct horse"))).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let p = &json["passphrase"];
    assert_eq!((&p["memory_kib"], &p["iterations"], &p["parallelism"]), (&65536.into(), &3.into(), &4.into()));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_use_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    let kms = Local::create(&path, None).unwrap();
    let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o660, 0o644, 0o777] {
        set(mode);
        let error = Local::open(&path, None).unwrap_err();
        assert!(matches!(error, LocalError::Permissions { .. }), "{mode:o}: {error:?}");
        let hint = format!("chmod 600 {}", path.display());
        assert!(error.to_string().contains(&hint) && error.to_string().contains(&format!("{mode:o}")), "{error}");
        assert!(matches!(kms.unwrap(&wrapped, &binding()), Err(KmsError::Misconfigured(_))), "{mode:o}");
    }
    for mode in [0o600, 0o400, 0o700] {
        set(mode);
        Local::open(&path, None).unwrap();
        kms.unwrap(&wrapped, &binding()).unwrap();
    }
    set(0o400);
    kms.rotate().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o400, "a rotation keeps the mode");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let (_folder, path) = folder();
    Local::create(&path, None).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{}", " ".repeat(1024 * 1024 - text.len()))).unwrap();
    Local::open(&path, None).unwrap();
    fs::write(&path, format!("{text}{}", " ".repeat(1024 * 1024 - text.len() + 1))).unwrap();
    assert!(matches!(Local::open(&path, None), Err(LocalError::TooLarge { .. })));
    // A terabyte, without a block of it on the disk.
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(Local::open(&path, None), Err(LocalError::TooLarge { .. })));
}

#[test]
fn rotation_keeps_old_copies_readable_until_their_version_is_removed() {
    for passphrase in [None, Some(passphrase())] {
        let passphrase = passphrase.as_ref();
        let (_folder, path) = folder();
        let kms = Local::create(&path, passphrase).unwrap();
        let elsewhere = Local::open(&path, passphrase).unwrap();
        let old = kms.wrap(&data_key(1), &binding()).unwrap();
        let kek = kms.kek();
        assert_eq!(kms.rotate().unwrap(), 2);
        assert_eq!((kms.primary_version().unwrap(), kms.kek()), (2, kek));
        assert_eq!(kms.unwrap(&old, &binding()).unwrap().expose(), &[1; 32]);
        let new = kms.rewrap(&old, &binding()).unwrap().unwrap();
        assert_eq!(new.blob[..5], [1, 0, 0, 0, 2]);
        assert_eq!(kms.rewrap(&new, &binding()).unwrap(), None);
        // Another process that has the file open takes part at once.
        assert_eq!(elsewhere.wrap(&data_key(1), &binding()).unwrap().blob[..5], [1, 0, 0, 0, 2]);
        assert_eq!(elsewhere.unwrap(&new, &binding()).unwrap().expose(), &[1; 32]);
        assert!(elsewhere.rewrap(&old, &binding()).unwrap().is_some());

        assert!(matches!(kms.remove_version(2), Err(LocalError::VersionIsPrimary { version: 2, .. })));
        assert!(matches!(kms.remove_version(3), Err(LocalError::VersionMissing { version: 3, .. })));
        elsewhere.remove_version(1).unwrap();
        for kms in [kms, elsewhere, Local::open(&path, passphrase).unwrap()] {
            assert_eq!(kms.versions().unwrap(), [2]);
            match kms.unwrap(&old, &binding()) {
                Err(KmsError::NotFound(message)) => {
                    assert!(message.contains("has no version 1 of local:"), "{message}")
                }
                result => panic!("{result:?}"),
            }
            assert_eq!(kms.unwrap(&new, &binding()).unwrap().expose(), &[1; 32]);
            assert!(matches!(kms.remove_version(1), Err(LocalError::VersionMissing { version: 1, .. })));
        }
    }
}

#[test]
fn a_file_that_is_gone_or_another_one_is_noticed() {
    let (folder, path) = folder();
    let kms = Local::create(&path, None).unwrap();
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let away = folder.path().join("away");
    fs::rename(&path, &away).unwrap();
    assert!(matches!(kms.unwrap(&wrapped, &binding()), Err(KmsError::NotFound(_))));
    assert!(matches!(kms.wrap(&data_key(1), &binding()), Err(KmsError::NotFound(_))));
    assert!(matches!(kms.rotate(), Err(LocalError::NotFound { .. })));
    for passphrase in [None, Some(passphrase())] {
        let other = Local::create(&path, passphrase.as_ref()).unwrap();
        assert!(matches!(kms.unwrap(&wrapped, &binding()), Err(KmsError::Misconfigured(_))));
        assert!(matches!(kms.rotate(), Err(LocalError::Replaced { .. })));
        assert_eq!(other.versions().unwrap(), [1], "the other file was left alone");
        fs::remove_file(&path).unwrap();
    }
    fs::rename(&away, &path).unwrap();
    assert_eq!(kms.unwrap(&wrapped, &binding()).unwrap().expose(), &[1; 32]);
    assert_eq!(kms.rotate().unwrap(), 2);
}

#[test]
fn a_protected_file_that_is_replaced_is_told_from_a_damaged_one() {
    let (_folder, path) = folder();
    let kms = Local::create(&path, Some(&passphrase())).unwrap();
    for other in [Some(passphrase()), None] {
        fs::remove_file(&path).unwrap();
        let other = Local::create(&path, other.as_ref()).unwrap();
        assert!(matches!(kms.versions(), Err(LocalError::Replaced { .. })));
        assert!(matches!(kms.rotate(), Err(LocalError::Replaced { .. })));
        assert_eq!(other.versions().unwrap(), [1]);
    }
}

#[test]
fn many_rotations_at_once_lose_none() {
    let (_folder, path) = folder();
    Local::create(&path, Some(&passphrase())).unwrap();
    let shared = Local::open(&path, Some(&passphrase())).unwrap();
    let work = |thread: u32| {
        let own = Local::open(&path, Some(&passphrase())).unwrap();
        let kms = if thread.is_multiple_of(2) { &shared } else { &own };
        for _ in 0..5 {
            let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
            kms.rotate().unwrap();
            kms.unwrap(&wrapped, &binding()).unwrap();
        }
    };
    let work = &work;
    std::thread::scope(|threads| {
        for thread in 0..4 {
            threads.spawn(move || work(thread));
        }
    });
    assert_eq!(shared.versions().unwrap(), (1..=21).collect::<Vec<_>>());
    assert_eq!(shared.primary_version().unwrap(), 21);
}

#[test]
fn threads_and_processes_that_create_at_once_end_with_one_file() {
    let (folder, path) = folder();
    let program = std::env::current_exe().unwrap();
    let children: Vec<_> = (0..4)
        .map(|_| {
            std::process::Command::new(&program)
                .args(["--exact", "in_a_child_process", "--nocapture"])
                .env("FIELDSEAL_TEST_KEK", &path)
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let keks: Vec<_> = std::thread::scope(|threads| {
        let open = || Local::open_or_create(&path, Some(&passphrase())).unwrap().kek();
        let running: Vec<_> = (0..8).map(|_| threads.spawn(open)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let kek = Local::open(&path, Some(&passphrase())).unwrap().kek();
    assert!(keks.iter().all(|other| *other == kek));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("opened {kek}")), "{text}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
}

/// Run by the test above, with a path.
#[test]
fn in_a_child_process() {
    if let Some(path) = std::env::var_os("FIELDSEAL_TEST_KEK") {
        println!("opened {}", Local::open_or_create(path, Some(&passphrase())).unwrap().kek());
    }
}

#[test]
fn a_changed_byte_is_refused_or_means_the_same() {
    change_every_byte(None);
}

#[test]
fn a_changed_byte_is_refused_or_means_the_same_with_a_passphrase() {
    change_every_byte(Some(&passphrase()));
}

/// Each bit of a key file flipped, and each byte replaced by what JSON might overlook.
fn change_every_byte(passphrase: Option<&Passphrase>) {
    let (_folder, path) = folder();
    let kms = Local::create(&path, passphrase).unwrap();
    kms.rotate().unwrap();
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let text = fs::read(&path).unwrap();
    let secrets = keys_in(std::str::from_utf8(&text).unwrap());
    let mut same = 0;
    for at in 0..text.len() {
        let flipped = (0..8).map(|bit| text[at] ^ (1 << bit));
        for byte in flipped.chain(*b" \n0\"").filter(|byte| *byte != text[at]) {
            let mut changed = text.clone();
            changed[at] = byte;
            fs::write(&path, &changed).unwrap();
            match Local::open(&path, passphrase) {
                Ok(kms) => {
                    assert!(text[at].is_ascii_whitespace() && byte.is_ascii_whitespace(), "byte {at}");
                    assert_eq!(kms.unwrap(&wrapped, &binding()).unwrap().expose(), &[1; 32]);
                    same += 1;
                }
                Err(error) => {
                    let said = format!("{error} {error:?}");
                    assert!(!secrets.iter().any(|secret| said.contains(&secret[..12])), "{said}");
                }
            }
        }
    }
    assert!(same > 0);
}

#[test]
fn a_file_cut_short_is_refused() {
    let (_folder, path) = folder();
    Local::create(&path, None).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for end in 0..text.trim_end().len() {
        fs::write(&path, &text[..end]).unwrap();
        assert!(matches!(Local::open(&path, None), Err(LocalError::NotJson { .. })), "{end}");
    }
}

#[test]
fn each_kind_of_damage_is_told_apart() {
    let (_folder, path) = folder();
    Local::create(&path, None).unwrap().rotate().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let (id, keys) = (text.split('"').nth(7).unwrap().to_owned(), keys_in(&text));
    let open = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        write(&path, text.replacen(from, to, 1));
        Local::open(&path, None).unwrap_err()
    };
    macro_rules! refused {
        ($from:expr, $to:expr, $error:pat) => {
            let error = open($from, $to);
            assert!(matches!(error, $error), "{:?} -> {:?}: {error:?}", $from, $to);
        };
    }
    refused!("\"id\"", "id", LocalError::NotJson { .. });
    refused!("null", "nil", LocalError::NotJson { .. });
    refused!("}\n", "}}", LocalError::NotJson { .. });
    refused!("{", "", LocalError::UnknownFormat { .. });
    refused!("kek/1", "kek/2", LocalError::UnknownFormat { .. });
    refused!("\"fieldseal-kek/1\"", "1", LocalError::UnknownFormat { .. });
    refused!("\"format\"", "\"former\"", LocalError::UnknownFormat { .. });
    refused!("\"mac\"", "\"max\"", LocalError::Malformed { .. });
    refused!("\"passphrase\": null,", "", LocalError::Malformed { .. });
    refused!("\"passphrase\": null,", "\"passphrase\": null, \"passphrase\": null,", LocalError::Malformed { .. });
    refused!("\"passphrase\": null", "\"passphrase\": {}", LocalError::Malformed { .. });
    refused!("\"version\": 1", "\"version\": \"1\"", LocalError::Malformed { .. });
    refused!("\"version\": 1", "\"version\": -1", LocalError::Malformed { .. });
    refused!("\"version\": 1", "\"version\": 4294967296", LocalError::Malformed { .. });
    refused!("\"version\": 1", "\"version\": 1, \"state\": 1", LocalError::Malformed { .. });
    refused!(&keys[0], "*", LocalError::Malformed { .. });
    refused!(&keys[0], &format!("{}=", keys[0]), LocalError::Malformed { .. });
    refused!(&keys[0], &"A".repeat(500_000), LocalError::Malformed { .. });
    refused!(&keys[0], "", LocalError::BadField { .. });
    refused!(&keys[0], &"A".repeat(96), LocalError::BadField { .. });
    refused!("\"version\": 1", "\"version\": 0", LocalError::BadField { .. });
    refused!(&id, &id[1..], LocalError::BadField { .. });
    refused!(&id, &"G".repeat(32), LocalError::BadField { .. });
    refused!("\"version\": 1", "\"version\": 2", LocalError::DuplicateVersion { version: 2, .. });
    refused!("\"primary\": 2", "\"primary\": 3", LocalError::PrimaryMissing { primary: 3, .. });
    refused!("\"primary\": 2", "\"primary\": 1", LocalError::MacMismatch { .. });
    refused!("\"version\": 1", "\"version\": 3", LocalError::MacMismatch { .. });
    refused!(&id, &"0".repeat(32), LocalError::MacMismatch { .. });
    refused!(&keys[0], &keys[1], LocalError::MacMismatch { .. });
}

#[test]
fn hostile_argon2_parameters_cost_nothing() {
    let (_folder, path) = folder();
    Local::create(&path, Some(&passphrase())).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("\"memory_kib\": 8", "\"memory_kib\": 4294967295"),
        ("\"memory_kib\": 8", "\"memory_kib\": 1048577"),
        ("\"memory_kib\": 8", "\"memory_kib\": 7"),
        ("\"iterations\": 1", "\"iterations\": 101"),
        ("\"iterations\": 1", "\"iterations\": 0"),
        ("\"parallelism\": 1", "\"parallelism\": 65"),
        ("\"parallelism\": 1", "\"parallelism\": 2"),
    ] {
        assert!(text.contains(from));
        write(&path, text.replace(from, to));
        let started = std::time::Instant::now();
        assert!(matches!(Local::open(&path, Some(&passphrase())), Err(LocalError::Argon2Params)), "{to}");
        assert!(started.elapsed().as_secs() < 1, "{to}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let (_folder, path) = folder();
    let kms = Local::create(&path, None).unwrap();
    let said = format!("{kms:?} {kms:#?} {:?}", passphrase());
    assert!(said.contains("local:") && !said.contains("horse"));
    assert!(!said.contains(&keys_in(&fs::read_to_string(&path).unwrap())[0][..12]));
}

/// Key files and wrapped keys that the independent implementation in `tests/oracle` made.
mod vectors {
    use super::*;
    use fieldseal::{Binding, Commitment, KekUri, KeyId, Scope};
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
        Local::open(path, passphrase.as_ref())
    }

    fn bytes(case: &Value, name: &str) -> Vec<u8> {
        hex::decode(case[name].as_str().unwrap()).unwrap()
    }

    fn binding_of(case: &Value) -> Binding {
        let scope = case["scope"].as_str().unwrap();
        let binding = Binding {
            id: KeyId::new(case["key_id"].as_u64().unwrap().try_into().unwrap()).unwrap(),
            scope: if scope.is_empty() { Scope::APPLICATION } else { Scope::tenant(scope).unwrap() },
            commitment: Commitment::from_bytes(bytes(case, "commitment").try_into().unwrap()),
        };
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
                let wrapped = WrappedKey { kek: kek.clone(), blob: bytes(case, "blob") };
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
            let wrapped = WrappedKey { kek: kms.kek(), blob: bytes(case, "blob") };
            let error = kms.unwrap(&wrapped, &binding_of(case)).unwrap_err();
            assert!(matches!(error, KmsError::Rejected | KmsError::NotFound(_)), "{}: {error:?}", case["name"]);
        }
        for case in list(&vectors, "refused_commitments") {
            let wrapped = WrappedKey { kek: kms.kek(), blob: bytes(case, "blob") };
            assert!(kms.unwrap(&wrapped, &binding_of(case)).is_ok(), "the keyring compares the commitment");
        }
    }
}
