//! What padding and hidden NULLs keep from whoever reads the database.

use crate::models::{Client, Database as _, Raw, Store, World};
use fieldseal::{ErrorKind, Model as _};
use testkit::test_keyring;

test_keyring!(Keys, &[]);

diesel::table! {
    hidden (id) {
        id -> BigInt,
        text -> Binary,
        number -> Nullable<Binary>,
        list -> Binary,
        padded -> Binary,
        text_64 -> Text,
        number_64 -> Nullable<Text>,
    }
}

model! {
    #[derive(Debug, Clone, PartialEq)]
    #[encrypt(table = "hidden", row = id, keyring = Keys, size = 255, no_debug)]
    #[diesel(table_name = hidden)]
    pub struct Hidden {
        pub id: i64,
        #[encrypt(pad = 32, hide_null)]
        text: Option<String>,
        #[encrypt(pad = 16, hide_null)]
        number: Option<i64>,
        #[encrypt(json, pad = 32, hide_null)]
        list: Option<Vec<u8>>,
        #[encrypt(pad = 64)]
        padded: String,
        #[encrypt(pad = 32, hide_null, base64)]
        text_64: Option<String>,
        #[encrypt(pad = 16, hide_null, base64)]
        number_64: Option<i64>,
    }
}

stores! { Hidden in hidden }

fn hidden(id: i64, text: Option<&str>, number: Option<i64>, list: Option<Vec<u8>>, padded: &str) -> Hidden {
    let [text, text_64] = [text.map(str::to_owned), text.map(str::to_owned)];
    Hidden { id, text, number, list, padded: padded.to_owned(), text_64, number_64: number }
}

pub fn neither_nulls_nor_lengths_are_seen<C: Client + Store<Hidden>>() {
    let mut world = World::<C>::with_table_of::<Hidden>();
    let rows = [
        hidden(1, None, None, None, ""),
        hidden(2, Some(""), Some(0), Some(vec![]), &"x".repeat(63)),
        hidden(3, Some(&"y".repeat(30)), Some(i64::MIN), Some(vec![1]), "z"),
    ];
    for row in &rows {
        assert_eq!(world.client.insert(row).unwrap(), 1);
    }
    assert_eq!(world.client.load_all().unwrap(), rows);
    let lengths =
        [32 + 45, 16 + 45, 32 + 45, 64 + 45, (32_usize + 45).div_ceil(3) * 4, (16_usize + 45).div_ceil(3) * 4];
    for id in 1..=3 {
        let stored = Hidden::SCHEMA
            .columns
            .iter()
            .map(|column| world.database.raw(&Hidden::SCHEMA, column, id).expect("a hidden NULL is no NULL").len());
        assert_eq!(stored.collect::<Vec<_>>(), lengths, "row {id}");
    }
    let longer = Hidden::seal_padded(&1, &"x".repeat(64)).into_bytes().unwrap().unwrap();
    assert_eq!(longer.len(), 128 + 45, "one byte more takes another block");

    // A visible NULL was put there by somebody else.
    for column in Hidden::SCHEMA.columns {
        let whole = world.database.raw(&Hidden::SCHEMA, column, 1).unwrap();
        world.database.put(&Hidden::SCHEMA, column, 1, &Raw::Null);
        let refusal = world.client.load(1).unwrap_err().refusal();
        assert_eq!((refusal.place().1, refusal.error.kind()), (column.name(), &ErrorKind::UnexpectedNull));
        world.database.put(&Hidden::SCHEMA, column, 1, &Raw::stored(column, whole));
    }
    assert_eq!(world.client.load_all().unwrap(), rows);
}
