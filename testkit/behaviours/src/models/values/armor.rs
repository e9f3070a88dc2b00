//! Columns of base64: one text a value and no other, in every type of text that the databases have.

use crate::models::vault::{Vault, columns, row, shown};
use crate::models::{Client, Database, Dialect, Raw, Store, World, from_base64};
use fieldseal::value::SealedValue;
use fieldseal::{Column, ErrorKind, Model as _};
use testkit::test_keyring;

test_keyring!(Keys, &[]);

fn armored() -> impl Iterator<Item = &'static Column> {
    columns().iter().filter(|column| column.is_base64())
}

fn text_of<C: Client + Store<Vault>>(world: &mut World<C>, column: &Column) -> String {
    String::from_utf8(world.stored(column, 1)).unwrap()
}

/// The same text with one character replaced.
fn with(text: &str, at: usize, char: char) -> String {
    text.char_indices().map(|(place, old)| if place == at { char } else { old }).collect()
}

pub fn base64_that_is_not_exactly_that_of_the_value_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for column in armored() {
        let text = text_of(&mut world, column);
        let sealed = from_base64(text.as_bytes()).unwrap();
        let middle = text.len() / 2;
        let mut damaged = vec![
            format!(" {text}"),
            format!("{text} "),
            format!("{text}\n"),
            format!("{text}\t"),
            format!("{}\r\n{}", &text[..middle], &text[middle..]),
            format!("{} {}", &text[..middle], &text[middle..]),
            format!("{text}="),
            format!("{text}===="),
            format!("{text}A"),
            format!("={text}"),
            with(&text, middle, '='),
            with(&text, middle, '-'),
            with(&text, middle, '_'),
            with(&text, middle, '.'),
            with(&text, middle, '\u{e9}'),
            with(&text, middle, '\u{ff21}'),
            format!("data:;base64,{text}"),
            format!("\\x{}", hex::encode(&sealed)),
            hex::encode_upper(&sealed) + "=",
        ];
        // Lengths that base64 doesn't have.
        damaged.extend((1..4).map(|less| text[..text.len() - less].to_owned()));
        if let Some(unpadded) = text.strip_suffix('=') {
            damaged.push(unpadded.to_owned());
            damaged.push(unpadded.trim_end_matches('=').to_owned());
            // The bits behind the last byte are zero.
            let last = unpadded.trim_end_matches('=').len() - 1;
            let digit = text.as_bytes()[last];
            assert!(b"AEIMQUYcgkosw048".contains(&digit), "{}", char::from(digit));
            damaged.push(with(&text, last, char::from(digit + 1)));
        }
        for text in &damaged {
            world.refuse(column, &Raw::text(text), &[ErrorKind::NotSealed]);
        }
        world.put(column, 1, &Raw::text(&text));
        assert_eq!(world.read(1), Ok(shown(&row(1, 1)).unwrap()));
    }
}

/// What decodes to other bytes is damage like any other.
pub fn base64_of_other_bytes_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for column in armored() {
        let text = text_of(&mut world, column);
        let changed = |change: fn(char) -> char| text.chars().map(change).collect::<String>();
        let other_case = changed(|char| match char.is_ascii_uppercase() {
            true => char.to_ascii_lowercase(),
            false => char.to_ascii_uppercase(),
        });
        let mut others = vec![changed(|char| char.to_ascii_uppercase()), changed(|char| char.to_ascii_lowercase())];
        others.extend([other_case, text.chars().rev().collect(), format!("{text}{text}")]);
        // A letter's case, in every place that has a letter.
        for (at, char) in text.char_indices().step_by(C::step(column)) {
            others.push(with(&text, at, if char.is_ascii_uppercase() { 'a' } else { 'A' }));
        }
        // Whole groups of four are whole bytes.
        others.extend((0..text.len() / 4).map(|groups| text[..groups * 4].to_owned()));
        for other in others.iter().filter(|other| **other != text) {
            world.put(column, 1, &Raw::text(other));
            let refusal = world.read_printed(1).expect_err(other);
            let expected = match Dialect::Sqlite.kind_of(column, &Raw::text(other)) {
                ErrorKind::UnknownKey(id) if sealed_under(&text, id) => ErrorKind::Rejected,
                kind => kind,
            };
            assert_eq!(*refusal.error.kind(), expected, "{} in {}", other, column.name());
            assert_eq!(refusal.place(), ("vault", column.name()));
        }
        world.put(column, 1, &Raw::text(&text));
    }
}

