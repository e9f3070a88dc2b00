//! What the page of worked examples shows, opened with nothing but the files that it shows.

use super::*;
use fieldseal::kms::{Local, Passphrase};
use fieldseal::{Column, Keyring, RowContext, RowId, SchemaLock, Scope, store};

#[derive(Deserialize)]
struct File {
    kek_files: Vec<KekFile>,
    key_file: String,
    lock: String,
    values: Vec<Example>,
}

#[derive(Deserialize)]
struct KekFile {
    name: String,
    passphrase: Option<String>,
    file: String,
}

#[derive(Deserialize)]
struct Example {
    column: String,
    suite: String,
    scope: String,
    base64: bool,
    value: String,
    steps: Steps,
}

#[derive(Deserialize)]
struct Steps {
    encoding: String,
    sealed: String,
    stored: Option<String>,
}

impl Example {
    /// What the database holds.
    fn stored(&self) -> Vec<u8> {
        match &self.steps.stored {
            Some(text) => text.clone().into_bytes(),
            None => bytes(&self.steps.sealed),
        }
    }

    /// As the lock file has it.
    fn column(&self, lock: &Path) -> Column {
        let schemas = SchemaLock::load(lock).unwrap();
        let column = *schemas.iter().find_map(|schema| schema.column(&self.column)).unwrap();
        assert_eq!((column.suite().name(), column.is_base64()), (self.suite.as_str(), self.base64));
        column
    }
}

#[test]
fn open_with_the_key_file_the_kek_file_and_the_schema_lock() {
    let File { kek_files, key_file, lock, values } = serde_json::from_str(&text_of("examples.json")).unwrap();
    assert_eq!((kek_files.len(), values.len()), (2, 4));
    for kek in kek_files {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, text: &str| written(folder.path().join(name), text);
        let passphrase = kek.passphrase.as_deref().map(Passphrase::new);
        let path = at("kek.json", &kek.file);
        let kms = match &passphrase {
            Some(passphrase) => Local::open_with_passphrase(path, passphrase),
            None => Local::open(path),
        };
        let kms = kms.unwrap();
        let keyring = Keyring::start(kms, store::File::open(at("keys.json", &key_file)).unwrap()).unwrap();
        let lock = at("fieldseal.lock", &lock);
        for example in &values {
            let column = example.column(&lock);
            let row = RowContext::of_row(RowId::of(&7_i64)).in_scope(Scope::tenant(&example.scope).unwrap());
            let opened = keyring.open_bytes(&column, &row, &example.stored()).unwrap().unwrap();
            let what = format!("{}, {}, {}", kek.name, example.suite, example.value);
            assert_eq!(hex::encode(&*opened), example.steps.encoding, "{what}");
            if column.suite() == Suite::Aes256Siv {
                assert_eq!(keyring.seal_bytes(&column, &row, &opened).unwrap(), example.stored(), "{what}");
            }
        }
    }
}
