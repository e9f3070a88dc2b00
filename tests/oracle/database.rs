//! Whole databases that Rust wrote, opened by Python, which knows the files and `docs/format.md`
//! and nothing else.

use crate::client::Refusal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::prelude::*;
use fieldseal::keyring::KeyringSource;
use fieldseal::kms::{Argon2Params, Local, Passphrase};
use fieldseal::store::{self, KeyStore};
use fieldseal::{Encrypt, Error, Keyring, Model, Schema, Scope};
use rust_decimal::Decimal;
use secrecy::{SecretSlice, SecretString};
use serde_json::json;
use std::cell::Cell;
use std::path::PathBuf;
use tempfile::TempDir;
use testkit::spelt::Spelt;
use uuid::Uuid;

thread_local! {
    static KEYRING: Cell<Option<&'static Keyring>> = const { Cell::new(None) };
}

/// The keyring of the test that runs on this thread.
struct OfThisTest;

impl KeyringSource for OfThisTest {
    fn keyring() -> Result<&'static Keyring, Error> {
        Ok(KEYRING.get().expect("a keyring"))
    }
}

diesel::table! {
    samples_2019 (clinic_no, code) {
        clinic_no -> BigInt,
        code -> Text,
        a_text -> Binary,
        bytes -> Binary,
        yes -> Binary,
        i8 -> Binary,
        i16 -> Binary,
        i32 -> Binary,
        i64 -> Binary,
        i128 -> Binary,
        u8 -> Binary,
        u16 -> Binary,
        u32 -> Binary,
        u64 -> Binary,
        u128 -> Binary,
        f32 -> Binary,
        f64 -> Binary,
        uuid -> Binary,
        date -> Binary,
        time -> Binary,
        datetime -> Binary,
        timestamp -> Binary,
        offset -> Binary,
        decimal -> Binary,
        json -> Binary,
        may_be_null -> Nullable<Binary>,
        hidden_null -> Binary,
        email -> Binary,
    }
}

/// A value of every kind, under every suite, in a table whose names in the database aren't the
/// logical ones.
#[derive(Clone, Encrypt)]
#[encrypt(table = "samples", row = (clinic, code), scope = clinic, keyring = OfThisTest)]
#[diesel(table_name = samples_2019)]
struct Sample {
    #[diesel(column_name = clinic_no)]
    clinic: i64,
    code: String,
    #[encrypt(column = "text")]
    #[diesel(column_name = a_text)]
    text: String,
    #[encrypt(suite = "xchacha20-poly1305")]
    bytes: Vec<u8>,
    #[encrypt(suite = "aes-256-gcm")]
    yes: bool,
    #[encrypt]
    i8: i8,
    #[encrypt]
    i16: i16,
    #[encrypt]
    i32: i32,
    #[encrypt]
    i64: isize,
    #[encrypt]
    i128: i128,
    #[encrypt]
    u8: u8,
    #[encrypt]
    u16: u16,
    #[encrypt]
    u32: u32,
    #[encrypt]
    u64: usize,
    #[encrypt]
    u128: u128,
    #[encrypt]
    f32: f32,
    #[encrypt]
    f64: f64,
    #[encrypt(unbound_row)]
    uuid: Uuid,
    #[encrypt]
    date: NaiveDate,
    #[encrypt(pad = 32)]
    time: NaiveTime,
    #[encrypt]
    datetime: NaiveDateTime,
    #[encrypt]
    timestamp: DateTime<Utc>,
    #[encrypt]
    offset: DateTime<FixedOffset>,
    #[encrypt]
    decimal: Decimal,
    #[encrypt]
    json: serde_json::Value,
    #[encrypt(pad = 16)]
    may_be_null: Option<String>,
    #[encrypt(pad = 16, hide_null)]
    hidden_null: Option<i64>,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    email: String,
}

/// The same for rusqlite and the `time` crate, in the application's scope.
#[derive(Encrypt)]
#[encrypt(table = "visits", row = id, keyring = OfThisTest, rusqlite, no_debug)]
struct Visit {
    id: Uuid,
    #[encrypt(column = "doctor", sql_name = "doctor_sealed")]
    doctor: SecretString,
    #[encrypt(suite = "aes-256-gcm")]
    picture: SecretSlice<u8>,
    #[encrypt]
    day: time::Date,
    #[encrypt]
    at: time::Time,
    #[encrypt]
    began: time::PrimitiveDateTime,
    #[encrypt]
    ended: time::UtcDateTime,
    #[encrypt(suite = "xchacha20-poly1305")]
    booked: time::OffsetDateTime,
    #[encrypt(json, pad = 64, hide_null)]
    notes: Option<Vec<String>>,
}

