//! Every type that a sealed field can have, written by one library and read by each, to the bit.

mod exactly;

use crate::models::{Client, Database as _, Store, World};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use exactly::Exactly;
use fieldseal::{EncryptValue, Model as _, Sealed};
use rust_decimal::Decimal;
use secrecy::{SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use testkit::test_keyring;
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

/// Models over tables of their own: one with the fields as they are, and with an `Option` of each
/// one of bytes and one of base64. Row `n` has the `n`th of each field's values, and starts over
/// where there are fewer.
macro_rules! models {
    ($module:ident, $test:ident: $($(#[$attr:meta])* $field:ident: $type:ty = [$($value:expr),+ $(,)?],)+) => {
        pub mod $module {
            use super::*;

            diesel::table! { required { id -> BigInt, $($field -> Binary,)+ } }
            diesel::table! { optional { id -> BigInt, $($field -> Nullable<Binary>,)+ } }
            diesel::table! { optional_64 { id -> BigInt, $($field -> Nullable<Text>,)+ } }

            model! {
                #[encrypt(table = "required", row = id, keyring = Keys, size = 4294967295, no_debug)]
                #[diesel(table_name = required)]
                pub struct Required {
                    pub id: i64,
                    $($(#[$attr])* $field: $type,)+
                }
            }

            model! {
                #[encrypt(table = "optional", row = id, keyring = Keys, size = 4294967295, no_debug)]
                #[diesel(table_name = optional, treat_none_as_null = true)]
                pub struct Optional {
                    pub id: i64,
                    $($(#[$attr])* $field: Option<$type>,)+
                }
            }

            model! {
                #[encrypt(table = "optional_64", row = id, keyring = Keys, size = 4294967295, base64, no_debug)]
                #[diesel(table_name = optional_64, treat_none_as_null = true)]
                pub struct Optional64 {
                    pub id: i64,
                    $($(#[$attr])* $field: Option<$type>,)+
                }
            }

            stores! { Required in required, Optional in optional, Optional64 in optional_64 }

            const FIELDS: &[&str] = &[$(stringify!($field)),+];

            fn required(id: i64) -> Required {
                Required { id, $($field: nth(id, vec![$($value),+]),)+ }
            }

            macro_rules! optional {
                ($Optional:ident) => {
                    impl Rows for $Optional {
                        fn some(id: i64) -> Self {
                            Self { id, $($field: Some(nth(id, vec![$($value),+])),)+ }
                        }

                        fn none(id: i64) -> Self {
                            Self { id, $($field: None,)+ }
                        }
                    }

                    exact!($Optional);
                };
            }

            macro_rules! exact {
                ($Model:ident) => {
                    impl Exactly for $Model {
                        fn exactly(&self, other: &Self) -> bool {
                            $(assert!(
                                self.$field.exactly(&other.$field),
                                "{} of row {}", stringify!($field), self.id
                            );)+
                            self.id == other.id
                        }
                    }
                };
            }

            exact!(Required);
            optional!(Optional);
            optional!(Optional64);

            pub fn $test<W, R>()
            where
                W: Client + Store<Required> + Store<Optional> + Store<Optional64>,
                R: Client<Database = W::Database> + Store<Required> + Store<Optional> + Store<Optional64>,
            {
                let most = [$([$(stringify!($value)),+].len()),+].into_iter().max().unwrap();
                let most = i64::try_from(most).unwrap();
                let mut world = World::<W>::with_table_of::<Required>();
                let rows: Vec<_> = (0..most).map(required).collect();
                assert_eq!(world.client.insert_many(&rows).unwrap(), rows.len());
                all_exactly(&rows, &R::connect(&world.database).load_all().unwrap());
                optional_rows::<Optional, W, R>(&mut world, most);
                optional_rows::<Optional64, W, R>(&mut world, most);
                assert_eq!(FIELDS.len(), Required::SCHEMA.columns.len());
            }
        }
    };
}

trait Rows: fieldseal::Model + Exactly {
    fn some(id: i64) -> Self;
    fn none(id: i64) -> Self;
}

fn all_exactly<M: Exactly>(written: &[M], read: &[M]) {
    assert_eq!(written.len(), read.len());
    assert!(written.iter().zip(read).all(|(written, read)| written.exactly(read)));
}

/// Values, then NULL in their place, then values again.
fn optional_rows<M, W, R>(world: &mut World<W>, most: i64)
where
    M: Rows,
    W: Store<M>,
    R: Client<Database = W::Database> + Store<M>,
{
    world.database.create_table::<M>(&[]);
    let mut reader = R::connect(&world.database);
    let mut check = |row: &M, id: i64| assert!(row.exactly(&reader.load(id).unwrap().unwrap()));
    for id in 0..most {
        let (some, none) = (M::some(id), M::none(id));
        assert_eq!(world.client.insert(&some).unwrap(), 1);
        check(&some, id);
        world.client.upsert(&none).unwrap();
        check(&none, id);
        let null = M::SCHEMA.columns.iter().map(|column| format!("{} IS NULL", column.sql_name()));
        let all_null = null.collect::<Vec<_>>().join(" AND ");
        let count = format!("SELECT count(*) FROM {} WHERE id = {id} AND {all_null}", M::SCHEMA.sql_table);
        assert_eq!(world.database.ask(&count).as_deref(), Some("1"));
        assert_eq!(world.client.update(&some).unwrap(), 1);
        check(&some, id);
    }
    assert_eq!(world.client.delete(0).unwrap(), 1);
    assert!(reader.load(0).unwrap().is_none());
}

fn nth<T>(row: i64, mut values: Vec<T>) -> T {
    let index = usize::try_from(row).unwrap() % values.len();
    values.swap_remove(index)
}

models! { numbers, numbers_are_exact:
    #[encrypt] flag: bool = [true, false],
    #[encrypt] tiny: i8 = [i8::MIN, -1, 0, i8::MAX],
    #[encrypt] short: i16 = [i16::MIN, -1, 0, i16::MAX],
    #[encrypt] int_: i32 = [i32::MIN, -1, 0, i32::MAX],
    #[encrypt] long_: i64 = [i64::MIN, -1, 0, i64::MAX],
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
    #[encrypt] double_: f64 = [-0.0, 0.1, f64::INFINITY, f64::from_bits(0xfff8_0000_0000_0001), 5e-324],
    #[encrypt] decimal_: Decimal = [
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
    #[encrypt] any_json: serde_json::Value = [
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
