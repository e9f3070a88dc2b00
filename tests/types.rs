//! Every type that a sealed field can have, written and read through both libraries, to the bit.

mod common;
#[path = "types/exactly.rs"]
mod exactly;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::Connection as _;
use diesel::prelude::*;
use exactly::Exactly;
use fieldseal::{Encrypt, EncryptValue, Sealed};
use rusqlite::Connection;
use rust_decimal::Decimal;
use secrecy::{SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};
use uuid::Uuid;

test_keyring!(Keys, &[]);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    day: String,
    cost: f64,
    next: Option<Box<Visit>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Status {
    Healthy,
    Ill { since: u16 },
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, EncryptValue)]
pub struct Email(String);

#[derive(Debug, Clone, PartialEq, EncryptValue)]
pub struct Score {
    points: i16,
}

/// Two models over tables of their own: one with the fields as they are, one with an `Option` of each. Row `n` has the
/// `n`th of each field's values, and starts over where there are fewer.
macro_rules! models {
    ($module:ident, $test:ident: $($(#[$attr:meta])* $field:ident: $type:ty = [$($value:expr),+ $(,)?],)+) => {
        mod $module {
            use super::*;

            diesel::table! { required { id -> BigInt, $($field -> Binary,)+ } }
            diesel::table! { optional { id -> BigInt, $($field -> Nullable<Binary>,)+ } }

            #[derive(Encrypt)]
            #[encrypt(table = "required", row = id, keyring = Keys, rusqlite, no_debug)]
            #[diesel(table_name = required)]
            struct Required {
                id: i64,
                $($(#[$attr])* $field: $type,)+
            }

            #[derive(Encrypt)]
            #[encrypt(table = "optional", row = id, keyring = Keys, rusqlite, no_debug)]
            #[diesel(table_name = optional)]
            struct Optional {
                id: i64,
                $($(#[$attr])* $field: Option<$type>,)+
            }

            impl Exactly for Required {
                fn exactly(&self, other: &Self) -> bool {
                    $(assert!(self.$field.exactly(&other.$field), "{} of row {}", stringify!($field), self.id);)+
                    self.id == other.id
                }
            }

            impl Exactly for Optional {
                fn exactly(&self, other: &Self) -> bool {
                    $(assert!(self.$field.exactly(&other.$field), "{} of row {}", stringify!($field), self.id);)+
                    self.id == other.id
                }
            }

            fn row(id: i64) -> Required {
                Required { id, $($field: nth(id, vec![$($value),+]),)+ }
            }

            #[test]
            fn $test() {
                let most = [$([$(stringify!($value)),+].len()),+].into_iter().max().unwrap();
                let file = Database::new(&[$(stringify!($field)),+]);
                let (rusqlite, diesel) = (&file.rusqlite, &mut file.diesel());
                for id in 0..i64::try_from(most).unwrap() {
                    file.insert("required", row(id).params());
                    let loaded = required::table.find(id).select(Required::as_select()).first(diesel);
                    assert!(row(id).exactly(&loaded.unwrap()));
                    diesel::delete(required::table).execute(diesel).unwrap();
                    diesel::insert_into(required::table).values(&row(id)).execute(diesel).unwrap();
                    let loaded = rusqlite.query_row("SELECT * FROM required", [], |row| Required::try_from(row));
                    assert!(row(id).exactly(&loaded.unwrap()));
                    diesel::delete(required::table).execute(diesel).unwrap();

                    let Required { id, $($field),+ } = row(id);
                    let some = Optional { id, $($field: Some($field)),+ };
                    diesel::insert_into(optional::table).values(&some).execute(diesel).unwrap();
                    let loaded = rusqlite.query_row("SELECT * FROM optional", [], |row| Optional::try_from(row));
                    assert!(some.exactly(&loaded.unwrap()));
                    let loaded = optional::table.find(id).select(Optional::as_select()).first(diesel);
                    assert!(some.exactly(&loaded.unwrap()));
                    diesel::delete(optional::table).execute(diesel).unwrap();
                }

                let none = Optional { id: 1, $($field: None),+ };
                file.insert("optional", none.params());
                let loaded = optional::table.find(1).select(Optional::as_select()).first(diesel);
                assert!(none.exactly(&loaded.unwrap()));
                diesel::delete(optional::table).execute(diesel).unwrap();
                diesel::insert_into(optional::table).values(&none).execute(diesel).unwrap();
                let all_null = concat!("SELECT true", $(" AND ", stringify!($field), " IS NULL",)+ " FROM optional");
                assert!(rusqlite.query_row(all_null, [], |row| row.get::<_, bool>(0)).unwrap());
                let loaded = rusqlite.query_row("SELECT * FROM optional", [], |row| Optional::try_from(row));
                assert!(none.exactly(&loaded.unwrap()));
            }
        }
    };
}

fn nth<T>(row: i64, mut values: Vec<T>) -> T {
    let index = usize::try_from(row).unwrap() % values.len();
    values.swap_remove(index)
}

/// One file, open in both libraries.
struct Database {
    rusqlite: Connection,
    path: std::path::PathBuf,
    _dir: tempfile::TempDir,
}

impl Database {
    fn new(columns: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("types.db");
        let rusqlite = Connection::open(&path).unwrap();
        let list = |null: &str| columns.iter().map(|column| format!(", {column} BLOB{null}")).collect::<String>();
        rusqlite
            .execute_batch(&format!(
                "CREATE TABLE required (id INTEGER PRIMARY KEY{}); CREATE TABLE optional (id INTEGER PRIMARY KEY{});",
                list(" NOT NULL"),
                list("")
            ))
            .unwrap();
        Self { rusqlite, path, _dir: dir }
    }

    fn diesel(&self) -> SqliteConnection {
        SqliteConnection::establish(self.path.to_str().unwrap()).unwrap()
    }

    fn insert(&self, table: &str, params: fieldseal::NamedParams<'_>) {
        let params = params.bind();
        let names: Vec<_> = params.iter().map(|(name, _)| *name).collect();
        let columns = names.join(", ").replace(':', "");
        let insert = format!("INSERT INTO {table} ({columns}) VALUES ({})", names.join(", "));
        self.rusqlite.execute(&insert, params.as_slice()).unwrap();
    }
}

models! { numbers, numbers_are_exact:
    #[encrypt] flag: bool = [true, false],
    #[encrypt] tiny: i8 = [i8::MIN, -1, 0, i8::MAX],
    #[encrypt] short: i16 = [i16::MIN, -1, 0, i16::MAX],
    #[encrypt] int: i32 = [i32::MIN, -1, 0, i32::MAX],
    #[encrypt] long: i64 = [i64::MIN, -1, 0, i64::MAX],
    #[encrypt] huge: i128 = [i128::MIN, -1, 0, i128::MAX],
    #[encrypt] size: isize = [isize::MIN, -1, 0, isize::MAX],
    #[encrypt] utiny: u8 = [0, 1, u8::MAX],
    #[encrypt] ushort: u16 = [0, 1, u16::MAX],
    #[encrypt] uint: u32 = [0, 1, u32::MAX],
    #[encrypt] ulong: u64 = [0, 1, u64::MAX],
    #[encrypt] uhuge: u128 = [0, 1, u128::MAX],
    #[encrypt] usize_: usize = [0, 1, usize::MAX],
    #[encrypt] single: f32 = [
        -0.0,
        f32::MIN_POSITIVE,
        f32::NEG_INFINITY,
        f32::from_bits(0x7fc0_0001),
        f32::MAX,
    ],
    #[encrypt] double: f64 = [-0.0, 0.1, f64::INFINITY, f64::from_bits(0xfff8_0000_0000_0001), 5e-324],
    #[encrypt] decimal: Decimal = [
        Decimal::new(10, 1),
        Decimal::new(100, 2),
        -Decimal::ZERO,
        Decimal::MIN,
        Decimal::new(1, 28),
    ],
}

models! { times, times_are_exact:
    #[encrypt] date: NaiveDate = [NaiveDate::MIN, day(1969, 12, 31), day(2024, 2, 29), NaiveDate::MAX],
    #[encrypt] clock: NaiveTime = [NaiveTime::MIN, clock(23, 59, 59, 1_999_999_999), clock(12, 0, 0, 1)],
    #[encrypt] local: NaiveDateTime = [
        NaiveDateTime::MIN,
        day(1969, 12, 31).and_time(clock(23, 59, 59, 999_999_999)),
        NaiveDateTime::MAX,
    ],
    #[encrypt] utc: DateTime<Utc> = [
        DateTime::<Utc>::MIN_UTC,
        DateTime::from_timestamp(-1, 1).unwrap(),
        DateTime::<Utc>::MAX_UTC,
    ],
    #[encrypt] fixed: DateTime<FixedOffset> = [
        DateTime::from_timestamp(0, 1).unwrap().with_timezone(&FixedOffset::east_opt(-86_399).unwrap()),
        DateTime::from_timestamp(1, 999_999_999).unwrap().with_timezone(&FixedOffset::east_opt(19_800).unwrap()),
    ],
    #[encrypt] time_date: Date = [Date::MIN, Date::MAX, Date::from_ordinal_date(1970, 1).unwrap()],
    #[encrypt] time_clock: Time = [Time::MIDNIGHT, Time::from_hms_nano(23, 59, 59, 999_999_999).unwrap()],
    #[encrypt] time_local: PrimitiveDateTime = [PrimitiveDateTime::MIN, PrimitiveDateTime::MAX],
    #[encrypt] time_utc: UtcDateTime = [
        UtcDateTime::MIN,
        UtcDateTime::MAX,
        UtcDateTime::from_unix_timestamp_nanos(-1).unwrap(),
    ],
    #[encrypt] time_offset: OffsetDateTime = [
        OffsetDateTime::from_unix_timestamp_nanos(-1).unwrap().to_offset(UtcOffset::from_hms(-25, -59, -59).unwrap()),
        OffsetDateTime::UNIX_EPOCH.to_offset(UtcOffset::from_hms(5, 45, 1).unwrap()),
    ],
}

