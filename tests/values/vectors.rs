//! The frozen vectors that the Python oracle wrote, through the public interface.

mod columns;
mod damage;
mod examples;
mod key_stores;
mod locks;
mod places;

use fieldseal::keys::KeyId;
use fieldseal::{ErrorKind, KeyringError, Suite};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use testkit::place::Place;
use testkit::{known_keys, place};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

#[derive(Deserialize)]
struct Cases<T> {
    cases: Vec<T>,
}

fn cases<T: DeserializeOwned>(name: &str) -> Vec<T> {
    serde_json::from_str::<Cases<T>>(&text_of(name)).unwrap().cases
}

/// The cases of the file of that name, and of those that later suites have: `aes_…_values.json`.
fn cases_of_every_suite<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let later = format!("_{name}");
    names().iter().filter(|file| *file == name || file.ends_with(&later)).flat_map(|file| cases(file)).collect()
}

/// Of all files, in order.
fn names() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

/// Writes a file that is its owner's alone.
fn written(path: PathBuf, text: &str) -> PathBuf {
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path
}

/// What data was sealed under in the field can't be changed: new vectors go into new files.
#[test]
fn files_are_frozen() {
    const FROZEN: [(&str, &str); 15] = [
        ("aws_contexts.json", "7df5c9eb6387ce4cac6d85f6df13aa7547d041dc61319528b535fe1bf10151be"),
        ("columns.json", "b6d34eaaf3396e1d3f7e00e001049990e188acf47b4b1ff3160f5b23f0965871"),
        ("damage.json", "616fc5cd6c4ceb4b4c5be1e81e1b9fb5d2e57440b0c9b66d2d28226c6f7c29fd"),
        ("examples.json", "2cdbeaad0f6b722e6a2955c4ba96b5a12fdcfc912c2c0e0e202e821bedfb7cae"),
        ("failures.json", "07ec5d9f7a2046ae803cd406ef707444849447a19b0a9a742b177381362f5b4c"),
        ("kek_files.json", "5fd4694c0b1eccd5e02d4e861e541b7b16b5012348adce199b9755bcb8f01817"),
        ("key_stores.json", "739fbd1e5712eee214f9474c31ed7b82f417d62a4281e55d9b8aaee1253ca270"),
        ("limits.json", "b366b18078e78a128d561541655ee0c8bde2e6751db381c860b0335108dbf1a8"),
        ("locks.json", "2fdfb09989debbb7a31e387fefed06fedb752b32ee6e86a1c5f3053f3b2a9e59"),
        ("migrating.json", "cbd453cdf7ee535e36115616e5fbe44a76e9043c4c0222e732c11592e08d929c"),
        ("places.json", "5274164cfe9d4ebaa2d64e2a7ed2544332d0944f4f59cbc684cc0ee76ffe9af7"),
        ("plaintexts.json", "55799ec8fe31eaa31e85796c309249c27a16eda947adcd7c85af9b0f77782203"),
        ("texts.json", "8328cbba49d910425c33ff6a312e8026eee2cec77b9e023efb774c1168d11674"),
        ("values.json", "1a7b0a01c078458b11349a40a761df1c469ff0d740de8e4813226f2e453b3d90"),
        ("xaes_c2sp.json", "4b2954e71ae1b3799e53f2be655aabf2de4d835ca1e8e2296e44195a950872a0"),
    ];
    assert_eq!(names(), FROZEN.map(|(name, _)| name));
    let hash = |name| hex::encode(Sha256::digest(text_of(name)));
    assert_eq!(FROZEN.map(|(name, _)| (name, hash(name))), FROZEN.map(|(name, hash)| (name, hash.to_owned())));
}

