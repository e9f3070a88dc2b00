//! SQLite: a lock that isn't given in time, and a value that is there already, through each
//! library.

use super::{Patient, SECRET, patient, patients};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use fieldseal::sqlx::BindRow as _;
use fieldseal::{Encrypt, Error};
use fieldseal_databases::Database;
use sqlx::{Connection as _, Executor as _};
use std::error::Error as StdError;

const CREATE: &str =
    "CREATE TABLE patients (id INTEGER PRIMARY KEY, name BLOB NOT NULL, email BLOB NOT NULL UNIQUE)";
const INSERT: &str = "INSERT INTO patients (id, name, email) VALUES (:id, :name, :email)";

/// A database with row 1, and who keeps it locked.
fn locked() -> (Database, SqliteConnection) {
    let database = Database::sqlite();
    let mut holder = SqliteConnection::establish(&database.url).unwrap();
    holder.batch_execute(CREATE).unwrap();
    diesel::insert_into(patients::table).values(&patient(1)).execute(&mut holder).unwrap();
    holder.batch_execute("BEGIN IMMEDIATE").unwrap();
    (database, holder)
}

/// The library's own, with nothing in it that was sealed.
fn check(error: &(dyn StdError + 'static)) {
    assert!(Error::find_in(error).is_none(), "{error}");
    assert!(!format!("{error} {error:?} {error:#?}").contains(SECRET), "{error:?}");
}

#[test]
fn diesel() {
    let (database, mut holder) = locked();
    let conn = &mut SqliteConnection::establish(&database.url).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 20").unwrap();
    let error = diesel::insert_into(patients::table).values(&patient(2)).execute(conn).unwrap_err();
    check(&error);
    assert!(error.to_string().contains("database is locked"), "{error}");
    holder.batch_execute("COMMIT").unwrap();
    let error = diesel::insert_into(patients::table).values(&patient(1)).execute(conn).unwrap_err();
    check(&error);
    assert!(matches!(error, DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)), "{error:?}");
    diesel::insert_into(patients::table).values(&patient(2)).execute(conn).unwrap();
}

#[tokio::test]
async fn sqlx() {
    let (database, mut holder) = locked();
    let mut conn = sqlx::SqliteConnection::connect(&format!("sqlite://{}", database.url)).await.unwrap();
    conn.execute("PRAGMA busy_timeout = 20").await.unwrap();
    let insert = "INSERT INTO patients (id, name, email) VALUES (?, ?, ?)";
    let (one, two) = (patient(1), patient(2));
    let error = sqlx::query(insert).bind_row(&two).unwrap().execute(&mut conn).await.unwrap_err();
    check(&error);
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "5");
    holder.batch_execute("COMMIT").unwrap();
    let error = sqlx::query(insert).bind_row(&one).unwrap().execute(&mut conn).await.unwrap_err();
    check(&error);
    assert!(error.as_database_error().unwrap().is_unique_violation(), "{error:?}");
    sqlx::query(insert).bind_row(&two).unwrap().execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// The same table's model, for rusqlite.
#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, keyring = super::Keys, rusqlite)]
struct Row {
    id: i64,
    #[encrypt]
    name: String,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    email: String,
}

#[test]
fn rusqlite() {
    let (database, mut holder) = locked();
    let conn = rusqlite::Connection::open(&database.url).unwrap();
    conn.busy_timeout(std::time::Duration::from_millis(20)).unwrap();
    let row = |Patient { id, name, email }| Row { id, name, email };
    let error = conn.execute(INSERT, row(patient(2)).params().bind().as_slice()).unwrap_err();
    check(&error);
    assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy), "{error}");
    holder.batch_execute("COMMIT").unwrap();
    let error = conn.execute(INSERT, row(patient(1)).params().bind().as_slice()).unwrap_err();
    check(&error);
    assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ConstraintViolation), "{error}");
    conn.execute(INSERT, row(patient(2)).params().bind().as_slice()).unwrap();
    let read = conn.query_row("SELECT * FROM patients WHERE id = 2", [], |row| Row::try_from(row)).unwrap();
    assert_eq!((read.name, read.email), (patient(2).name, patient(2).email));
}
