//! diesel on SQLite, in ordinary code: everything a model can do without knowing that it's sealed.

mod common;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Binary, Nullable};
use fieldseal::{Encrypt, Error, ErrorKind, KeyringSource, Scope, Sealed};
use serde::{Deserialize, Serialize};

test_keyring!(Keys, &[1, 2]);

diesel::table! {
    patients (id) {
        id -> BigInt,
        org_id -> BigInt,
        name -> Binary,
        diagnosis -> Nullable<Binary>,
        history -> Binary,
        visits -> Integer,
        ssn -> Nullable<Binary>,
    }
}

diesel::table! {
    orgs (id) {
        id -> BigInt,
        title -> Text,
    }
}

diesel::joinable!(patients -> orgs (org_id));
diesel::allow_tables_to_appear_in_same_query!(patients, orgs);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Visit {
    day: String,
    cost: f64,
}

#[derive(Clone, PartialEq, Encrypt, Identifiable)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
    #[encrypt(json)]
    history: Vec<Visit>,
    visits: i32,
}

/// Some of the columns, one of them not opened on load.
#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys)]
#[diesel(table_name = patients, check_for_backend(diesel::sqlite::Sqlite))]
struct Card {
    id: i64,
    org_id: i64,
    #[encrypt(column = "name")]
    #[diesel(column_name = name)]
    full_name: Sealed<String>,
    #[encrypt]
    ssn: Option<Sealed<String>>,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys, write_only)]
#[diesel(table_name = patients)]
struct Changes<'a> {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: Option<&'a str>,
    #[encrypt(pad = 32)]
    diagnosis: Option<Option<String>>,
    visits: Option<i32>,
}

#[derive(Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = orgs)]
struct Org {
    id: i64,
    title: String,
}

fn connection() -> SqliteConnection {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    for statement in [
        "CREATE TABLE orgs (id INTEGER PRIMARY KEY, title TEXT NOT NULL)",
        "CREATE TABLE patients (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL, name BLOB NOT NULL, diagnosis BLOB,
         history BLOB NOT NULL, visits INTEGER NOT NULL DEFAULT 0, ssn BLOB)",
        "INSERT INTO orgs VALUES (1, 'North'), (2, 'South')",
    ] {
        sql_query(statement).execute(&mut conn).unwrap();
    }
    conn
}

fn patient(id: i64) -> Patient {
    Patient {
        id,
        org_id: 1 + id % 2,
        name: format!("Пациент № {id}"),
        diagnosis: (id % 3 != 0).then(|| format!("diagnosis {id}")),
        history: vec![Visit { day: "2024-02-29".into(), cost: -0.0 }; usize::try_from(id % 4).unwrap()],
        visits: 3,
    }
}

fn load(conn: &mut SqliteConnection) -> Vec<Patient> {
    patients::table.order(patients::id).select(Patient::as_select()).load(conn).unwrap()
}

#[derive(QueryableByName)]
struct Raw {
    #[diesel(sql_type = Binary)]
    name: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    diagnosis: Option<Vec<u8>>,
}

fn raw(conn: &mut SqliteConnection, id: i64) -> Raw {
    sql_query("SELECT name, diagnosis FROM patients WHERE id = ?").bind::<BigInt, _>(id).get_result(conn).unwrap()
}

#[test]
fn inserts_by_reference_by_value_and_in_batches() {
    let conn = &mut connection();
    let all: Vec<_> = (1..=8).map(patient).collect();
    diesel::insert_into(patients::table).values(&all[0]).execute(conn).unwrap();
    diesel::insert_into(patients::table).values(all[1].clone()).execute(conn).unwrap();
    diesel::insert_into(patients::table).values(&all[2..4]).execute(conn).unwrap();
    diesel::insert_into(patients::table).values(&all[4..6].to_vec()).execute(conn).unwrap();
    diesel::insert_into(patients::table).values(all[6..8].to_vec()).execute(conn).unwrap();
    assert!(load(conn) == all);
    let stored = raw(conn, 1);
    assert_eq!(stored.name.len(), all[0].name.len() + 45);
    assert_eq!(stored.name[0], 1);
    assert_eq!(stored.diagnosis.unwrap().len(), 32 + 45);
    assert_eq!(raw(conn, 3).diagnosis, None, "NULL stays NULL");
}

