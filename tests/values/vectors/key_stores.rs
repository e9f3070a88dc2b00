//! Key stores, and the name of each refusal, as `docs/format-keys.md` has them.

use super::kek_files::{open_kek_file, refused_blobs, refused_files};
use super::*;
use fieldseal::keys::{KeyRecord, RecordColumns};
use fieldseal::kms::{KmsError, LocalError};
use fieldseal::store::{self, StoreError, load_all};
use fieldseal::{Column, Keyring, RowContext};
use std::collections::HashMap;

#[derive(Deserialize)]
struct File {
    kek_file: String,
    sealed: String,
    key_files: Vec<Good>,
    refused_key_files: Vec<Case>,
    refused_rows: Vec<Row>,
    records: Vec<Case>,
    refused_files: Vec<Name>,
    refused_blobs: Vec<Name>,
}

#[derive(Deserialize)]
struct Good {
    name: String,
    file: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    file: String,
    expect: String,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    row: Columns,
    expect: String,
}

#[derive(Deserialize)]
struct Columns {
    id: i64,
    scope: String,
    state: String,
    commitment: String,
    wrapped: String,
    created: i64,
    revision: i64,
}

/// Of a case in kek_files.json.
#[derive(Deserialize)]
struct Name {
    name: String,
    expect: String,
}

fn file() -> File {
    serde_json::from_str(&text_of("key_stores.json")).unwrap()
}

pub(super) fn key_store(text: &str) -> (Result<store::File, StoreError>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (store::File::open(written(folder.path().join("keys.json"), text)), folder)
}

fn by_name(names: Vec<Name>) -> HashMap<String, String> {
    names.into_iter().map(|Name { name, expect }| (name, expect)).collect()
}

#[test]
fn good_key_files_are_read() {
    let files = file().key_files;
    assert_eq!(files.len(), 6);
    for good in files {
        let (store, _folder) = key_store(&good.file);
        let store = store.unwrap_or_else(|error| panic!("{}: {error}", good.name));
        let mut ids: Vec<_> = load_all(&store).unwrap().iter().map(|record| record.id.get()).collect();
        ids.sort_unstable();
        assert_eq!(ids, good.ids, "{}", good.name);
    }
}

#[test]
fn bad_key_files_are_refused() {
    let files = file().refused_key_files;
    assert_eq!(files.len(), 46);
    for bad in files {
        let (store, _folder) = key_store(&bad.file);
        // The file as a whole, or a record in it.
        let is_refused = match store {
            Err(error) => matches!(error, StoreError::Damaged { .. }),
            Ok(store) => matches!(load_all(&store), Err(StoreError::Malformed { .. })),
        };
        assert!(is_refused, "{}", bad.name);
        assert_eq!(bad.expect, "damaged");
    }
}

#[test]
fn bad_rows_name_their_column() {
    let rows = file().refused_rows;
    assert_eq!(rows.len(), 20);
    for Row { name, row, expect } in rows {
        let Columns { id, scope, state, commitment, wrapped, created, revision } = row;
        let commitment = bytes(&commitment);
        let columns = RecordColumns::new().id(id).scope(&scope).state(&state).commitment(&commitment);
        let read = KeyRecord::from_columns(&columns.wrapped(&wrapped).created(created).revision(revision));
        assert_eq!(read.unwrap_err().column.name(), expect, "{name}");
    }
}

#[test]
fn records_give_their_key_or_the_name_of_the_refusal() {
    let File { kek_file, sealed, records, .. } = file();
    assert_eq!(records.len(), 21);
    const NAME: Column = Column::new("patients", "name").unbound_row();
    for case in records {
        let (kms, _kek_folder) = open_kek_file(&kek_file, None);
        let (store, _folder) = key_store(&case.file);
        let outcome = match Keyring::start(kms.unwrap(), store.unwrap()) {
            Err(error) => name_of_key(&error),
            Ok(keyring) => match keyring.open_bytes(&NAME, &RowContext::default(), &bytes(&sealed)) {
                Ok(opened) => {
                    assert_eq!(**opened.unwrap(), *b"Ada", "{}", case.name);
                    "opens"
                }
                Err(error) => name_of_value(error.kind()),
            },
        };
        assert_eq!(outcome, case.expect, "{}", case.name);
    }
}

#[test]
fn kek_files_are_refused_by_their_names() {
    let names = by_name(file().refused_files);
    let cases = refused_files();
    assert_eq!(names.len(), cases.len());
    for (name, text, passphrase) in cases {
        let (opened, _folder) = open_kek_file(&text, passphrase.as_deref());
        assert_eq!(name_of_file(&opened.unwrap_err()), names[&name], "{name}");
    }
}

#[test]
fn copies_are_refused_by_their_names() {
    let names = by_name(file().refused_blobs);
    let cases = refused_blobs();
    assert_eq!(names.len(), cases.len());
    for (name, error) in cases {
        assert_eq!(name_of_kms(&error), names[&name], "{name}");
    }
}

pub(super) fn name_of_value(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RetiredKey(_) => "retired_key",
        ErrorKind::DestroyedKey(_) => "destroyed_key",
        ErrorKind::UnknownKey(_) => "unknown_key",
        ErrorKind::NoPrimary(_) => "no_primary",
        ErrorKind::LoadFailed(failed) => name_of_key(failed.error()),
        other => panic!("{other}"),
    }
}

pub(super) fn name_of_key(error: &KeyringError) -> &'static str {
    match error {
        KeyringError::NoCopy(_) => "no_copy",
        KeyringError::WrongKey(_) => "wrong_key",
        KeyringError::Store(StoreError::Malformed { .. }) => "malformed",
        KeyringError::Doubled(_) => "doubled",
        KeyringError::TwoPrimaries(_) => "two_primaries",
        KeyringError::Kms { error, .. } => name_of_kms(error),
        other => panic!("{other}"),
    }
}

fn name_of_kms(error: &KmsError) -> &'static str {
    match error {
        KmsError::Rejected => "rejected",
        KmsError::NotFound { .. } => "not_found",
        other => panic!("{other}"),
    }
}

pub(super) fn name_of_file(error: &LocalError) -> &'static str {
    match error {
        LocalError::NotJson { .. } => "not_json",
        LocalError::Malformed { .. } => "malformed",
        LocalError::UnknownFormat { .. } => "unknown_format",
        LocalError::BadField { .. } => "bad_field",
        LocalError::DuplicateVersion { .. } => "duplicate_version",
        LocalError::PrimaryMissing { .. } => "primary_missing",
        LocalError::PassphraseUnexpected { .. } => "passphrase_unexpected",
        LocalError::PassphraseNeeded { .. } => "passphrase_needed",
        LocalError::PassphraseEmpty => "passphrase_empty",
        LocalError::Argon2Params => "argon2_params",
        LocalError::WrongPassphrase { .. } => "wrong_passphrase",
        LocalError::MacMismatch { .. } => "mac_mismatch",
        other => panic!("{other}"),
    }
}