models! { texts, texts_bytes_and_structures_are_exact:
    #[encrypt] text: String = [String::new(), "Żółć 🦀\0".to_owned(), "x".repeat(100_000)],
    #[encrypt] bytes: Vec<u8> = [vec![], vec![0, 255, 128], vec![7; 70_000]],
    #[encrypt] uuid: Uuid = [Uuid::nil(), Uuid::max(), Uuid::from_u128(1)],
    #[encrypt] any: serde_json::Value = [
        serde_json::Value::Null,
        serde_json::json!({"a": [1, -0.0, 1e308, "ü"], "b": null}),
    ],
    #[encrypt(json)] visit: Visit = [visit(None), visit(Some(Box::new(visit(None))))],
    #[encrypt(json)] visits: Vec<Visit> = [vec![], vec![visit(None), visit(None)]],
    #[encrypt(json)] status: Status = [
        Status::Healthy,
        Status::Ill { since: 2019 },
        Status::Unknown("?".to_owned()),
    ],
    #[encrypt(json)] map: BTreeMap<String, Option<i64>> = [
        BTreeMap::new(),
        BTreeMap::from([(String::new(), None), ("k".to_owned(), Some(1))]),
    ],
    #[encrypt] secret: SecretString = [SecretString::from(""), SecretString::from("пароль")],
    #[encrypt] secret_bytes: SecretBox<[u8]> = [SecretBox::new(Box::new([])), SecretBox::new(Box::new([0, 1]))],
    #[encrypt] secret_text: SecretBox<String> = [
        SecretBox::new(Box::new(String::new())),
        SecretBox::new(Box::new("s".to_owned())),
    ],
    #[encrypt] email: Email = [Email(String::new()), Email("a@b".to_owned())],
    #[encrypt(suite = "aes-256-gcm", pad = 16)] score: Score = [Score { points: -1 }],
    #[encrypt] unopened: Sealed<String> = [Sealed::new(String::new()), Sealed::new("later".to_owned())],
    #[encrypt(pad = 8)] unopened_number: Sealed<i64> = [Sealed::new(i64::MIN)],
    #[encrypt(suite = "aes-256-siv", unbound_row)] found: String = ["equal".to_owned()],
    #[encrypt(suite = "xchacha20-poly1305")] other_suite: String = ["x".to_owned()],
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn clock(hour: u32, minute: u32, second: u32, nanos: u32) -> NaiveTime {
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanos).unwrap()
}

