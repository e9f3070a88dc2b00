//! Bad input that only SQLite lets into a column: values of every type, and far too large ones.
//! Through diesel and rusqlite alike. What every database lets in is in
//! `testkit/behaviours/src/models`.

mod limits;
mod migrating;
mod suites;

use diesel::prelude::*;
use fieldseal::{Encrypt, ErrorKind, Sealed};
use testkit::database::{Database, Refusal};
use testkit::rerun;

testkit::test_keyring!(Keys, &[1, 2]);

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
    testkit::load_both!(database, Vault, vault, id)
        .map(|(_, loaded)| loaded.and_then(|vault| shown(&vault).map_err(|error| Refusal::of(&error))))
}