#[test]
fn upserts_updates_and_returns() {
    let conn = &mut connection();
    let mut one = patient(1);
    diesel::insert_into(patients::table).values(&one).execute(conn).unwrap();
    one.name = "Новое имя".into();
    diesel::insert_into(patients::table)
        .values(&one)
        .on_conflict(patients::id)
        .do_update()
        .set(&one)
        .execute(conn)
        .unwrap();
    assert!(load(conn) == [one.clone()]);
    one.diagnosis = Some("changed".into());
    let returned: Patient =
        diesel::update(&one).set(&one).returning(Patient::as_returning()).get_result(conn).unwrap();
    assert!(returned == one);
    let two: Patient = diesel::insert_into(patients::table)
        .values(patient(2))
        .returning(Patient::as_returning())
        .get_result(conn)
        .unwrap();
    assert!(two == patient(2));
    let deleted: Patient =
        diesel::delete(patients::table.find(2)).returning(Patient::as_returning()).get_result(conn).unwrap();
    assert!(deleted == patient(2));
}

#[test]
fn changesets_skip_none_and_set_null_on_request() {
    let conn = &mut connection();
    diesel::insert_into(patients::table).values(patient(1)).execute(conn).unwrap();
    let before = raw(conn, 1);
    let changes = Changes { id: 1, org_id: 2, name: None, diagnosis: None, visits: Some(9) };
    diesel::update(patients::table.find(1)).set(&changes).execute(conn).unwrap();
    assert_eq!(raw(conn, 1).name, before.name, "None is skipped");
    assert_eq!(raw(conn, 1).diagnosis, before.diagnosis, "None is skipped");
    let changes = Changes { id: 1, org_id: 2, name: Some("neu"), diagnosis: Some(None), visits: None };
    diesel::update(patients::table.find(1)).set(changes).execute(conn).unwrap();
    let expected = Patient { name: "neu".into(), diagnosis: None, visits: 9, ..patient(1) };
    assert!(load(conn) == [expected]);
}

#[test]
fn one_value_is_sealed_and_opened_by_itself() {
    let conn = &mut connection();
    diesel::insert_into(patients::table).values(patient(1)).execute(conn).unwrap();
    diesel::update(patients::table.find(1))
        .set((
            patients::name.eq(Patient::seal_name(&2, &1, "by itself")),
            patients::diagnosis.eq(Patient::seal_diagnosis(&2, &1, Some("flu"))),
            patients::history.eq(Patient::seal_history(&2, &1, &vec![Visit { day: "d".into(), cost: 1.5 }])),
        ))
        .execute(conn)
        .unwrap();
    let [loaded] = &load(conn)[..] else { panic!() };
    assert_eq!((loaded.name.as_str(), loaded.diagnosis.as_deref()), ("by itself", Some("flu")));
    assert_eq!(loaded.history.len(), 1);
    let stored = raw(conn, 1);
    assert_eq!(Patient::open_name(&2, &1, &stored.name).unwrap(), "by itself");
    assert_eq!(Patient::open_diagnosis(&2, &1, stored.diagnosis.as_ref()).unwrap().as_deref(), Some("flu"));
    let elsewhere = Patient::open_name(&2, &7, &stored.name).unwrap_err();
    assert_eq!((elsewhere.table(), elsewhere.column()), (Some("patients"), Some("name")));
    assert_eq!(*elsewhere.kind(), ErrorKind::Rejected);
}

#[test]
fn joins_tuples_and_optional_sides() {
    let conn = &mut connection();
    diesel::insert_into(patients::table).values(patient(1)).execute(conn).unwrap();
    let joined: Vec<(Patient, Org)> = patients::table
        .inner_join(orgs::table)
        .select((Patient::as_select(), Org::as_select()))
        .load(conn)
        .unwrap();
    assert!(joined == [(patient(1), Org { id: 2, title: "South".into() })]);
    let outer: Vec<(Org, Option<Patient>)> = orgs::table
        .left_join(patients::table)
        .order(orgs::id)
        .select((Org::as_select(), Option::<Patient>::as_select()))
        .load(conn)
        .unwrap();
    assert!(outer[0].1.is_none());
    assert!(outer[1].1 == Some(patient(1)));
    let tuple: (i64, Patient) = patients::table.select((patients::id, Patient::as_select())).first(conn).unwrap();
    assert!(tuple == (1, patient(1)));
    let by_name: Vec<Patient> = sql_query("SELECT * FROM patients").load(conn).unwrap();
    assert!(by_name == [patient(1)]);
}