fn sealed_under(text: &str, id: fieldseal::keys::KeyId) -> bool {
    from_base64(text.as_bytes()).unwrap()[1..5] == id.get().to_be_bytes()
}

pub fn plaintext_in_base64_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for column in armored() {
        for plaintext in
            ["", "AQ==", "c29tZSBwbGFpbnRleHQgdGhhdCB3YXMgbmV2ZXIgc2VhbGVkLCBhbmQgaXMgbG9uZyBlbm91Z2g="]
        {
            world.refuse(column, &Raw::text(plaintext), &[ErrorKind::NotSealed]);
        }
        let whole = Vault { ..row(1, 1) };
        world.client.update(&whole).unwrap();
        assert_eq!(world.read(1), Ok(shown(&whole).unwrap()), "and can be overwritten");
    }
}

diesel::table! {
    armored (id) {
        id -> BigInt,
        xaes -> Text,
        xchacha -> Nullable<Text>,
        gcm -> Text,
        siv -> Text,
        padded -> Text,
    }
}

model! {
    #[derive(Debug, Clone, PartialEq)]
    #[encrypt(table = "armored", row = id, keyring = Keys, base64, size = 200, no_debug)]
    #[diesel(table_name = armored, treat_none_as_null = true)]
    pub struct Armored {
        pub id: i64,
        #[encrypt]
        xaes: String,
        #[encrypt(suite = "xchacha20-poly1305")]
        xchacha: Option<Vec<u8>>,
        #[encrypt(suite = "aes-256-gcm")]
        gcm: i64,
        #[encrypt(suite = "aes-256-siv", unbound_row)]
        siv: String,
        #[encrypt(pad = 32, hide_null)]
        padded: Option<String>,
    }
}

stores! { Armored in armored find siv }

fn armored_row(id: i64) -> Armored {
    Armored {
        id,
        xaes: "xaes ✓ ".repeat(usize::try_from(id).unwrap()),
        xchacha: (id % 2 == 0).then(|| vec![255, 0]),
        gcm: -id,
        siv: format!("{id}@example.org"),
        padded: (id % 3 == 0).then(String::new),
    }
}

pub fn every_type_of_text_keeps_base64<C: Client + Store<Armored>>() {
    for sql_type in World::<C>::dialect().text_types() {
        let mut world = World::<C>::new(|database: &mut C::Database| {
            database.prepare_text_type(sql_type);
            let sql = C::Database::DIALECT.create_table_of(&Armored::SCHEMA, &[], |_| (*sql_type).to_owned());
            database.execute(&sql);
        });
        let rows: Vec<_> = (1..=6).map(armored_row).collect();
        assert_eq!(world.client.insert_many(&rows).unwrap(), 6, "{sql_type}");
        assert_eq!(world.client.load_all().unwrap(), rows, "{sql_type}");
        let changed = Armored { id: 2, ..armored_row(3) };
        assert_eq!(world.client.update(&changed).unwrap(), 1);
        world.client.upsert(&Armored { id: 4, ..armored_row(5) }).unwrap();
        let changed = [rows[0].clone(), changed, rows[2].clone(), Armored { id: 4, ..armored_row(5) }];
        assert_eq!(world.client.load_all().unwrap()[..4], changed, "{sql_type}");
        let found = world.client.find("siv", &Armored::seal_siv_under_each_key("3@example.org"));
        assert_eq!(found.unwrap(), [2, 3], "{sql_type}");
        let nobody: Vec<SealedValue> = Armored::seal_siv_under_each_key("7@example.org");
        assert_eq!(world.client.find("siv", &nobody).unwrap(), [0_i64; 0], "{sql_type}");
    }
}
