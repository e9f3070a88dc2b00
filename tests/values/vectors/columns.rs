//! What a database may hold in a column, and what comes of it: `docs/format.md`, "Which check comes
//! first".

use super::*;
use fieldseal::keys::KeyState;
use fieldseal::store::{Change, KeyStore, Memory};
use fieldseal::value::StoredValue;
use fieldseal::{Column, Keyring, RowContext, RowId, Scope, Value};
use testkit::plaintexts::with_each_type;
use testkit::spelt::Spelt;

#[derive(Deserialize)]
struct File {
    keys: Vec<Key>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Key {
    id: u32,
    scope: String,
    state: String,
    data_key: String,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    kind: String,
    suite: String,
    previous_suite: Option<String>,
    bound: bool,
    padded: bool,
    hide_null: bool,
    base64: bool,
    migrating: bool,
    stored: Option<Stored>,
    optional: bool,
    value: Option<String>,
    refused: Option<String>,
}

/// As the database's library hands it over.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stored {
    /// In hex.
    Bytes(String),
    Text(String),
    Integer(i64),
    Real(f64),
    /// In hex.
    Untyped(String),
}

impl Case {
    fn column(&self) -> Column {
        let suite = |name: &str| Suite::from_name(name).unwrap();
        let mut column = Column::new("patients", "name").with_suite(suite(&self.suite));
        if let Some(previous) = &self.previous_suite {
            column = column.with_previous_suite(suite(previous));
        }
        if !self.bound {
            column = column.unbound_row();
        }
        if self.padded {
            column = if self.hide_null { column.hide_null(16) } else { column.pad(16) };
        }
        if self.base64 {
            column = column.base64();
        }
        if self.migrating { column.migrating() } else { column }
    }
}

fn keyring(keys: Vec<Key>) -> Keyring {
    let store = Memory::new();
    for key in keys {
        let scope = Scope::tenant(key.scope.as_str()).unwrap();
        let data_key = bytes(&key.data_key);
        let committed = place::commitment(&data_key, key.id, scope.as_str());
        let mut record = known_keys::record(&data_key, key.id, scope, committed);
        record.state = KeyState::from_name(&key.state).unwrap();
        store.commit(&[Change::Insert(record)]).unwrap();
    }
    Keyring::start(known_keys::NoKms, store).unwrap()
}

fn check<T: Value + Spelt>(case: &Case, keyring: &Keyring) {
    let row = RowContext::of_row(RowId::of(&7_i64)).in_scope(Scope::tenant(42).unwrap());
    let content = case.stored.as_ref().map(|stored| match stored {
        Stored::Bytes(hex) | Stored::Untyped(hex) => bytes(hex),
        Stored::Text(text) => text.clone().into_bytes(),
        Stored::Integer(_) | Stored::Real(_) => Vec::new(),
    });
    let stored = match (&case.stored, &content) {
        (Some(Stored::Bytes(_)), Some(content)) => StoredValue::Bytes(content),
        (Some(Stored::Untyped(_)), Some(content)) => StoredValue::Untyped(content),
        (Some(Stored::Text(_)), Some(content)) => StoredValue::Text(content),
        (Some(Stored::Integer(integer)), _) => StoredValue::Integer(*integer),
        (Some(Stored::Real(real)), _) => StoredValue::Real(*real),
        _ => StoredValue::Null,
    };
    let opened = if case.optional {
        keyring.open::<Option<T>>(&case.column(), &row, stored)
    } else {
        keyring.open::<T>(&case.column(), &row, stored).map(Some)
    };
    let outcome = opened.map(|value| value.as_ref().map(Spelt::spelt));
    match &case.refused {
        None => assert_eq!(outcome.as_ref().ok(), Some(&case.value), "{}: {outcome:?}", case.name),
        Some(refused) => {
            let kind = outcome.expect_err(&case.name).kind().clone();
            assert_eq!(name_of(&kind), refused, "{}: {kind}", case.name);
        }
    }
}

fn name_of(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UnexpectedNull => "unexpected_null",
        ErrorKind::NotSealed => "not_sealed",
        ErrorKind::SealedAsText => "sealed_as_text",
        ErrorKind::UnknownKey(_) => "unknown_key",
        ErrorKind::RetiredKey(_) => "retired_key",
        ErrorKind::DestroyedKey(_) => "destroyed_key",
        ErrorKind::Rejected => "rejected",
        ErrorKind::Malformed(_) | ErrorKind::MalformedPadding => "malformed",
        other => panic!("{other}"),
    }
}

#[test]
fn hold_what_opens_or_is_refused_by_its_name() {
    check_file("columns.json", 76);
}

#[test]
fn hold_plaintext_of_every_kind_while_they_are_migrating() {
    check_file("migrating.json", 145);
}

fn check_file(name: &str, count: usize) {
    let File { keys, cases } = serde_json::from_str(&text_of(name)).unwrap();
    assert_eq!(cases.len(), count);
    let keyring = &keyring(keys);
    for case in &cases {
        with_each_type!(case.kind.as_str() => check(case, keyring));
    }
}