mod values {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};

    #[derive(Deserialize)]
    struct Case {
        name: String,
        #[serde(flatten)]
        place: Place,
        data_key: String,
        key_id: u32,
        plaintext: String,
        aad: String,
        column_key: String,
        commitment: String,
        binding: String,
        sealed: String,
    }

    fn all() -> Vec<Case> {
        let cases = cases_of_every_suite("values.json");
        assert_eq!(cases.len(), 94);
        cases
    }

    impl Case {
        /// With the commitment of the file, which the keyring checks.
        fn record(&self) -> fieldseal::keys::KeyRecord {
            let committed = bytes(&self.commitment).try_into().unwrap();
            known_keys::record(&bytes(&self.data_key), self.key_id, self.place.scope(), committed)
        }
    }

    #[test]
    fn open() {
        for case in all() {
            let keyring = known_keys::keyring_of(case.record()).unwrap();
            let (column, context) = (case.place.column(), case.place.context());
            let opened = keyring.open_bytes(&column, &context, &bytes(&case.sealed));
            let opened = opened.unwrap_or_else(|error| panic!("{}: {error}", case.name)).unwrap();
            assert_eq!(hex::encode(&*opened), case.plaintext, "{}", case.name);
            // Again with whatever the cipher has kept, and from a value that was sealed here.
            for _ in 0..2 {
                assert!(keyring.open_bytes(&column, &context, &bytes(&case.sealed)).is_ok(), "{}", case.name);
            }
            let sealed = keyring.seal_bytes(&column, &context, &opened).unwrap();
            assert_eq!(sealed.len() * 2, case.sealed.len(), "{}", case.name);
            assert_eq!(*keyring.open_bytes(&column, &context, &sealed).unwrap().unwrap(), *opened);
        }
    }

    #[test]
    fn siv_seals_to_these_bytes() {
        let deterministic = all().into_iter().filter(|case| case.place.suite() == Suite::Aes256Siv);
        assert_eq!(
            deterministic
                .map(|case| {
                    let keyring = known_keys::keyring_of(case.record()).unwrap();
                    let sealed =
                        keyring.seal_bytes(&case.place.column(), &case.place.context(), &bytes(&case.plaintext));
                    assert_eq!(hex::encode(sealed.unwrap()), case.sealed, "{}", case.name);
                })
                .count(),
            13
        );
    }

    #[test]
    fn intermediates() {
        for case in all() {
            let record = case.record();
            assert_eq!(hex::encode(record.binding().to_bytes()), case.binding, "{}", case.name);
            let keyring = known_keys::keyring_of(record).unwrap();
            let keyset = keyring
                .admin()
                .dangerously_export_cleartext_tink_keyset(&case.place.column(), &case.place.scope())
                .unwrap();
            let keyset: serde_json::Value = serde_json::from_str(&keyset).unwrap();
            assert_eq!(keyset["primaryKeyId"], case.key_id);
            assert_eq!(keyset["key"].as_array().map(Vec::len), Some(1));
            let message = STANDARD.decode(keyset["key"][0]["keyData"]["value"].as_str().unwrap()).unwrap();
            assert!(message.ends_with(&bytes(&case.column_key)), "{}", case.name);
            // The tests' own second reading of the page, which other tests lean on.
            assert_eq!(hex::encode(case.place.aad()), case.aad, "{}", case.name);
            assert_eq!(hex::encode(case.place.column_key(&bytes(&case.data_key))), case.column_key);
            let committed = place::commitment(&bytes(&case.data_key), case.key_id, &case.place.scope);
            assert_eq!(hex::encode(committed), case.commitment, "{}", case.name);
        }
    }

    #[test]
    fn another_commitment_is_refused() {
        for case in all() {
            let mut record = case.record();
            let mut committed: [u8; 32] = bytes(&case.commitment).try_into().unwrap();
            committed[31] ^= 1;
            record.commitment = fieldseal::keys::Commitment::from_bytes(committed);
            let refused = known_keys::keyring_of(record).unwrap_err();
            assert!(matches!(refused, KeyringError::WrongKey(id) if id.get() == case.key_id), "{}", case.name);
        }
    }
}

mod failures {
    use super::*;

    #[derive(Deserialize)]
    struct Case {
        name: String,
        #[serde(flatten)]
        place: Place,
        data_key: String,
        key_id: u32,
        sealed: String,
        expect: String,
    }

    #[test]
    fn give_exactly_their_kind() {
        let cases = cases_of_every_suite::<Case>("failures.json");
        assert_eq!(cases.len(), 211);
        for case in cases {
            let (place, sealed) = (&case.place, bytes(&case.sealed));
            let keyring = known_keys::keyring(&bytes(&case.data_key), case.key_id, place.scope());
            let expected = match case.expect.as_str() {
                "rejected" => ErrorKind::Rejected,
                "not_sealed" => ErrorKind::NotSealed,
                "unknown_key" => {
                    let id = u32::from_be_bytes(sealed[1..5].try_into().unwrap());
                    ErrorKind::UnknownKey(KeyId::new(id).unwrap())
                }
                other => panic!("{}: nothing is {other}", case.name),
            };
            for _ in 0..2 {
                let error = keyring.open_bytes(&place.column(), &place.context(), &sealed).unwrap_err();
                assert_eq!(*error.kind(), expected, "{}", case.name);
                let at = (error.table(), error.column());
                assert_eq!(at, (Some(place.table.as_str()), Some(place.column.as_str())));
            }
        }
    }
}