/// Where a program keeps its things.
struct Place {
    dir: TempDir,
    passphrase: Option<&'static str>,
    keys_in_json: bool,
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(passphrase: Option<&'static str>, keys_in_json: bool) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap(), passphrase, keys_in_json };
        let quick = Argon2Params::RECOMMENDED.with_memory_kib(256).with_iterations(2).with_parallelism(2);
        let passphrase = passphrase.map(|text| Passphrase::new(text).argon2(quick));
        let kms = match &passphrase {
            Some(passphrase) => Local::create_with_passphrase(place.path("kek.json"), passphrase),
            None => Local::create(place.path("kek.json")),
        }
        .unwrap();
        if keys_in_json {
            place.install(kms, store::File::create(place.path("keys.json")).unwrap());
        } else {
            let store = store::Rusqlite::open(place.path("app.db")).unwrap();
            store.create_table().unwrap();
            place.install(kms, store);
        }
        place
    }

    fn install(&self, kms: Local, store: impl KeyStore + 'static) {
        let keyring = Keyring::start(kms, store).unwrap();
        for scope in [Scope::APPLICATION, Scope::tenant(7).unwrap(), Scope::tenant(-8).unwrap()] {
            keyring.admin().ensure_scope(&scope).unwrap();
        }
        KEYRING.set(Some(Box::leak(Box::new(keyring))));
    }

    /// What is given to Python, for one table.
    fn request(&self, schema: &Schema, row: &serde_json::Value, scope: &serde_json::Value) -> serde_json::Value {
        let columns = schema.columns.iter().map(|column| {
            json!({
                "column": column.name(),
                "sql_column": column.sql_name(),
                "suite": column.suite().name(),
                "kind": column.kind().name(),
                "pad": (column.padding() > 0).then_some(column.padding()),
                "hide_null": column.hides_null(),
                "bound": column.is_row_bound(),
            })
        });
        let columns: Vec<_> = columns.collect();
        let keys = if self.keys_in_json {
            json!({ "file": self.path("keys.json") })
        } else {
            json!({ "sqlite": self.path("app.db") })
        };
        json!({
            "kek_file": self.path("kek.json"), "passphrase": self.passphrase, "keys": keys,
            "database": self.path("app.db"), "table": schema.table, "sql_table": schema.sql_table,
            "columns": columns, "row": row, "scope": scope,
        })
    }

    fn samples(&self) -> serde_json::Value {
        let row = json!([{ "column": "clinic_no", "kind": "int" }, { "column": "code", "kind": "text" }]);
        self.request(&Sample::SCHEMA, &row, &json!({ "column": "clinic_no", "kind": "int" }))
    }

    fn visits(&self) -> serde_json::Value {
        let row = json!([{ "column": "id", "kind": "uuid-bytes" }]);
        let mut request = self.request(&Visit::SCHEMA, &row, &serde_json::Value::Null);
        request["sql_table"] = "all visits".into();
        request
    }
}

const SCHEMA: &str = "
    CREATE TABLE samples_2019 (
        clinic_no INTEGER NOT NULL, code TEXT NOT NULL, a_text BLOB, bytes BLOB, yes BLOB, i8 BLOB, i16 BLOB,
        i32 BLOB, i64 BLOB, i128 BLOB, u8 BLOB, u16 BLOB, u32 BLOB, u64 BLOB, u128 BLOB, f32 BLOB, f64 BLOB,
        uuid BLOB, date BLOB, time BLOB, datetime BLOB, timestamp BLOB, offset BLOB, decimal BLOB, json BLOB,
        may_be_null BLOB, hidden_null BLOB, email BLOB, PRIMARY KEY (clinic_no, code)
    );
    CREATE TABLE \"all visits\" (
        id BLOB PRIMARY KEY, doctor_sealed BLOB, picture BLOB, day BLOB, at BLOB, began BLOB, ended BLOB, booked BLOB,
        notes BLOB
    );";

