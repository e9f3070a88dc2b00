//! rusqlite, in ordinary code: whole rows by name, single values, and the same file as a diesel
//! model reads it.

use diesel::Connection as _;
use diesel::prelude::*;
use fieldseal::value::{SealedValue, StoredBytes};
use fieldseal::{Encrypt, Error, ErrorKind, Scope, Sealed};
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Result, named_params, params};
use uuid::Uuid;

testkit::test_keyring!(Keys, &[1, 2]);

diesel::table! {
    patients (id) {
        id -> BigInt,
        org_id -> BigInt,
        name -> Binary,
        diagnosis -> Nullable<Binary>,
        history -> Binary,
        ward -> Nullable<Text>,
    }
}

const PATIENTS: &str = "CREATE TABLE patients (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL, name BLOB NOT NULL,
    diagnosis BLOB, history BLOB NOT NULL, ward TEXT)";
const INSERT: &str = "INSERT INTO patients (id, org_id, name, diagnosis, history, ward)
    VALUES (:id, :org_id, :name, :diagnosis, :history, :ward)";

/// For both libraries.
#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys, rusqlite)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
    #[encrypt(json)]
    history: Vec<(String, i32)>,
    ward: Option<String>,
}

fn connection() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute(PATIENTS, []).unwrap();
    conn
}

fn patient(id: i64) -> Patient {
    Patient {
        id,
        org_id: 1 + id % 2,
        name: format!("Пациент № {id}"),
        diagnosis: (id % 3 != 0).then(|| format!("diagnosis {id}")),
        history: vec![("visit".to_owned(), 7)],
        ward: (id % 2 == 0).then(|| "A".to_owned()),
    }
}

fn insert(conn: &Connection, patient: &Patient) -> Result<usize> {
    conn.execute(INSERT, patient.params().bind().as_slice())
}

fn all(conn: &Connection) -> Result<Vec<Patient>> {
    let mut select = conn.prepare("SELECT * FROM patients ORDER BY id")?;
    select.query_map([], |row| Patient::try_from(row))?.collect()
}

/// The fieldseal error inside rusqlite's.
fn sealed_error<T>(result: Result<T>) -> Error {
    let error = result.err().expect("an error");
    Error::find_in(&error).unwrap_or_else(|| panic!("no fieldseal error in {error}")).clone()
}