#[test]
fn models_over_one_table_agree_and_sealed_fields_stay_sealed() {
    let conn = &mut connection();
    diesel::insert_into(patients::table).values(patient(1)).execute(conn).unwrap();
    let card: Card = patients::table.select(Card::as_select()).first(conn).unwrap();
    assert_eq!(card.full_name.open().unwrap(), patient(1).name);
    assert!(card.ssn.is_none());
    assert_eq!(card.full_name.ciphertext().unwrap(), raw(conn, 1).name);

    let ssn = Some(Sealed::new("123-45".to_owned()));
    diesel::update(patients::table.find(1)).set(&Card { ssn, ..card }).execute(conn).unwrap();
    let card: Card = patients::table.select(Card::as_select()).first(conn).unwrap();
    assert_eq!(card.ssn.as_ref().unwrap().open().unwrap(), "123-45");

    // Into another row it must be sealed anew, and is.
    let copy = Card { id: 3, ..card };
    diesel::insert_into(patients::table).values(patient(3)).execute(conn).unwrap();
    diesel::update(patients::table.find(3)).set(&copy).execute(conn).unwrap();
    let card: Card = patients::table.find(3).select(Card::as_select()).first(conn).unwrap();
    assert_eq!(card.full_name.open().unwrap(), patient(1).name);
}

#[test]
fn another_rows_ciphertext_is_refused_with_table_and_column() {
    let conn = &mut connection();
    diesel::insert_into(patients::table).values(&[patient(1), patient(3)][..]).execute(conn).unwrap();
    sql_query("UPDATE patients SET name = (SELECT name FROM patients WHERE id = 1) WHERE id = 3")
        .execute(conn)
        .unwrap();
    let error = patients::table.find(3).select(Patient::as_select()).first(conn).err().unwrap();
    let error = Error::find_in(&error).expect("a fieldseal error inside diesel's");
    assert_eq!(
        error.to_string(),
        "patients.name: the value was rejected: it was changed, or it was sealed for another table, column, scope or row; find the row by loading one at a time, and restore it from a backup"
    );
}

#[test]
fn a_scope_without_a_key_is_an_error_before_anything_is_written() {
    let conn = &mut connection();
    let stranger = Patient { org_id: 77, ..patient(1) };
    let error = diesel::insert_into(patients::table).values(&[patient(2), stranger][..]).execute(conn).unwrap_err();
    let kind = Error::find_in(&error).unwrap().kind().clone();
    assert_eq!(kind, ErrorKind::NoPrimary(Scope::tenant(77).unwrap()));
    assert!(load(conn).is_empty(), "the whole batch is rolled back");
}

#[test]
fn neither_debug_nor_diesels_own_printing_shows_plaintext() {
    let one = patient(1);
    let debug = format!("{one:?} {one:#?}");
    assert!(debug.contains("name: [redacted]") && !debug.contains("Пациент"));
    let query = diesel::insert_into(patients::table).values(&one);
    let printed = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&query).to_string();
    assert!(printed.contains("Sealed(") && !printed.contains("Пациент"), "{printed}");
}

#[test]
fn rotation_keeps_old_rows_readable() {
    let conn = &mut connection();
    diesel::insert_into(patients::table).values(patient(1)).execute(conn).unwrap();
    let keyring = Keys::keyring().unwrap();
    let scope = Scope::tenant(2).unwrap();
    let old = keyring.primary(&scope).unwrap();
    let new = keyring.rotate(&scope).unwrap();
    assert_ne!(old, new);
    diesel::insert_into(patients::table).values(patient(3)).execute(conn).unwrap();
    assert!(load(conn) == [patient(1), patient(3)]);
    assert_ne!(raw(conn, 1).name[1..5], raw(conn, 3).name[1..5]);
}

#[test]
fn a_sealed_field_that_is_written_back_moves_to_the_new_key() {
    let conn = &mut connection();
    diesel::insert_into(patients::table).values(patient(6)).execute(conn).unwrap();
    let before = raw(conn, 6).name;
    let write_back = |conn: &mut SqliteConnection| {
        let card: Card = patients::table.find(6).select(Card::as_select()).first(conn).unwrap();
        diesel::update(patients::table.find(6)).set(&card).execute(conn).unwrap();
    };
    let keyring = Keys::keyring().unwrap();
    let scope = Scope::tenant(1).unwrap();
    write_back(conn);
    assert_eq!(raw(conn, 6).name, before, "the same bytes while the key is the primary");
    keyring.rotate(&scope).unwrap();
    write_back(conn);
    let after = raw(conn, 6).name;
    assert_ne!(after[1..5], before[1..5]);
    assert_eq!(Patient::open_name(&1, &6, &after).unwrap(), patient(6).name);
}
