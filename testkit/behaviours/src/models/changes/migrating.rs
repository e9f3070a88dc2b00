//! A column of text that is encrypted in place, as base64: plaintext of every sort is read until
//! then, damage is not, and writes are always sealed.

use crate::models::{Client, Database as _, Raw, Store, World, from_base64, to_base64};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use fieldseal::keyring::KeyringSource as _;
use fieldseal::keys::KeyId;
use fieldseal::{Column, ErrorKind, Model as _, Scope};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret as _, SecretString};
use testkit::test_keyring;
use uuid::Uuid;

test_keyring!(Keys, &[]);

macro_rules! legacy {
    ($($field:ident: $ty:ty $(, $attr:ident)* => |$value:ident| $shown:expr;)*) => {
        diesel::table! {
            legacy (id) {
                id -> BigInt,
                $($field -> Nullable<Text>,)*
            }
        }

        model! {
            /// What a program reads while it migrates.
            #[encrypt(table = "legacy", row = id, keyring = Keys, base64, size = 65535, migrating)]
            #[diesel(table_name = legacy, treat_none_as_null = true)]
            pub struct Legacy {
                pub id: i64,
                $(#[encrypt($($attr)*)] $field: Option<$ty>,)*
            }
        }

        model! {
            /// The same after the migration.
            #[encrypt(table = "legacy", row = id, keyring = Keys, base64, size = 65535)]
            #[diesel(table_name = legacy, treat_none_as_null = true)]
            pub struct Strict {
                pub id: i64,
                $(#[encrypt($($attr)*)] $field: Option<$ty>,)*
            }
        }

        stores! { Legacy in legacy, Strict in legacy }

        impl Legacy {
            fn empty(id: i64) -> Self {
                Self { id, $($field: None),* }
            }

            fn shown(&self, field: &str) -> String {
                match field {
                    $(stringify!($field) => self.$field.as_ref().map_or("NULL".into(), |$value| $shown),)*
                    _ => unreachable!("{field}"),
                }
            }
        }
    };
}

legacy! {
    text: String => |it| it.clone();
    bytes: Vec<u8> => |it| format!("{it:?}");
    secret: SecretString => |it| it.expose_secret().to_owned();
    flag: bool => |it| it.to_string();
    small: u8 => |it| it.to_string();
    number: i64 => |it| it.to_string();
    wide: i128 => |it| it.to_string();
    fraction: f64 => |it| format!("{it:?}");
    list: Vec<String>, json => |it| format!("{it:?}");
    key_id: Uuid => |it| it.to_string();
    amount: Decimal => |it| it.to_string();
    day: NaiveDate => |it| it.to_string();
    moment: NaiveDateTime => |it| it.to_string();
    utc: DateTime<Utc> => |it| it.to_string();
    t_day: time::Date => |it| it.to_string();
    t_utc: time::UtcDateTime => |it| it.to_string();
}

/// Column, the text that it holds, and what is read of it; `-` where it doesn't fit the type.
const PLAINTEXTS: &[(&str, &str, &str)] = &[
    ("text", "plain ✓", "plain ✓"),
    ("bytes", "ab", "[97, 98]"),
    ("bytes", "", "[]"),
    ("secret", "hunter2", "hunter2"),
    ("flag", "true", "true"),
    ("flag", "yes", "-"),
    ("small", "7", "7"),
    ("small", "256", "-"),
    ("small", "", "-"),
    ("number", "-9223372036854775808", "-9223372036854775808"),
    ("number", "7.0", "-"),
    ("number", "seven", "-"),
    ("wide", "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
    ("fraction", "2.5", "2.5"),
    ("fraction", "two", "-"),
    ("list", "[\"a\",\"b\"]", "[\"a\", \"b\"]"),
    ("list", "[1]", "-"),
    ("key_id", "01000000-0000-0000-0000-000000000007", "01000000-0000-0000-0000-000000000007"),
    ("key_id", "01", "-"),
    ("amount", "1.50", "1.50"),
    ("day", "2024-02-29", "2024-02-29"),
    ("day", "2023-02-29", "-"),
    ("moment", "2024-02-29 23:59:58", "2024-02-29 23:59:58"),
    ("utc", "2024-02-29T23:59:58+01:00", "2024-02-29 22:59:58 UTC"),
    ("utc", "1709251198", "-"),
    ("t_day", "2024-02-29", "2024-02-29"),
    ("t_utc", "2024-02-29 23:59:58", "2024-02-29 23:59:58.0 +00"),
];

/// What nobody may take for base64, or for a value that was sealed.
fn lookalikes() -> Vec<String> {
    let unknown = [&[1, 0, 0, 0, 7][..], &[0x20; 60]].concat();
    let mut texts = vec![to_base64(&unknown), to_base64(b"hello"), to_base64(&[1]), to_base64(&[0; 100])];
    texts.extend(
        [
            "",
            " ",
            "   leading",
            "trailing   ",
            "\t\r\n",
            "AQ==",
            "AQ",
            "====",
            "deadbeef",
            "NULL",
            "'",
            "\\x00",
            "%s",
            "\u{1}\u{1}\u{1}\u{1}\u{1} text that begins like a sealed value, and is as long as one",
            "\u{feff}bom",
            "e\u{301} and \u{e9}",
            "🦀\u{10ffff}\u{7f}",
            "ﷺ\u{202e}rtl",
        ]
        .map(str::to_owned),
    );
    texts.push("long ".repeat(4_000));
    texts
}

fn column(field: &str) -> &'static Column {
    Legacy::SCHEMA.column(field).unwrap()
}

impl<C: Store<Legacy> + Store<Strict>> World<C> {
    fn legacy() -> Self {
        let mut world = Self::with_table_of::<Legacy>();
        world.database.execute("INSERT INTO legacy (id) VALUES (1)");
        world
    }

    fn set(&mut self, field: &str, value: &Raw) {
        self.database.put(&Legacy::SCHEMA, column(field), 1, value);
    }

    fn read_legacy(&mut self, field: &str) -> Result<String, ErrorKind> {
        match Store::<Legacy>::load(&mut self.client, 1) {
            Ok(legacy) => Ok(legacy.unwrap().shown(field)),
            Err(failed) => {
                let refusal = failed.refusal();
                assert_eq!(refusal.place(), ("legacy", field));
                Err(refusal.error.kind().clone())
            }
        }
    }

    fn read_strictly(&mut self, field: &str) -> Option<ErrorKind> {
        let refusal = Store::<Strict>::load(&mut self.client, 1).err()?.refusal();
        assert_eq!(refusal.place(), ("legacy", field));
        Some(refusal.error.kind().clone())
    }
}

pub fn plaintext_of_every_type_is_read_only_while_migrating<C: Client + Store<Legacy> + Store<Strict>>() {
    let mut world = World::<C>::legacy();
    for (field, text, expected) in PLAINTEXTS {
        world.set(field, &Raw::text(text));
        let expected = if *expected == "-" { Err(ErrorKind::NotSealed) } else { Ok((*expected).to_owned()) };
        assert_eq!(world.read_legacy(field), expected, "{field} = {text}");
        assert_eq!(world.read_strictly(field), Some(ErrorKind::NotSealed), "{field} = {text}");
        world.set(field, &Raw::Null);
        assert_eq!(world.read_legacy(field).unwrap(), "NULL");
    }
    let covered: std::collections::HashSet<_> = PLAINTEXTS.iter().map(|(field, ..)| *field).collect();
    assert_eq!(covered.len(), Legacy::SCHEMA.columns.len());
}

pub fn plaintext_that_looks_like_something_else_is_read_as_it_is<C: Client + Store<Legacy> + Store<Strict>>() {
    let mut world = World::<C>::legacy();
    for text in lookalikes() {
        let value = Raw::Text(text.clone());
        let refused = C::Database::DIALECT.kind_of(column("text"), &value);
        for field in ["text", "secret"] {
            world.set(field, &value);
            assert_eq!(world.read_legacy(field), Ok(text.clone()));
            assert_eq!(world.read_strictly(field), Some(refused.clone()), "{text}");
            world.set(field, &Raw::Null);
        }
        world.set("bytes", &value);
        assert_eq!(world.read_legacy("bytes"), Ok(format!("{:?}", text.as_bytes())));
        world.set("bytes", &Raw::Null);
    }
}

fn sealed_row() -> Legacy {
    Legacy { text: Some("text".into()), bytes: Some(vec![7; 9]), number: Some(-5), ..Legacy::empty(2) }
}

pub fn damage_under_a_known_key_is_refused_while_migrating_too<C: Client + Store<Legacy> + Store<Strict>>() {
    let mut world = World::<C>::legacy();
    Store::<Legacy>::insert(&mut world.client, &sealed_row()).unwrap();
    for field in ["text", "bytes", "number"] {
        let stored = world.database.raw(&Legacy::SCHEMA, column(field), 2).unwrap();
        let whole = from_base64(&stored).unwrap();
        world.set(field, &Raw::stored(column(field), stored));
        assert_eq!(world.read_legacy(field), Err(ErrorKind::Rejected), "{field} of another row");
        for bit in (5 * 8..whole.len() * 8).step_by(C::step(column(field))) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            world.set(field, &Raw::sealed(column(field), &flipped));
            assert_eq!(world.read_legacy(field), Err(ErrorKind::Rejected), "{field} bit {bit}");
        }
        world.set(field, &Raw::Null);
    }
    // Nobody's plaintext is base64 of a value under a key that the program has.
    let known: KeyId = Keys::keyring().unwrap().primary(&Scope::APPLICATION).unwrap();
    let forged = [&[1][..], &known.get().to_be_bytes(), &[0x20; 60]].concat();
    world.set("text", &Raw::Text(to_base64(&forged)));
    assert_eq!(world.read_legacy("text"), Err(ErrorKind::Rejected));
}

pub fn writes_are_sealed_while_migrating_too<C: Client + Store<Legacy> + Store<Strict>>() {
    let mut world = World::<C>::legacy();
    for (field, text, expected) in PLAINTEXTS.iter().filter(|(.., expected)| *expected != "-") {
        world.set(field, &Raw::text(text));
        let mut seen = vec![];
        for upsert in [false, true] {
            let row: Legacy = world.client.load(1).unwrap().unwrap();
            if upsert {
                world.client.upsert(&row).unwrap()
            } else {
                world.client.update(&row).map(drop).unwrap()
            }
            seen.push(world.database.raw(&Legacy::SCHEMA, column(field), 1).unwrap());
            let sealed = from_base64(&seen[seen.len() - 1]).unwrap();
            assert!(sealed[0] == 1 && sealed.len() >= 45, "{field} is sealed");
        }
        assert_ne!(seen[0], seen[1]);
        assert_eq!(world.read_legacy(field).unwrap(), *expected);
        assert_eq!(world.read_strictly(field), None);
        world.set(field, &Raw::Null);
    }
}

pub fn a_column_is_encrypted_in_place<C: Client + Store<Legacy> + Store<Strict>>() {
    let mut world = World::<C>::with_table_of::<Legacy>();
    let texts = lookalikes();
    for (id, text) in (1..).zip(&texts) {
        let literal = C::Database::DIALECT.literal(&Raw::Text(text.clone()));
        world.database.execute(&format!("INSERT INTO legacy (id, text) VALUES ({id}, {literal})"));
    }
    let sealed = |world: &mut World<C>| Store::<Strict>::load_all(&mut world.client);
    assert!(sealed(&mut world).is_err());
    let rows: Vec<Legacy> = world.client.load_all().unwrap();
    for row in &rows {
        assert_eq!(world.client.update(row).unwrap(), 1);
    }
    let read: Vec<_> = sealed(&mut world).unwrap().into_iter().map(|row| row.text.unwrap()).collect();
    assert_eq!(read, texts);
}

diesel::table! {
    legacy_bytes (id) {
        id -> BigInt,
        data -> Nullable<Binary>,
    }
}

model! {
    #[encrypt(table = "legacy_bytes", row = id, keyring = Keys, size = 65535, migrating)]
    #[diesel(table_name = legacy_bytes, treat_none_as_null = true)]
    pub struct LegacyBytes {
        pub id: i64,
        #[encrypt]
        data: Option<Vec<u8>>,
    }
}

model! {
    #[encrypt(table = "legacy_bytes", row = id, keyring = Keys, size = 65535)]
    #[diesel(table_name = legacy_bytes, treat_none_as_null = true)]
    pub struct StrictBytes {
        pub id: i64,
        #[encrypt]
        data: Option<Vec<u8>>,
    }
}

stores! { LegacyBytes in legacy_bytes, StrictBytes in legacy_bytes }

/// A column of bytes needs no other type to be encrypted in place.
pub fn plaintext_bytes_are_read_only_while_migrating<C: Client + Store<LegacyBytes> + Store<StrictBytes>>() {
    let mut world = World::<C>::with_table_of::<LegacyBytes>();
    let column = &LegacyBytes::SCHEMA.columns[0];
    let unknown = [&[1, 0, 0, 0, 7][..], &[0x20; 60]].concat();
    let plaintexts = [vec![], vec![0, 255], vec![1], b"AQ==".to_vec(), vec![0xFF; 20_000], unknown];
    for (id, plaintext) in (1..).zip(&plaintexts) {
        let value = Raw::Bytes(plaintext.clone());
        let literal = C::Database::DIALECT.literal(&value);
        world.database.execute(&format!("INSERT INTO legacy_bytes (id, data) VALUES ({id}, {literal})"));
        let refusal = Store::<StrictBytes>::load(&mut world.client, id).map(drop).unwrap_err().refusal();
        assert_eq!(*refusal.error.kind(), C::Database::DIALECT.kind_of(column, &value), "{plaintext:?}");
        let row: LegacyBytes = world.client.load(id).unwrap().unwrap();
        assert_eq!(row.data.as_ref(), Some(plaintext));
        assert_eq!(world.client.update(&row).unwrap(), 1);
        let row: StrictBytes = world.client.load(id).unwrap().unwrap();
        assert_eq!(row.data.as_ref(), Some(plaintext));
    }
    let known = Keys::keyring().unwrap().primary(&Scope::APPLICATION).unwrap();
    let damaged = [&[1][..], &known.get().to_be_bytes(), &[0x20; 60]].concat();
    world.database.put(&LegacyBytes::SCHEMA, column, 1, &Raw::Bytes(damaged));
    let refusal = Store::<LegacyBytes>::load(&mut world.client, 1).map(drop).unwrap_err().refusal();
    assert_eq!((refusal.place(), refusal.error.kind()), (("legacy_bytes", "data"), &ErrorKind::Rejected));
}