#[test]
fn rows_are_bound_by_name_and_read_by_name() {
    let conn = &connection();
    for id in 1..=6 {
        insert(conn, &patient(id)).unwrap();
    }
    assert!(all(conn).unwrap() == (1..=6).map(patient).collect::<Vec<_>>());
    let (name, diagnosis): (Vec<u8>, Option<Vec<u8>>) = conn
        .query_row("SELECT name, diagnosis FROM patients WHERE id = 3", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((name.len(), diagnosis), (patient(3).name.len() + 45, None));
    let reordered = conn.query_row("SELECT history, ward, name, org_id, diagnosis, id FROM patients", [], |row| {
        Patient::try_from(row)
    });
    assert!(reordered.unwrap() == patient(1));
}

#[test]
fn only_keeps_what_a_statement_has() {
    let conn = &connection();
    insert(conn, &patient(1)).unwrap();
    let changed = Patient { name: "Ада".to_owned(), diagnosis: None, ward: Some("C".to_owned()), ..patient(1) };
    let update = "UPDATE patients SET name = :name, ward = :ward WHERE id = :id";
    let error = conn.execute(update, changed.params().bind().as_slice()).unwrap_err();
    assert!(matches!(error, rusqlite::Error::InvalidParameterName(_)), "{error}");
    let params = changed.params().only(&["name", "id", "ward"]);
    assert_eq!(params.bind().iter().map(|(name, _)| *name).collect::<Vec<_>>(), [":id", ":ward", ":name"]);
    conn.execute(update, params.bind().as_slice()).unwrap();
    assert!(all(conn).unwrap() == [Patient { diagnosis: patient(1).diagnosis, ..changed }]);
}

#[test]
fn parameters_print_redacted() {
    let printed = format!("{:?}", patient(1).params());
    assert!(printed.contains("(\":name\", Sealed([") && !printed.contains("Пациент"), "{printed}");
}

#[test]
fn one_value_is_sealed_and_opened_by_itself() {
    let conn = &connection();
    insert(conn, &patient(1)).unwrap();
    let name: SealedValue = Patient::seal_name(&2, &1, "by itself");
    conn.execute("UPDATE patients SET name = ?1 WHERE id = ?2", params![name, 1]).unwrap();
    let flu = Patient::seal_diagnosis(&2, &1, Some("flu"));
    let update = "UPDATE patients SET diagnosis = :d, history = :h WHERE id = 1";
    conn.execute(update, named_params! { ":d": flu, ":h": Patient::seal_history(&2, &1, &vec![]) }).unwrap();

    let stored: StoredBytes = conn.query_row("SELECT name FROM patients", [], |row| row.get(0)).unwrap();
    assert_eq!(Patient::open_name(&2, &1, &stored).unwrap(), "by itself");
    let opened = conn.query_row("SELECT name, diagnosis, history FROM patients", [], |row| {
        let name = Patient::open_name(&2, &1, row.get_ref("name")?);
        let diagnosis = Patient::open_diagnosis(&2, &1, row.get_ref("diagnosis")?);
        let history = Patient::open_history(&2, &1, row.get_ref("history")?);
        Ok((name, diagnosis, history))
    });
    assert_eq!(opened.unwrap(), (Ok("by itself".to_owned()), Ok(Some("flu".to_owned())), Ok(vec![])));

    conn.execute("UPDATE patients SET diagnosis = ?", [Patient::seal_diagnosis(&2, &1, None)]).unwrap();
    assert_eq!(all(conn).unwrap()[0].diagnosis, None);
    let null: Option<StoredBytes> = conn.query_row("SELECT diagnosis FROM patients", [], |row| row.get(0)).unwrap();
    assert_eq!(Patient::open_diagnosis(&2, &1, null.as_ref()), Ok(None));
}

/// What somebody who writes the database makes of a row's value, given another row's.
type Change = fn(own: Vec<u8>, other: Vec<u8>) -> Value;

fn flip_last_bit(mut bytes: Vec<u8>) -> Vec<u8> {
    *bytes.last_mut().unwrap() ^= 1;
    bytes
}

#[test]
fn what_does_not_open_is_an_error_with_table_column_and_kind() {
    let cases: [(&str, Change, ErrorKind); 6] = [
        ("another row's", |_, other| Value::Blob(other), ErrorKind::Rejected),
        ("NULL", |_, _| Value::Null, ErrorKind::UnexpectedNull),
        ("text", |_, _| Value::Text("Ада".to_owned()), ErrorKind::NotSealed),
        ("an integer", |_, _| Value::Integer(1), ErrorKind::NotSealed),
        ("too short", |own, _| Value::Blob(own[..20].to_vec()), ErrorKind::NotSealed),
        ("flipped", |own, _| Value::Blob(flip_last_bit(own)), ErrorKind::Rejected),
    ];
    for (what, change, kind) in cases {
        let conn = &connection();
        insert(conn, &patient(1)).unwrap();
        insert(conn, &patient(3)).unwrap();
        // Without NOT NULL.
        conn.execute_batch("CREATE TABLE loose AS SELECT * FROM patients").unwrap();
        let name = |id: i64| conn.query_row("SELECT name FROM loose WHERE id = ?", [id], |row| row.get(0)).unwrap();
        conn.execute("UPDATE loose SET name = ? WHERE id = 1", [change(name(1), name(3))]).unwrap();
        let result = conn.query_row("SELECT * FROM loose WHERE id = 1", [], |row| Patient::try_from(row));
        assert!(matches!(result, Err(rusqlite::Error::FromSqlConversionFailure(_, Type::Blob, _))), "{what}");
        let printed = result.as_ref().err().unwrap().to_string();
        let error = sealed_error(result);
        assert_eq!((error.table(), error.column()), (Some("patients"), Some("name")), "{what}");
        assert_eq!(*error.kind(), kind, "{what}");
        assert_eq!(printed, error.to_string(), "no index of rusqlite's in front");
    }
}

#[test]
fn a_sealed_value_that_became_text_is_refused() {
    let conn = &connection();
    insert(conn, &patient(1)).unwrap();
    conn.execute("UPDATE patients SET name = CAST(name AS TEXT)", []).unwrap();
    assert_eq!(*sealed_error(all(conn)).kind(), ErrorKind::NotSealed);
    let opened =
        conn.query_row("SELECT name FROM patients", [], |row| Ok(Patient::open_name(&2, &1, row.get_ref(0)?)));
    assert_eq!(*opened.unwrap().unwrap_err().kind(), ErrorKind::NotSealed);
}

#[test]
fn nothing_is_written_where_something_can_not_be_sealed() {
    let conn = &connection();
    let stranger = Patient { org_id: 99, ..patient(1) };
    let result = insert(conn, &stranger);
    assert!(matches!(result, Err(rusqlite::Error::ToSqlConversionFailure(_))));
    let error = sealed_error(result);
    assert_eq!(*error.kind(), ErrorKind::NoPrimary(Scope::tenant(99).unwrap()));
    let value = Patient::seal_name(&99, &1, "x");
    assert_eq!(value.bytes().unwrap_err().column(), Some("name"));
    sealed_error(conn.execute("INSERT INTO patients VALUES (1, 99, ?1, NULL, ?1, NULL)", [value]));
    assert!(all(conn).unwrap().is_empty());
}

/// Columns of other names, text and UUID row ids, a value that isn't opened on load.
#[derive(PartialEq, Encrypt)]
#[encrypt(table = "letters", row = (sender, key), keyring = Keys, rusqlite)]
struct Letter {
    #[encrypt(plain, sql_name = "from")]
    sender: String,
    key: Uuid,
    #[encrypt(sql_name = "Text", column = "body")]
    text: Vec<u8>,
}

#[derive(Encrypt)]
#[encrypt(table = "letters", row = (from, key), keyring = Keys, rusqlite, read_only)]
struct LetterOnDemand {
    from: String,
    key: Uuid,
    #[encrypt(sql_name = "Text", column = "body")]
    text: Option<Sealed<Vec<u8>>>,
}

#[derive(Encrypt)]
#[encrypt(table = "letters", row = (from, key), keyring = Keys, rusqlite, write_only)]
struct NewLetter<'a> {
    from: &'a str,
    key: &'a Uuid,
    #[encrypt(sql_name = "Text", column = "body")]
    text: &'a [u8],
}

