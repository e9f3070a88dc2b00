//! Models that are `migrating`: plaintext of every native type is read, damage is not, and writes
//! are always sealed.

use super::*;
use ::chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use fieldseal::keys::KeyId;
use fieldseal::value::{StoredBytes, StoredValue};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

macro_rules! legacy {
    ($($field:ident: $ty:ty $(, $attr:ident)*;)*) => {
        diesel::table! {
            legacy (id) {
                id -> BigInt,
                $($field -> Nullable<Binary>,)*
            }
        }

        /// What a program reads while it migrates.
        #[derive(Encrypt)]
        #[encrypt(table = "legacy", row = id, keyring = Keys, rusqlite, migrating)]
        #[diesel(table_name = legacy)]
        struct Legacy {
            id: i64,
            $(#[encrypt($($attr)*)] $field: Option<$ty>,)*
        }

        /// The same after the migration.
        #[derive(Encrypt)]
        #[encrypt(table = "legacy", row = id, keyring = Keys, rusqlite)]
        #[diesel(table_name = legacy)]
        struct Strict {
            id: i64,
            $(#[encrypt($($attr)*)] $field: Option<$ty>,)*
        }

        const FIELDS: &[&str] = &[$(stringify!($field)),*];

        impl Legacy {
            fn shown(&self, field: &str) -> String {
                match field {
                    $(stringify!($field) => self.$field.as_ref().map_or("NULL".into(), Shown::shown),)*
                    _ => unreachable!("{field}"),
                }
            }

            fn empty(id: i64) -> Self {
                Self { id, $($field: None),* }
            }
        }
    };
}

legacy! {
    text: String;
    bytes: Vec<u8>;
    secret: SecretString;
    flag: bool;
    small: u8;
    int: i64;
    wide: i128;
    size: usize;
    single: f32;
    double: f64;
    list: Vec<String>, json;
    uuid: Uuid;
    decimal: Decimal;
    date: NaiveDate;
    clock: NaiveTime;
    moment: NaiveDateTime;
    utc: DateTime<Utc>;
    offset: DateTime<FixedOffset>;
    t_date: time::Date;
    t_clock: time::Time;
    t_moment: time::PrimitiveDateTime;
    t_utc: time::UtcDateTime;
    t_offset: time::OffsetDateTime;
}

trait Shown {
    fn shown(&self) -> String;
}

macro_rules! shown {
    ($($ty:ty => $format:literal;)*) => {$(
        impl Shown for $ty {
            fn shown(&self) -> String {
                format!($format, self)
            }
        }
    )*};
}

shown! {
    String => "{}"; Vec<u8> => "{:?}"; bool => "{}"; u8 => "{}"; i64 => "{}"; i128 => "{}"; usize => "{}"; f32 => "{:?}";
    f64 => "{:?}"; Vec<String> => "{:?}"; Uuid => "{}"; Decimal => "{}"; NaiveDate => "{}"; NaiveTime => "{}";
    NaiveDateTime => "{}"; DateTime<Utc> => "{}"; DateTime<FixedOffset> => "{}"; time::Date => "{}"; time::Time => "{}";
    time::PrimitiveDateTime => "{}"; time::UtcDateTime => "{}"; time::OffsetDateTime => "{}";
}

impl Shown for SecretString {
    fn shown(&self) -> String {
        self.expose_secret().to_owned()
    }
}

/// Column, what it holds as SQL, and what is read of it; `-` where it doesn't fit the type.
const PLAINTEXTS: &[(&str, &str, &str)] = &[
    ("text", "'plain ✓'", "plain ✓"),
    ("text", "''", ""),
    ("text", "CAST(x'01deadbeef202020202020202020202020202020202020202020202020202020202020202020' AS TEXT)", "-"),
    ("text", "5", "-"),
    ("text", "5.5", "-"),
    ("text", "x'706c61696e'", "-"),
    ("text", "CAST(x'ff' AS TEXT)", "-"),
    ("bytes", "x'0102'", "[1, 2]"),
    ("bytes", "x''", "[]"),
    ("bytes", "'ab'", "[97, 98]"),
    ("bytes", "5", "-"),
    ("secret", "'hunter2'", "hunter2"),
    ("secret", "5", "-"),
    ("flag", "1", "true"),
    ("flag", "0", "false"),
    ("flag", "'true'", "true"),
    ("flag", "2", "-"),
    ("flag", "1.0", "-"),
    ("small", "255", "255"),
    ("small", "'7'", "7"),
    ("small", "256", "-"),
    ("small", "-1", "-"),
    ("int", "-9223372036854775808", "-9223372036854775808"),
    ("int", "'-7'", "-7"),
    ("int", "7.0", "-"),
    ("int", "x'07'", "-"),
    ("int", "'seven'", "-"),
    ("wide", "-5", "-5"),
    ("wide", "'170141183460469231731687303715884105727'", "170141183460469231731687303715884105727"),
    ("size", "5", "5"),
    ("size", "-5", "-"),
    ("single", "0.5", "0.5"),
    ("single", "3", "3.0"),
    ("double", "2.5", "2.5"),
    ("double", "3", "3.0"),
    ("double", "'2.5'", "2.5"),
    ("double", "x'00'", "-"),
    ("list", "'[\"a\",\"b\"]'", "[\"a\", \"b\"]"),
    ("list", "'[1]'", "-"),
    ("list", "x'5b5d'", "-"),
    ("uuid", "x'01000000000000000000000000000007'", "01000000-0000-0000-0000-000000000007"),
    ("uuid", "'01000000-0000-0000-0000-000000000007'", "01000000-0000-0000-0000-000000000007"),
    ("uuid", "x'01'", "-"),
    ("decimal", "'1.50'", "1.50"),
    ("decimal", "-3", "-3"),
    ("decimal", "2.5", "2.5"),
    ("decimal", "x'00'", "-"),
    ("date", "'2024-02-29'", "2024-02-29"),
    ("date", "'2023-02-29'", "-"),
    ("date", "19782", "-"),
    ("clock", "'23:59:58.5'", "23:59:58.500"),
    ("moment", "'2024-02-29 23:59:58'", "2024-02-29 23:59:58"),
    ("moment", "'2024-02-29T23:59:58.25'", "2024-02-29 23:59:58.250"),
    ("utc", "'2024-02-29 23:59:58'", "2024-02-29 23:59:58 UTC"),
    ("utc", "'2024-02-29T23:59:58+01:00'", "2024-02-29 22:59:58 UTC"),
    ("utc", "1709251198", "-"),
    ("offset", "'2024-02-29T23:59:58+01:00'", "2024-02-29 23:59:58 +01:00"),
    ("offset", "'2024-02-29 23:59:58'", "-"),
    ("t_date", "'2024-02-29'", "2024-02-29"),
    ("t_date", "x'00'", "-"),
    ("t_clock", "'23:59:58.5'", "23:59:58.5"),
    ("t_moment", "'2024-02-29 23:59:58'", "2024-02-29 23:59:58.0"),
    ("t_utc", "'2024-02-29 23:59:58'", "2024-02-29 23:59:58.0 +00"),
    ("t_offset", "'2024-02-29T23:59:58+01:00'", "2024-02-29 23:59:58.0 +01:00:00"),
    ("t_offset", "5", "-"),
];

fn database() -> Database {
    let database = Database::new(&format!("CREATE TABLE legacy (id INTEGER PRIMARY KEY, {})", FIELDS.join(", ")));
    database.sql("INSERT INTO legacy (id) VALUES (1)", []);
    database
}

fn set(database: &Database, field: &str, sql: &str) {
    database.sql(&format!("UPDATE legacy SET {field} = {sql} WHERE id = 1"), []);
}

/// What both libraries make of the field; they agree.
fn read(database: &mut Database, field: &str) -> Result<String, ErrorKind> {
    let [one, other] = testkit::load_both!(database, Legacy, legacy, 1_i64).map(|(_, loaded)| match loaded {
        Ok(legacy) => Ok(legacy.shown(field)),
        Err(refusal) => {
            assert_eq!(refusal.place(), ("legacy", field));
            Err(refusal.error.kind().clone())
        }
    });
    assert_eq!(one, other, "{field}");
    one
}

fn read_strictly(database: &mut Database, field: &str) -> Option<ErrorKind> {
    let [one, other] = testkit::load_both!(database, Strict, legacy, 1_i64).map(|(_, loaded)| {
        loaded.err().map(|refusal| {
            assert_eq!(refusal.place(), ("legacy", field));
            refusal.error.kind().clone()
        })
    });
    assert_eq!(one, other, "{field}");
    one
}

#[test]
fn plaintext_of_every_native_type_is_read_only_while_migrating() {
    let mut database = database();
    for (field, sql, expected) in PLAINTEXTS {
        set(&database, field, sql);
        let expected = if *expected == "-" { Err(ErrorKind::NotSealed) } else { Ok((*expected).to_owned()) };
        assert_eq!(read(&mut database, field), expected, "{field} = {sql}");
        assert_eq!(read_strictly(&mut database, field), Some(ErrorKind::NotSealed), "{field} = {sql}");
        set(&database, field, "NULL");
        assert_eq!(read(&mut database, field).unwrap(), "NULL");
    }
    let covered: std::collections::HashSet<_> = PLAINTEXTS.iter().map(|(field, ..)| *field).collect();
    assert_eq!(covered.len(), FIELDS.len());
}

#[test]
fn what_looks_sealed_under_an_unknown_key_may_be_plaintext() {
    let mut database = database();
    let unknown = ErrorKind::UnknownKey(KeyId::new(0x2020_2020).unwrap());
    let looks_sealed = format!("x'01{}'", "20".repeat(60));
    for field in FIELDS {
        set(&database, field, &looks_sealed);
        let expected = match *field {
            "bytes" => Ok(format!("{:?}", [&[1][..], &[0x20; 60]].concat())),
            _ => Err(unknown.clone()),
        };
        assert_eq!(read(&mut database, field), expected, "{field}");
        assert_eq!(read_strictly(&mut database, field), Some(unknown.clone()), "{field}");
        set(&database, field, "NULL");
    }
    for field in ["text", "secret"] {
        set(&database, field, &format!("CAST({looks_sealed} AS TEXT)"));
        assert_eq!(read(&mut database, field), Ok(format!("\u{1}{}", " ".repeat(60))));
        assert_eq!(read_strictly(&mut database, field), Some(ErrorKind::NotSealed));
        set(&database, field, "NULL");
    }
}

#[test]
fn damage_under_a_known_key_is_refused_while_migrating_too() {
    let mut database = database();
    let sealed = Legacy { text: Some("text".into()), bytes: Some(vec![7; 9]), int: Some(-5), ..Legacy::empty(2) };
    diesel::insert_into(legacy::table).values(&sealed).execute(&mut database.diesel).unwrap();
    for field in ["text", "bytes", "int"] {
        let whole = database.blob("legacy", field, 2);
        database.sql(&format!("UPDATE legacy SET {field} = ?1 WHERE id = 1"), [&whole]);
        assert_eq!(read(&mut database, field), Err(ErrorKind::Rejected), "{field} of another row");
        for bit in 5 * 8..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            database.sql(&format!("UPDATE legacy SET {field} = ?1 WHERE id = 1"), [&flipped]);
            assert_eq!(read(&mut database, field), Err(ErrorKind::Rejected), "{field} bit {bit}");
        }
        set(&database, field, "NULL");
    }
}

#[test]
fn writes_are_sealed_while_migrating_too() {
    let mut database = database();
    for (field, sql, expected) in PLAINTEXTS.iter().filter(|(.., expected)| *expected != "-") {
        set(&database, field, sql);
        let [(_, by_diesel), (_, by_rusqlite)] = testkit::load_both!(&mut database, Legacy, legacy, 1_i64);
        diesel::update(legacy::table.find(1)).set(by_diesel.unwrap()).execute(&mut database.diesel).unwrap();
        let first = database.blob("legacy", field, 1);
        let sql = format!("UPDATE legacy SET {field} = :{field} WHERE id = 1");
        let legacy = by_rusqlite.unwrap();
        database.rusqlite.execute(&sql, legacy.params().only(&[field]).bind().as_slice()).unwrap();
        let second = database.blob("legacy", field, 1);
        for stored in [&first, &second] {
            assert!(stored[0] == 1 && stored.len() >= 45, "{field} is sealed");
        }
        assert_ne!(first, second);
        assert_eq!(read(&mut database, field).unwrap(), *expected);
        assert_eq!(read_strictly(&mut database, field), None);
        set(&database, field, "NULL");
    }
}

/// A value that is too long to be copied must not be read as an empty one.
#[test]
fn plaintext_that_is_too_long_is_refused() {
    let mut database = database();
    for (field, sql) in [("text", "CAST(zeroblob(70000000) AS TEXT)"), ("bytes", "zeroblob(70000000)")] {
        set(&database, field, sql);
        assert_eq!(read(&mut database, field), Err(ErrorKind::TooLong(70_000_000)), "{field}");
        set(&database, field, "NULL");
    }
    let stored = StoredBytes::copy_of(StoredValue::Text(&vec![b'x'; 70_000_000]));
    let error = Legacy::open_text(&1, &stored).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLong(70_000_000));
}
