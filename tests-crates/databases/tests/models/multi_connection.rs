//! `#[derive(diesel::MultiConnection)]`: one model and one program's code for SQLite, PostgreSQL
//! and MariaDB.

use diesel::prelude::*;
use diesel::sql_query;
use fieldseal::{Encrypt, Error, ErrorKind};
use fieldseal_databases::Database;

testkit::test_keyring!(Keys, &[]);

diesel::table! {
    patients (id) {
        id -> BigInt,
        name -> Binary,
        diagnosis -> Nullable<Binary>,
        illness -> Binary,
        email -> Text,
        phone -> Nullable<Text>,
        city -> Text,
    }
}

#[derive(diesel::MultiConnection)]
enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Mysql(MysqlConnection),
}

fieldseal::diesel_multi_backend!(MultiBackend);

#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "patients", row = id, keyring = Keys, size = 255)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 16)]
    diagnosis: Option<String>,
    #[encrypt(pad = 16, hide_null)]
    illness: Option<String>,
    #[encrypt(base64)]
    email: String,
    #[encrypt(base64)]
    phone: Option<String>,
    city: String,
}

fn patient(id: i64) -> Patient {
    let some = |text: &str| (id % 2 == 0).then(|| text.to_owned());
    Patient {
        id,
        name: format!("Ада {id}"),
        diagnosis: some("flu"),
        illness: some("cold"),
        email: format!("{id}@example.org"),
        phone: some("+32 2 555"),
        city: "London".into(),
    }
}

fn writes_and_reads(conn: &mut AnyConnection, bytes: &str) {
    sql_query(format!(
        "CREATE TABLE patients (id BIGINT PRIMARY KEY, name {bytes} NOT NULL, diagnosis {bytes}, illness {bytes} NOT NULL,
         email VARCHAR(255) NOT NULL, phone VARCHAR(255), city VARCHAR(255) NOT NULL)"
    ))
    .execute(conn)
    .unwrap();
    for id in 1..=4 {
        diesel::insert_into(patients::table).values(&patient(id)).execute(conn).unwrap();
    }
    let all = patients::table.order(patients::id).select(Patient::as_select()).load(conn).unwrap();
    assert!(all == [1, 2, 3, 4].map(patient));

    let changed = Patient { name: "Eve".into(), diagnosis: Some("new".into()), ..patient(2) };
    diesel::update(patients::table.find(2)).set(&changed).execute(conn).unwrap();
    let set =
        (patients::name.eq(Patient::seal_name(&1, "by itself")), patients::phone.eq(Patient::seal_phone(&1, None)));
    diesel::update(patients::table.find(1)).set(set).execute(conn).unwrap();
    let all = patients::table.order(patients::id).select(Patient::as_select()).load(conn).unwrap();
    assert!(all[1] == changed && all[0] == Patient { name: "by itself".into(), ..patient(1) });

    diesel::update(patients::table.find(3)).set(patients::name.eq(vec![1_u8; 60])).execute(conn).unwrap();
    let error = patients::table.find(3).select(Patient::as_select()).first(conn).err().unwrap();
    let kind = Error::find_in(&error).unwrap().kind();
    assert!(matches!(kind, ErrorKind::UnknownKey(_)), "{kind:?}");
    let long = Patient { name: "n".repeat(300), ..patient(9) };
    let error = diesel::insert_into(patients::table).values(&long).execute(conn).unwrap_err();
    assert!(matches!(
        Error::find_in(&error).unwrap().kind(),
        ErrorKind::TooLongForColumn { needs: 345, size: 255, .. }
    ));
}

#[test]
fn on_sqlite() {
    let database = Database::sqlite();
    let conn = SqliteConnection::establish(&database.url).unwrap();
    writes_and_reads(&mut AnyConnection::Sqlite(conn), "BLOB");
}

#[test]
fn on_postgres() {
    let database = Database::postgres();
    let conn = PgConnection::establish(&database.url).unwrap();
    writes_and_reads(&mut AnyConnection::Postgres(conn), "BYTEA");
}

#[test]
fn on_mysql() {
    let database = Database::mysql();
    let conn = MysqlConnection::establish(&database.url).unwrap();
    writes_and_reads(&mut AnyConnection::Mysql(conn), "VARBINARY(255)");
}