const LETTERS: &str = "CREATE TABLE letters (\"from\" TEXT, key BLOB, Text BLOB, PRIMARY KEY (\"from\", key))";
const INSERT_LETTER: &str = "INSERT INTO letters VALUES (:from, :key, :Text)";

#[test]
fn columns_can_have_names_of_their_own_and_sides_can_be_apart() {
    let conn = &Connection::open_in_memory().unwrap();
    conn.execute(LETTERS, []).unwrap();
    let letter = Letter { sender: "ada".to_owned(), key: Uuid::from_u128(7), text: b"dear".to_vec() };
    conn.execute(INSERT_LETTER, letter.params().bind().as_slice()).unwrap();
    let new = NewLetter { from: "bob", key: &letter.key, text: b"reply" };
    conn.execute(INSERT_LETTER, new.params().bind().as_slice()).unwrap();

    let mut select = conn.prepare("SELECT * FROM letters ORDER BY \"from\"").unwrap();
    let loaded: Vec<Letter> =
        select.query_map([], |row| Letter::try_from(row)).unwrap().collect::<Result<_>>().unwrap();
    let reply = Letter { sender: "bob".to_owned(), text: b"reply".to_vec(), ..letter };
    assert!(loaded == [Letter { sender: "ada".to_owned(), text: b"dear".to_vec(), ..reply }, reply]);

    let mut on_demand =
        select.query_map([], |row| LetterOnDemand::try_from(row)).unwrap().collect::<Result<Vec<_>>>().unwrap();
    assert_eq!(on_demand[0].text.as_ref().unwrap().open().unwrap(), b"dear");
    conn.execute("UPDATE letters SET Text = (SELECT Text FROM letters WHERE \"from\" = 'ada')", []).unwrap();
    on_demand =
        select.query_map([], |row| LetterOnDemand::try_from(row)).unwrap().collect::<Result<Vec<_>>>().unwrap();
    assert_eq!((on_demand[1].from.as_str(), on_demand[1].key), ("bob", Uuid::from_u128(7)));
    let moved = on_demand[1].text.as_ref().unwrap().open().unwrap_err();
    assert_eq!((*moved.kind()).clone(), ErrorKind::Rejected, "reported when it is opened");
    assert_eq!(moved.column(), Some("body"), "by its logical name");
}

