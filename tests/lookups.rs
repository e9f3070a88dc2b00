//! Finding rows by the ciphertext of a deterministic column, across rotations.

mod common;

#[path = "common/database.rs"]
mod database;

use database::Database;
use diesel::prelude::*;
use fieldseal::{
    Column, Encrypt, Error, ErrorKind, Keyring, KeyringSource as _, RowContext, Scope, Sealed, SealedValue, Suite,
};
use rusqlite::params_from_iter;

test_keyring!(Keys, &[1, 2, 3]);

diesel::table! {
    people (id) {
        id -> BigInt,
        org_id -> BigInt,
        email -> Binary,
        phone -> Nullable<Binary>,
    }
}

#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "people", row = id, scope = org_id, keyring = Keys, rusqlite)]
#[diesel(table_name = people)]
struct Person {
    id: i64,
    org_id: i64,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    email: String,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    phone: Option<String>,
}

#[derive(Encrypt)]
#[encrypt(table = "people", row = id, scope = org_id, keyring = Keys, rusqlite)]
struct Contact {
    id: i64,
    org_id: i64,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    email: Sealed<String>,
}

const SCHEMA: &str =
    "CREATE TABLE people (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL, email BLOB NOT NULL, phone BLOB)";
const INSERT: &str = "INSERT INTO people (id, org_id, email, phone) VALUES (:id, :org_id, :email, :phone)";

fn keys() -> &'static Keyring {
    Keys::keyring().unwrap()
}

fn insert(database: &Database, id: i64, org_id: i64, email: &str) {
    let phone = (id % 2 == 0).then(|| "+32 2 555 00 00".to_owned());
    let person = Person { id, org_id, email: email.to_owned(), phone };
    database.rusqlite.execute(INSERT, person.params().bind().as_slice()).unwrap();
}

/// The ids that both libraries find.
fn find(database: &mut Database, column: &str, candidates: &[SealedValue]) -> Vec<i64> {
    let marks = vec!["?"; candidates.len()].join(", ");
    let sql = format!("SELECT id FROM people WHERE {column} IN ({marks}) ORDER BY id");
    let mut select = database.rusqlite.prepare(&sql).unwrap();
    let found: Vec<i64> =
        select.query_map(params_from_iter(candidates), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let people = people::table.select(people::id).order(people::id);
    let by_diesel: Vec<i64> = match column {
        "email" => people.filter(people::email.eq_any(candidates)).load(&mut database.diesel),
        _ => people.filter(people::phone.eq_any(candidates)).load(&mut database.diesel),
    }
    .unwrap();
    assert_eq!(found, by_diesel);
    found
}

#[test]
fn rows_are_found_under_every_key_that_opens() {
    let mut database = Database::new(SCHEMA);
    let scope = Scope::tenant(1).unwrap();
    let oldest = keys().primary(&scope).unwrap();
    for id in 0..4 {
        insert(&database, 2 * id, 1, "ada@example.org");
        insert(&database, 2 * id + 1, 1, "grace@example.org");
        insert(&database, 100 + id, 2, "ada@example.org");
        keys().rotate(&scope).unwrap();
    }
    let candidates = Person::seal_email_under_each_key(&1, "ada@example.org");
    assert_eq!(candidates.len(), 5);
    assert_eq!(candidates[0], Person::seal_email(&1, "ada@example.org"), "the primary first");
    assert_eq!(find(&mut database, "email", &candidates), [0, 2, 4, 6]);
    assert_eq!(find(&mut database, "email", &[Person::seal_email(&1, "ada@example.org")]), [0_i64; 0]);
    let phones = Person::seal_phone_under_each_key(&1, Some("+32 2 555 00 00"));
    assert_eq!(find(&mut database, "phone", &phones), [0, 2, 4, 6]);
    assert_eq!(find(&mut database, "phone", &Person::seal_phone_under_each_key(&1, None)), [0_i64; 0]);
    assert_eq!(find(&mut database, "email", &Person::seal_email_under_each_key(&2, "ada@example.org")).len(), 4);

    // A field that was loaded sealed is opened and sealed anew, under each key.
    let loaded = database
        .rusqlite
        .query_row("SELECT id, org_id, email FROM people WHERE id = 0", [], |row| Contact::try_from(row))
        .unwrap();
    assert_eq!(Contact::seal_email_under_each_key(&1, &loaded.email), candidates);

    // What a retired key sealed can't be found: it can't be opened either.
    keys().retire(oldest).unwrap();
    let candidates = Person::seal_email_under_each_key(&1, "ada@example.org");
    assert_eq!(find(&mut database, "email", &candidates), [2, 4, 6]);
}

#[test]
fn a_lookup_that_cannot_be_made_is_one_error() {
    let mut database = Database::new(SCHEMA);
    let kind = |values: &[SealedValue]| {
        let [value] = values else { panic!("{values:?}") };
        value.bytes().unwrap_err().kind().clone()
    };
    let unknown = Person::seal_email_under_each_key(&9, "ada@example.org");
    assert_eq!(kind(&unknown), ErrorKind::NoPrimary(Scope::tenant(9).unwrap()));
    let found =
        people::table.filter(people::email.eq_any(&unknown)).select(people::id).load::<i64>(&mut database.diesel);
    let error = found.unwrap_err();
    assert_eq!(Error::find_in(&error).map(Error::column), Some(Some("email")));

    const PLAIN: Column = Column::new("people", "email");
    const SIV: Column = PLAIN.with_suite(Suite::Aes256Siv);
    let row = RowContext::default().in_scope(Scope::tenant(3).unwrap());
    let seal = |column, row: &RowContext| keys().seal_under_each_key(column, row, &"x".to_owned());
    assert_eq!(seal(&PLAIN, &row).unwrap_err().kind(), &ErrorKind::NotDeterministic);
    assert_eq!(seal(&SIV, &row).unwrap().len(), 1);
    let nobody = RowContext::default().in_scope(Scope::tenant(8).unwrap());
    assert!(matches!(seal(&SIV, &nobody).unwrap_err().kind(), ErrorKind::NoPrimary(_)));
}
