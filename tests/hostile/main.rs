//! Bad input: whatever a database holds in a sealed column is opened rightly, or refused with a typed error that names
//! the column and not the value. Through diesel and rusqlite alike; nothing panics.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/database.rs"]
mod database;
#[path = "../common/rerun.rs"]
mod rerun;

mod damage;
mod limits;
mod migrating;
mod suites;

use database::{Database, Refusal};
use diesel::prelude::*;
use fieldseal::{Encrypt, ErrorKind, Sealed};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value};

test_keyring!(Keys, &[1, 2]);

diesel::table! {
    vault (id) {
        id -> BigInt,
        org_id -> BigInt,
        name -> Binary,
        photo -> Binary,
        balance -> Binary,
        email -> Binary,
        note -> Nullable<Binary>,
        illness -> Binary,
        visits -> Binary,
        ssn -> Binary,
    }
}

/// One column of each suite and of each kind of field.
#[derive(Clone, Encrypt)]
#[encrypt(table = "vault", row = id, scope = org_id, keyring = Keys, rusqlite)]
#[diesel(table_name = vault)]
struct Vault {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: String,
    #[encrypt(suite = "xchacha20-poly1305")]
    photo: Vec<u8>,
    #[encrypt(suite = "aes-256-gcm")]
    balance: i64,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    email: String,
    #[encrypt]
    note: Option<String>,
    #[encrypt(pad = 16, hide_null)]
    illness: Option<String>,
    #[encrypt(json)]
    visits: Vec<String>,
    #[encrypt]
    ssn: Sealed<String>,
}

/// The sealed columns of [`Vault`], and what their suites add.
const COLUMNS: [(&str, usize); 8] = [
    ("name", 45),
    ("photo", 45),
    ("balance", 33),
    ("email", 21),
    ("note", 45),
    ("illness", 45),
    ("visits", 45),
    ("ssn", 45),
];

const SCHEMA: &str =
    "CREATE TABLE vault (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL, name, photo, balance, email,
                      note, illness, visits, ssn)";

const INSERT: &str = "INSERT INTO vault VALUES (:id, :org_id, :name, :photo, :balance, :email, :note, :illness,
                      :visits, :ssn)";

fn row(id: i64, org_id: i64) -> Vault {
    Vault {
        id,
        org_id,
        name: format!("name of {id}"),
        photo: vec![0x5A; 20],
        balance: -1000 - id,
        email: format!("{id}@example.org"),
        note: Some(format!("note {id}")),
        illness: Some("flu".into()),
        visits: vec!["monday".into()],
        ssn: Sealed::new(format!("ssn {id}")),
    }
}

fn shown(vault: &Vault) -> Result<String, fieldseal::Error> {
    let Vault { id, org_id, name, photo, balance, email, note, illness, visits, ssn } = vault;
    let ssn = ssn.open()?;
    Ok(format!("{id} {org_id} {name} {photo:?} {balance} {email} {note:?} {illness:?} {visits:?} {ssn}"))
}

/// Rows 1 and 2 of tenant 1, row 3 of tenant 2.
fn filled() -> Database {
    let mut database = Database::new(SCHEMA);
    diesel::insert_into(vault::table).values(&[row(1, 1), row(2, 1)][..]).execute(&mut database.diesel).unwrap();
    database.rusqlite.execute(INSERT, row(3, 2).params().bind().as_slice()).unwrap();
    for id in 1..=3 {
        assert_eq!(
            read(&mut database, id),
            [Ok(shown(&row(id, 1 + id / 3)).unwrap()), Ok(shown(&row(id, 1 + id / 3)).unwrap())]
        );
    }
    database
}

/// The row as each library gives it, or the kind of the error.
fn read(database: &mut Database, id: i64) -> [Result<String, ErrorKind>; 2] {
    read_printed(database, id).map(|result| result.map_err(|refusal| refusal.error.kind().clone()))
}

fn read_printed(database: &mut Database, id: i64) -> [Result<String, Refusal>; 2] {
    load_both!(database, Vault, vault, id)
        .map(|(_, loaded)| loaded.and_then(|vault| shown(&vault).map_err(|error| Refusal::of(&error))))
}

fn put(database: &Database, column: &str, id: i64, value: &dyn ToSql) {
    database.sql(&format!("UPDATE vault SET {column} = ?1 WHERE id = ?2"), rusqlite::params![value, id]);
}

/// Puts `value` into the column of row 1: both libraries must refuse it for one of `kinds`, and print nothing of it.
fn refuse(database: &mut Database, column: &str, value: &dyn ToSql, kinds: &[ErrorKind]) {
    put(database, column, 1, value);
    let forms = printed_forms(value);
    for result in read_printed(database, 1) {
        let refusal = result.expect_err(column);
        assert!(kinds.contains(refusal.error.kind()), "{column}: {refusal:?}, not {kinds:?}");
        assert_eq!(refusal.place(), ("vault", column));
        for form in &forms {
            assert!(!refusal.printed.contains(form.as_str()), "{column}: {refusal:?} shows {form}");
        }
    }
}

/// How a value would look in a message; nothing for values so short that they'd be found anywhere.
fn printed_forms(value: &dyn ToSql) -> Vec<String> {
    let list = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    let value = match value.to_sql().unwrap() {
        ToSqlOutput::Borrowed(value) => value.try_into().unwrap(),
        ToSqlOutput::Owned(value) => value,
        _ => unreachable!("no test binds another"),
    };
    let forms = match value {
        Value::Null => vec![],
        Value::Integer(integer) => vec![integer.to_string()],
        Value::Real(real) => vec![real.to_string()],
        Value::Text(text) => vec![list(text.as_bytes()), text],
        Value::Blob(bytes) => {
            vec![list(&bytes), hex::encode(&bytes), String::from_utf8_lossy(&bytes).into_owned()]
        }
    };
    forms.into_iter().filter(|form| form.len() >= 6).collect()
}