fn visit(next: Option<Box<Visit>>) -> Visit {
    Visit { day: "2024-02-29".to_owned(), cost: 0.1 + 0.2, next }
}

diesel::table! {
    hidden {
        id -> BigInt,
        text -> Binary,
        number -> Nullable<Binary>,
        list -> Binary,
        padded -> Binary,
    }
}

#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "hidden", row = id, keyring = Keys, rusqlite)]
#[diesel(table_name = hidden)]
struct Hidden {
    id: i64,
    #[encrypt(pad = 32, hide_null)]
    text: Option<String>,
    #[encrypt(pad = 16, hide_null)]
    number: Option<i64>,
    #[encrypt(json, pad = 32, hide_null)]
    list: Option<Vec<u8>>,
    #[encrypt(pad = 64)]
    padded: String,
}

#[test]
fn neither_nulls_nor_lengths_are_seen() {
    let conn = &mut SqliteConnection::establish(":memory:").unwrap();
    diesel::sql_query("CREATE TABLE hidden (id INTEGER, text BLOB NOT NULL, number BLOB, list BLOB, padded BLOB)")
        .execute(conn)
        .unwrap();
    let rows = [
        Hidden { id: 1, text: None, number: None, list: None, padded: String::new() },
        Hidden { id: 2, text: Some(String::new()), number: Some(0), list: Some(vec![]), padded: "x".repeat(63) },
        Hidden {
            id: 3,
            text: Some("y".repeat(30)),
            number: Some(i64::MIN),
            list: Some(vec![1]),
            padded: "z".into(),
        },
    ];
    for row in &rows {
        diesel::insert_into(hidden::table).values(row).execute(conn).unwrap();
    }
    let loaded: Vec<Hidden> = hidden::table.order(hidden::id).select(Hidden::as_select()).load(conn).unwrap();
    assert!(loaded == rows);
    for id in 1..=3_i64 {
        let row = hidden::table.find(id);
        let [text, list, padded] = [
            row.select(hidden::text).first::<Vec<u8>>(conn),
            row.select(hidden::list).first(conn),
            row.select(hidden::padded).first(conn),
        ]
        .map(|stored| stored.unwrap().len());
        let number: Option<Vec<u8>> = row.select(hidden::number).first(conn).unwrap();
        assert_eq!((text, list, padded), (32 + 45, 32 + 45, 64 + 45), "row {id}");
        assert_eq!(number.unwrap().len(), 16 + 45, "row {id}");
    }
    // A visible NULL was put there by somebody else.
    diesel::sql_query("UPDATE hidden SET number = NULL").execute(conn).unwrap();
    let error = hidden::table.select(Hidden::as_select()).first(conn).err().unwrap();
    assert_eq!(*fieldseal::Error::find_in(&error).unwrap().kind(), fieldseal::ErrorKind::UnexpectedNull);
}

#[test]
fn a_value_one_byte_longer_takes_another_block() {
    let len = |text: &str| Hidden::seal_padded(&1, text).into_bytes().unwrap().unwrap().len();
    assert_eq!(len(&"x".repeat(63)) + 64, len(&"x".repeat(64)));
}