const INSERT_VISIT: &str =
    "INSERT INTO \"all visits\" (id, doctor_sealed, picture, day, at, began, ended, booked, notes)
     VALUES (:id, :doctor_sealed, :picture, :day, :at, :began, :ended, :booked, :notes)";

fn sample(clinic: i64, code: &str, extreme: bool) -> Sample {
    let day = NaiveDate::from_ymd_opt(if extreme { -44 } else { 2024 }, 2, 29).unwrap();
    let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_999_999_999).unwrap();
    let time = if extreme { leap } else { NaiveTime::from_hms_opt(7, 8, 9).unwrap() };
    let east = FixedOffset::east_opt(if extreme { -43_200 } else { 19_800 }).unwrap();
    let mut decimal = Decimal::from_i128_with_scale(if extreme { 0 } else { 12_500 }, 3);
    decimal.set_sign_negative(extreme);
    let pick = |low: i64, high: i64| if extreme { low } else { high };
    Sample {
        clinic,
        code: code.to_owned(),
        text: if extreme { String::new() } else { "Пациент 🏥".into() },
        bytes: if extreme { Vec::new() } else { vec![0, 0x80, 0xff] },
        yes: extreme,
        i8: if extreme { i8::MIN } else { i8::MAX },
        i16: if extreme { i16::MIN } else { i16::MAX },
        i32: if extreme { i32::MIN } else { i32::MAX },
        i64: isize::try_from(pick(i64::MIN, i64::MAX)).unwrap(),
        i128: if extreme { i128::MIN } else { i128::MAX },
        u8: if extreme { 0 } else { u8::MAX },
        u16: if extreme { 0 } else { u16::MAX },
        u32: if extreme { 0 } else { u32::MAX },
        u64: if extreme { 0 } else { usize::MAX },
        u128: if extreme { 0 } else { u128::MAX },
        f32: if extreme { -0.0 } else { 0.1 },
        f64: if extreme { f64::from_bits(0xfff8_0000_dead_beef) } else { 5e-324 },
        uuid: Uuid::from_u128(if extreme { 0 } else { u128::MAX / 3 }),
        date: day,
        time,
        datetime: day.and_time(time),
        timestamp: day.and_time(time).and_utc(),
        offset: DateTime::from_naive_utc_and_offset(day.and_time(time), east),
        decimal,
        json: json!({ "é": [1, -2.5e-300, null, "\u{0}"] }),
        may_be_null: (!extreme).then(|| "fifteen letters".into()),
        hidden_null: (!extreme).then_some(-1),
        email: "ada@example.org".into(),
    }
}

impl Sample {
    /// What Python is to say of it.
    fn expected(&self) -> serde_json::Value {
        json!({
            "text": self.text, "bytes": self.bytes.spelt(), "yes": self.yes.spelt(), "i8": self.i8.spelt(),
            "i16": self.i16.spelt(), "i32": self.i32.spelt(), "i64": self.i64.spelt(), "i128": self.i128.spelt(),
            "u8": self.u8.spelt(), "u16": self.u16.spelt(), "u32": self.u32.spelt(), "u64": self.u64.spelt(),
            "u128": self.u128.spelt(), "f32": self.f32.spelt(), "f64": self.f64.spelt(), "uuid": self.uuid.spelt(),
            "date": self.date.spelt(), "time": self.time.spelt(), "datetime": self.datetime.spelt(),
            "timestamp": self.timestamp.spelt(), "offset": self.offset.spelt(), "decimal": self.decimal.spelt(),
            "json": self.json.spelt(), "may_be_null": self.may_be_null,
            "hidden_null": self.hidden_null.map(|number| number.spelt()), "email": self.email,
        })
    }
}

fn visit(id: u128, has_notes: bool) -> Visit {
    let day = time::Date::from_calendar_date(if has_notes { 2026 } else { -9_999 }, time::Month::May, 31).unwrap();
    let clock = time::Time::from_hms_nano(23, 0, 1, 5).unwrap();
    let began = time::PrimitiveDateTime::new(day, clock);
    Visit {
        id: Uuid::from_u128(id),
        doctor: format!("Dr {id}").into(),
        picture: vec![0xff; 20].into(),
        day,
        at: clock,
        began,
        ended: began.as_utc(),
        booked: began.assume_offset(time::UtcOffset::from_hms(-3, -30, -1).unwrap()),
        notes: has_notes.then(|| vec!["a \"note\"".to_owned(), "患者".to_owned()]),
    }
}