/// Values as base64, in columns of text.
mod texts {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        cases: Vec<Case>,
        of: String,
        refused: Vec<Refused>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        #[serde(flatten)]
        place: Place,
        data_key: String,
        key_id: u32,
        plaintext: String,
        sealed: String,
        text: String,
    }

    #[derive(Deserialize)]
    struct Refused {
        name: String,
        text: String,
    }

    impl Case {
        fn open(&self, text: &str) -> Result<Vec<u8>, ErrorKind> {
            let keyring = known_keys::keyring(&bytes(&self.data_key), self.key_id, self.place.scope());
            let column = self.place.column().base64();
            let opened = keyring.open_bytes(&column, &self.place.context(), text.as_bytes());
            opened.map(|plaintext| plaintext.unwrap().to_vec()).map_err(|error| error.kind().clone())
        }
    }

    fn file() -> File {
        serde_json::from_str(&text_of("texts.json")).unwrap()
    }

    #[test]
    fn open() {
        let cases = file().cases;
        assert_eq!(cases.len(), 20);
        for case in cases {
            assert_eq!(case.open(&case.text), Ok(bytes(&case.plaintext)), "{}", case.name);
            let size = case.place.column().base64().size_for(bytes(&case.plaintext).len());
            assert_eq!(size, case.text.len(), "{}", case.name);
            let keyring = known_keys::keyring(&bytes(&case.data_key), case.key_id, case.place.scope());
            let as_bytes = keyring.open_bytes(&case.place.column(), &case.place.context(), &bytes(&case.sealed));
            assert_eq!(**as_bytes.unwrap().unwrap(), bytes(&case.plaintext), "{}", case.name);
        }
    }

    #[test]
    fn siv_seals_to_these_texts() {
        for case in file().cases.iter().filter(|case| case.place.suite() == Suite::Aes256Siv) {
            let keyring = known_keys::keyring(&bytes(&case.data_key), case.key_id, case.place.scope());
            let column = case.place.column().base64();
            let sealed = keyring.seal_bytes(&column, &case.place.context(), &bytes(&case.plaintext)).unwrap();
            assert_eq!(sealed, case.text.as_bytes(), "{}", case.name);
        }
    }

    #[test]
    fn no_other_text_opens() {
        let File { cases, of, refused } = file();
        let case = cases.iter().find(|case| case.name == of).unwrap();
        assert_eq!(refused.len(), 15);
        for Refused { name, text } in refused {
            assert_eq!(case.open(&text), Err(ErrorKind::NotSealed), "{name}");
        }
    }
}

mod kek_files {
    use super::*;
    use fieldseal::keys::{Binding, Commitment, KekUri, WrappedKey};
    use fieldseal::kms::{Kms, KmsError, Local, LocalError, Passphrase};
    use fieldseal::{Keyring, Scope, store};
    use store::KeyStore;
    use tempfile::TempDir;

    #[derive(Deserialize)]
    struct File {
        files: Vec<Good>,
        refused_files: Vec<Refused>,
        refused_blobs: Vec<Copy>,
        refused_commitments: Vec<Copy>,
    }