/// Bytes as a row id.
#[derive(PartialEq, Encrypt)]
#[encrypt(table = "blobs", row = hash, keyring = Keys, rusqlite)]
struct Blob {
    hash: Vec<u8>,
    #[encrypt]
    content: String,
}

#[test]
fn bytes_can_be_a_row_id() {
    let conn = &Connection::open_in_memory().unwrap();
    conn.execute("CREATE TABLE blobs (hash BLOB PRIMARY KEY, content BLOB)", []).unwrap();
    let blob = Blob { hash: vec![0, 255], content: "c".to_owned() };
    conn.execute("INSERT INTO blobs VALUES (:hash, :content)", blob.params().bind().as_slice()).unwrap();
    let loaded = conn.query_row("SELECT * FROM blobs", [], |row| Blob::try_from(row)).unwrap();
    assert!(loaded == blob);
    let stored: StoredBytes = conn.query_row("SELECT content FROM blobs", [], |row| row.get(0)).unwrap();
    assert_eq!(Blob::open_content(&[0, 255], &stored).unwrap(), "c");
    assert_eq!(*Blob::open_content(&[0, 254], &stored).unwrap_err().kind(), ErrorKind::Rejected);
}

#[test]
fn a_diesel_model_reads_the_same_file_and_the_other_way_round() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("patients.db");
    let rusqlite = Connection::open(&path).unwrap();
    rusqlite.execute(PATIENTS, []).unwrap();
    insert(&rusqlite, &patient(1)).unwrap();

    let diesel = &mut SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let loaded: Patient = patients::table.select(Patient::as_select()).first(diesel).unwrap();
    assert!(loaded == patient(1));
    diesel::insert_into(patients::table).values(&patient(2)).execute(diesel).unwrap();
    assert!(all(&rusqlite).unwrap() == [patient(1), patient(2)]);
}

#[test]
fn a_misspelt_column_is_an_error_and_not_a_null() {
    let conn = connection();
    let patient = patient(1);
    conn.execute(INSERT, patient.params().bind().as_slice()).unwrap();
    let update = "UPDATE patients SET diagnosis = :diagnosis WHERE id = :id";
    let error = conn.execute(update, patient.params().only(&["id", "diagnoses"]).bind().as_slice()).unwrap_err();
    assert!(error.to_string().contains("names a column that the model does not have"), "{error}");
    let kept: bool = conn.query_row("SELECT diagnosis IS NOT NULL FROM patients", [], |row| row.get(0)).unwrap();
    assert!(kept);
}