impl Visit {
    fn expected(&self) -> serde_json::Value {
        json!({
            "doctor": self.doctor.spelt(), "picture": self.picture.spelt(), "day": self.day.spelt(),
            "at": self.at.spelt(), "began": self.began.spelt(), "ended": self.ended.spelt(),
            "booked": self.booked.spelt(),
            "notes": self.notes.as_ref().map(|notes| serde_json::to_string(notes).unwrap()),
        })
    }
}

/// Writes both tables, some of it after a rotation, and has Python open all of it.
fn python_opens_it_whole(place: &Place) {
    let mut diesel = SqliteConnection::establish(place.path("app.db").to_str().unwrap()).unwrap();
    let rusqlite = rusqlite::Connection::open(place.path("app.db")).unwrap();
    rusqlite.execute_batch(SCHEMA).unwrap();
    let samples = [sample(-8, "a", true), sample(7, "", false), sample(7, "b 🦀", true), sample(7, "c", false)];
    let visits = [visit(1, true), visit(2, false), visit(u128::MAX, true)];
    let insert_visit =
        |visit: &Visit| assert_eq!(rusqlite.execute(INSERT_VISIT, visit.params().bind().as_slice()), Ok(1));

    diesel::insert_into(samples_2019::table).values(&samples[..2]).execute(&mut diesel).unwrap();
    visits[..1].iter().for_each(insert_visit);
    let keyring = OfThisTest::keyring().unwrap();
    keyring.admin().rotate(&Scope::tenant(7).unwrap()).unwrap();
    keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    diesel::insert_into(samples_2019::table).values(&samples[2..]).execute(&mut diesel).unwrap();
    visits[1..].iter().for_each(insert_visit);

    let opened = crate::client::open_database(place.samples()).unwrap();
    assert_eq!(opened["rows"], json!(samples.each_ref().map(Sample::expected)));
    assert_eq!(opened["keys"], 5);
    let opened = crate::client::open_database(place.visits()).unwrap();
    assert_eq!(opened["rows"], json!(visits.each_ref().map(Visit::expected)));
}

#[test]
#[ignore = "needs the Python oracle: bash tests/all"]
fn with_its_keys_in_the_same_database() {
    python_opens_it_whole(&Place::start(None, false));
}

#[test]
#[ignore = "needs the Python oracle: bash tests/all"]
fn with_its_keys_in_a_json_file() {
    python_opens_it_whole(&Place::start(None, true));
}

#[test]
#[ignore = "needs the Python oracle: bash tests/all"]
fn with_a_passphrase_and_a_rotated_kek() {
    let passphrase = "correct horse é 🐎";
    let place = Place::start(Some(passphrase), true);
    let kms = || Local::open_with_passphrase(place.path("kek.json"), &Passphrase::new(passphrase)).unwrap();
    assert_eq!(kms().rotate().unwrap(), 2);
    place.install(kms(), store::File::open(place.path("keys.json")).unwrap());
    OfThisTest::keyring().unwrap().admin().rewrap().unwrap();
    kms().remove_version(1).unwrap();
    python_opens_it_whole(&place);
    let wrong = Place { passphrase: Some("correct horse"), ..place };
    assert_eq!(crate::client::open_database(wrong.samples()), Err(Refusal("wrong_passphrase".into())));
}

/// The oracle says no where it should: its yes above counts for something.
#[test]
#[ignore = "needs the Python oracle: bash tests/all"]
fn a_moved_value_is_refused_unless_the_column_is_unbound() {
    let place = Place::start(None, false);
    python_opens_it_whole(&place);
    let rusqlite = rusqlite::Connection::open(place.path("app.db")).unwrap();
    let move_from_c = |column: &str| {
        let cell = format!("SELECT {column} FROM samples_2019 WHERE code = 'c'");
        rusqlite.execute(&format!("UPDATE samples_2019 SET {column} = ({cell}) WHERE code LIKE 'b%'"), []).unwrap()
    };
    assert_eq!(move_from_c("uuid"), 1);
    let opened = crate::client::open_database(place.samples()).unwrap();
    assert_eq!(opened["rows"][2]["uuid"], sample(7, "c", false).uuid.spelt());
    assert_eq!(move_from_c("i64"), 1);
    assert_eq!(crate::client::open_database(place.samples()), Err(Refusal("rejected".into())));
}