    #[derive(Deserialize)]
    struct Good {
        name: String,
        passphrase: Option<String>,
        file: String,
        kek: String,
        primary: u32,
        keks: Vec<Version>,
        wrapped: Vec<Copy>,
    }

    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }

    #[derive(Deserialize)]
    struct Refused {
        name: String,
        passphrase: Option<String>,
        file: String,
    }

    /// A data key, wrapped.
    #[derive(Deserialize)]
    struct Copy {
        name: String,
        key_id: u32,
        scope: String,
        commitment: String,
        binding: String,
        blob: String,
        data_key: Option<String>,
    }

    impl Copy {
        fn binding(&self) -> Binding {
            let scope =
                if self.scope.is_empty() { Scope::APPLICATION } else { Scope::tenant(&self.scope).unwrap() };
            let commitment = Commitment::from_bytes(bytes(&self.commitment).try_into().unwrap());
            let binding = Binding::new(KeyId::new(self.key_id).unwrap(), scope, commitment);
            assert_eq!(hex::encode(binding.to_bytes()), self.binding, "{}", self.name);
            binding
        }

        fn wrapped(&self, kek: KekUri) -> WrappedKey {
            WrappedKey::new(kek, bytes(&self.blob))
        }

        fn unwrap(&self, kms: &Local) -> Result<Vec<u8>, KmsError> {
            kms.unwrap(&self.wrapped(kms.kek()), &self.binding()).map(|key| key.expose().to_vec())
        }

        /// What a keyring says of it.
        fn load(&self, kms: Local) -> Result<Keyring, KeyringError> {
            let binding = self.binding();
            let mut record =
                known_keys::record(&[], self.key_id, binding.scope.clone(), *binding.commitment.as_bytes());
            record.wrapped = vec![self.wrapped(kms.kek())];
            let store = store::Memory::new();
            store.commit(&[store::Change::Insert(record)]).unwrap();
            Keyring::start(kms, store)
        }
    }

    fn file() -> File {
        serde_json::from_str(&text_of("kek_files.json")).unwrap()
    }

    pub(super) fn open_kek_file(text: &str, passphrase: Option<&str>) -> (Result<Local, LocalError>, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path().join("kek.json"), text);
        let opened = match passphrase.map(Passphrase::new) {
            Some(passphrase) => Local::open_with_passphrase(&path, &passphrase),
            None => Local::open(&path),
        };
        (opened, dir)
    }

    /// Name, text and passphrase.
    pub(super) fn refused_files() -> Vec<(String, String, Option<String>)> {
        file().refused_files.into_iter().map(|bad| (bad.name, bad.file, bad.passphrase)).collect()
    }

    /// Names, and why the KEK file named plain doesn't unwrap them.
    pub(super) fn refused_blobs() -> Vec<(String, KmsError)> {
        let (kms, _dir) = plain();
        file().refused_blobs.iter().map(|bad| (bad.name.clone(), bad.unwrap(&kms).unwrap_err())).collect()
    }

    fn plain() -> (Local, TempDir) {
        let plain = file().files.into_iter().find(|good| good.name == "plain").unwrap();
        let (opened, dir) = open_kek_file(&plain.file, None);
        (opened.unwrap(), dir)
    }

    #[test]
    fn good_files_unwrap_their_data_keys() {
        let files = file().files;
        assert_eq!(files.len(), 3);
        for good in files {
            let (kms, _dir) = open_kek_file(&good.file, good.passphrase.as_deref());
            let kms = kms.unwrap_or_else(|error| panic!("{}: {error}", good.name));
            assert_eq!(kms.kek().as_str(), good.kek);
            assert_eq!(kms.primary_version().unwrap(), good.primary);
            let versions: Vec<_> = good.keks.iter().map(|kek| kek.version).collect();
            assert_eq!(kms.versions().unwrap(), versions);
            assert!(!good.wrapped.is_empty());
            for copy in good.wrapped {
                let key = copy.unwrap(&kms).unwrap_or_else(|error| panic!("{}, {}: {error}", good.name, copy.name));
                assert_eq!(Some(hex::encode(key)), copy.data_key, "{}, {}", good.name, copy.name);
                let (again, _dir) = open_kek_file(&good.file, good.passphrase.as_deref());
                assert_eq!(copy.load(again.unwrap()).unwrap().keys().len(), 1);
            }
        }
    }

    #[test]
    fn bad_files_are_refused() {
        let refused = file().refused_files;
        assert_eq!(refused.len(), 46);
        for bad in refused {
            let (opened, _dir) = open_kek_file(&bad.file, bad.passphrase.as_deref());
            assert!(opened.is_err(), "{} is accepted", bad.name);
        }
    }

    #[test]
    fn bad_copies_are_refused() {
        let refused = file().refused_blobs;
        assert_eq!(refused.len(), 15);
        let (kms, _dir) = plain();
        for bad in refused {
            let error = bad.unwrap(&kms).expect_err(&bad.name);
            assert!(matches!(error, KmsError::Rejected | KmsError::NotFound { .. }), "{}: {error}", bad.name);
        }
    }

    #[test]
    fn another_commitment_is_refused_by_the_keyring() {
        let refused = file().refused_commitments;
        assert_eq!(refused.len(), 3);
        for bad in refused {
            let (kms, _dir) = plain();
            assert!(bad.unwrap(&kms).is_ok(), "{}: the KMS has bound it", bad.name);
            let error = bad.load(kms).unwrap_err();
            assert!(matches!(error, KeyringError::WrongKey(_)), "{}: {error}", bad.name);
        }
    }
}
