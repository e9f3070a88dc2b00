//! What damage keeps from being read, and what not: `docs/format-keys.md`, "Which check comes
//! first".

use super::kek_files::open_kek_file;
use super::key_stores::{key_store, name_of_file, name_of_key, name_of_value};
use super::*;
use fieldseal::keys::MalformedRecord;
use fieldseal::store::{KeyStore, Rusqlite, StoreError, snapshot};
use fieldseal::{Column, Keyring, RowContext, Scope};
use rusqlite::types::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct File {
    kek_file: String,
    sealed: BTreeMap<String, String>,
    key_files: Vec<KeyFile>,
    damaged_files: Vec<Named>,
    tables: Vec<Table>,
    copies: Vec<Expecting>,
    kek_files: Vec<KekFile>,
}

#[derive(Deserialize)]
struct KeyFile {
    name: String,
    file: String,
    #[serde(flatten)]
    judged: Judged,
}

#[derive(Deserialize)]
struct Table {
    name: String,
    rows: Vec<Vec<Cell>>,
    #[serde(flatten)]
    judged: Judged,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Integer(i64),
    Real(f64),
    Text(String),
    /// In hex.
    Bytes {
        bytes: String,
    },
    Null(()),
}

#[derive(Deserialize)]
struct Judged {
    damaged: BTreeSet<Damaged>,
    /// By key id.
    opens: BTreeMap<String, String>,
    /// By scope.
    seals: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Damaged {
    id: Option<u32>,
    column: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    file: String,
}

#[derive(Deserialize)]
struct Expecting {
    name: String,
    file: String,
    expect: String,
}

#[derive(Deserialize)]
struct KekFile {
    name: String,
    file: String,
    passphrase: Option<String>,
    expect: String,
}

const NAME: Column = Column::new("patients", "name").unbound_row();

fn file() -> File {
    serde_json::from_str(&text_of("damage.json")).unwrap()
}

fn of_scope(scope: &str) -> RowContext {
    let scope = if scope.is_empty() { Scope::APPLICATION } else { Scope::tenant(scope).unwrap() };
    RowContext::default().in_scope(scope)
}

impl File {
    /// What comes of opening the value that is under that key.
    fn open(&self, keyring: &Keyring, key_id: &str) -> String {
        let scope = if key_id == "7" { "" } else { "42" };
        match keyring.open_bytes(&NAME, &of_scope(scope), &bytes(&self.sealed[key_id])) {
            Ok(opened) => {
                assert_eq!(**opened.unwrap(), *b"Ada");
                "opens".to_owned()
            }
            Err(error) => name_of_value(error.kind()).to_owned(),
        }
    }

    fn check<S: KeyStore + 'static>(&self, store: S, judged: &Judged, what: &str) {
        let damaged = snapshot(&store).unwrap().damaged;
        assert_eq!(damaged.iter().map(Damaged::from).collect::<BTreeSet<_>>(), judged.damaged, "{what}");
        let (kms, _folder) = open_kek_file(&self.kek_file, None);
        let keyring = Keyring::start(kms.unwrap(), store).unwrap();
        for (key_id, expect) in &judged.opens {
            assert_eq!(&self.open(&keyring, key_id), expect, "{what}, key {key_id}");
        }
        for (scope, expect) in &judged.seals {
            let outcome = match keyring.seal_bytes(&NAME, &of_scope(scope), b"Ada") {
                Ok(_) => "seals",
                Err(error) => name_of_value(error.kind()),
            };
            assert_eq!(outcome, expect, "{what}, scope {scope:?}");
        }
    }
}

impl From<&MalformedRecord> for Damaged {
    fn from(error: &MalformedRecord) -> Self {
        Self { id: error.key.map(KeyId::get), column: error.column.name().to_owned() }
    }
}

impl Cell {
    fn value(&self) -> Value {
        match self {
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Real(real) => Value::Real(*real),
            Self::Text(text) => Value::Text(text.clone()),
            Self::Bytes { bytes: hex } => Value::Blob(bytes(hex)),
            Self::Null(()) => Value::Null,
        }
    }
}

#[test]
fn a_record_of_a_key_file_says_nothing_of_the_others() {
    let file = file();
    assert_eq!(file.key_files.len(), 43);
    for KeyFile { name, file: text, judged } in &file.key_files {
        let (store, _folder) = key_store(text);
        file.check(store.unwrap_or_else(|error| panic!("{name}: {error}")), judged, name);
    }
}

#[test]
fn a_row_of_the_table_says_nothing_of_the_others() {
    let file = file();
    assert_eq!(file.tables.len(), 22);
    for Table { name, rows, judged } in &file.tables {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.db");
        let database = rusqlite::Connection::open(&path).unwrap();
        // Without the types, checks and indexes of the table that fieldseal makes.
        let columns = "(id, scope, state, commitment, wrapped, created, revision)";
        database.execute(&format!("CREATE TABLE fieldseal_keys {columns}"), []).unwrap();
        for row in rows {
            let row = rusqlite::params_from_iter(row.iter().map(Cell::value));
            let insert = format!("INSERT INTO fieldseal_keys {columns} VALUES (?, ?, ?, ?, ?, ?, ?)");
            database.execute(&insert, row).unwrap();
        }
        file.check(Rusqlite::open(&path).unwrap(), judged, name);
    }
}

#[test]
fn key_files_that_are_damaged_as_a_whole() {
    let files = file().damaged_files;
    assert_eq!(files.len(), 8);
    for Named { name, file } in files {
        let (store, _folder) = key_store(&file);
        assert!(matches!(store, Err(StoreError::Damaged { .. })), "{name}: {store:?}");
    }
}

#[test]
fn of_several_copies_one_refusal_is_told() {
    let file = file();
    assert_eq!(file.copies.len(), 7);
    for Expecting { name, file: text, expect } in &file.copies {
        let (kms, _kek_folder) = open_kek_file(&file.kek_file, None);
        let (store, _folder) = key_store(text);
        let outcome = match Keyring::start(kms.unwrap(), store.unwrap()) {
            Ok(keyring) => file.open(&keyring, "7"),
            Err(error) => name_of_key(&error).to_owned(),
        };
        assert_eq!(&outcome, expect, "{name}");
    }
}

#[test]
fn kek_files_that_are_refused() {
    let files = file().kek_files;
    assert_eq!(files.len(), 46);
    for KekFile { name, file, passphrase, expect } in files {
        let (opened, _folder) = open_kek_file(&file, passphrase.as_deref());
        assert_eq!(name_of_file(&opened.unwrap_err()), expect, "{name}");
    }
}
