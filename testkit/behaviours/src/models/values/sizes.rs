//! How large a column must be, and what happens where it's smaller: the database refuses, or
//! fieldseal does before it's asked, and nothing is ever cut.

use crate::models::{Client, Database, Dialect, Store, World};
use fieldseal::{Column, ErrorKind, Model};
use testkit::test_keyring;

test_keyring!(Keys, &[]);

/// Every suite, plain, padded and with hidden NULL, as bytes and as base64: the same fields with
/// three sorts of sizes.
macro_rules! sizes {
    ($($field:ident: $type:ident($($attrs:tt)*) of $size:literal;)+) => {
        diesel::table! { sizes (id) { id -> BigInt, $($field -> Nullable<$type>,)+ } }

        sizes! { Loose (size = 4294967295) $($field ($($attrs)*);)+ }
        sizes! { Tight () $($field ($($attrs)*, size = $size);)+ }
        sizes! { Unsized () $($field ($($attrs)*);)+ }
    };
    ($Model:ident ($($size:tt)*) $($field:ident ($($attrs:tt)*);)+) => {
        model! {
            #[derive(Debug, Clone, PartialEq)]
            #[encrypt(table = "sizes", row = id, keyring = Keys, no_debug)]
            #[encrypt($($size)*)]
            #[diesel(table_name = sizes, treat_none_as_null = true)]
            pub struct $Model {
                pub id: i64,
                $(#[encrypt($($attrs)*)] $field: Option<Vec<u8>>,)+
            }
        }

        impl Sizes for $Model {
            fn new(id: i64, mut value: impl FnMut(&Column) -> Option<Vec<u8>>) -> Self {
                Self { id, $($field: value(Self::SCHEMA.column(stringify!($field)).unwrap()),)+ }
            }
        }

        stores! { $Model in sizes }
    };
}

trait Sizes: Model + Clone + PartialEq + std::fmt::Debug {
    fn new(id: i64, value: impl FnMut(&Column) -> Option<Vec<u8>>) -> Self;

    /// Every column has a value of that length.
    fn full(id: i64, len: usize) -> Self {
        Self::new(id, |_| Some(vec![7; len]))
    }

    /// Only that column has one.
    fn only(id: i64, column: &Column, len: usize) -> Self {
        Self::new(id, |other| (other.name() == column.name()).then(|| vec![7; len]))
    }
}

sizes! {
    xaes_plain: Binary(suite = "xaes-256-gcm") of 65;
    xaes_plain_64: Text(suite = "xaes-256-gcm", base64) of 88;
    xaes_padded: Binary(suite = "xaes-256-gcm", pad = 16) of 77;
    xaes_padded_64: Text(suite = "xaes-256-gcm", pad = 16, base64) of 104;
    xaes_hidden: Binary(suite = "xaes-256-gcm", pad = 16, hide_null) of 77;
    xaes_hidden_64: Text(suite = "xaes-256-gcm", pad = 16, hide_null, base64) of 104;
    xchacha_plain: Binary(suite = "xchacha20-poly1305") of 65;
    xchacha_plain_64: Text(suite = "xchacha20-poly1305", base64) of 88;
    xchacha_padded: Binary(suite = "xchacha20-poly1305", pad = 16) of 77;
    xchacha_padded_64: Text(suite = "xchacha20-poly1305", pad = 16, base64) of 104;
    xchacha_hidden: Binary(suite = "xchacha20-poly1305", pad = 16, hide_null) of 77;
    xchacha_hidden_64: Text(suite = "xchacha20-poly1305", pad = 16, hide_null, base64) of 104;
    gcm_plain: Binary(suite = "aes-256-gcm") of 53;
    gcm_plain_64: Text(suite = "aes-256-gcm", base64) of 72;
    gcm_padded: Binary(suite = "aes-256-gcm", pad = 16) of 65;
    gcm_padded_64: Text(suite = "aes-256-gcm", pad = 16, base64) of 88;
    gcm_hidden: Binary(suite = "aes-256-gcm", pad = 16, hide_null) of 65;
    gcm_hidden_64: Text(suite = "aes-256-gcm", pad = 16, hide_null, base64) of 88;
    siv_plain: Binary(suite = "aes-256-siv", unbound_row) of 41;
    siv_plain_64: Text(suite = "aes-256-siv", unbound_row, base64) of 56;
    siv_padded: Binary(suite = "aes-256-siv", unbound_row, pad = 16) of 53;
    siv_padded_64: Text(suite = "aes-256-siv", unbound_row, pad = 16, base64) of 72;
    siv_hidden: Binary(suite = "aes-256-siv", unbound_row, pad = 16, hide_null) of 53;
    siv_hidden_64: Text(suite = "aes-256-siv", unbound_row, pad = 16, hide_null, base64) of 72;
}

/// A table whose columns hold exactly what `size` says.
fn table<C: Client, M: Model>(size: impl Fn(&Column) -> usize) -> World<C> {
    World::new(|database: &mut C::Database| {
        let sql_type = |column: &Column| C::Database::DIALECT.exact_type(column, size(column));
        database.execute(&C::Database::DIALECT.create_table_of(&M::SCHEMA, &[], sql_type));
    })
}

pub fn size_for_is_exactly_what_the_database_needs<C: Client + Store<Loose>>() {
    // On both sides of where padding takes another block.
    for len in [20, 30, 31, 32] {
        let mut enough = table::<C, Loose>(|column| column.size_for(len));
        let (full, empty) = (Loose::full(1, len), Loose::new(2, |_| None));
        assert_eq!(enough.client.insert_many(&[full.clone(), empty.clone()]).unwrap(), 2);
        assert_eq!(enough.client.load_all().unwrap(), [full, empty]);

        let mut short = table::<C, Loose>(|column| column.size_for(len) - 1);
        for column in Loose::SCHEMA.columns {
            let failed = short.client.insert(&Loose::only(1, column, len)).expect_err(column.name());
            assert_eq!(failed.error, None, "the database refuses it: {}", failed.printed);
        }
        assert_eq!(short.database.count("sizes"), 0);
    }
}

pub fn what_is_too_long_for_its_declared_size_is_refused_before_it_is_written<C: Client + Store<Tight>>() {
    for strict in [true, false] {
        let mut world = table::<C, Tight>(|column| column.size().unwrap() as usize);
        relax(&mut world, strict);
        let one = Tight::full(1, 20);
        assert_eq!(world.client.insert(&one).unwrap(), 1);
        for column in Tight::SCHEMA.columns {
            let size = column.size().unwrap() as usize;
            assert_eq!(size, column.size_for(20));
            let longest = (20..).take_while(|len| column.size_for(*len) <= size).last().unwrap();
            let (fits, long) = (Tight::only(2, column, longest), Tight::only(3, column, longest + 1));
            assert_eq!(world.client.insert(&fits).unwrap(), 1);
            assert_eq!(world.client.load(2).unwrap().unwrap(), fits);
            let base64 = column.is_base64();
            let needs = column.size_for(longest + 1);
            let kind = ErrorKind::TooLongForColumn { needs, size: column.size().unwrap(), base64 };
            let batch = [Tight::full(4, 20), long.clone(), Tight::full(5, 20)];
            for result in [
                world.client.insert(&long),
                world.client.insert_many(&batch),
                world.client.update(&Tight { id: 1, ..long.clone() }),
                world.client.upsert(&Tight { id: 1, ..long.clone() }).map(|()| 1),
            ] {
                let refusal = result.unwrap_err().refusal();
                assert_eq!((refusal.place(), refusal.error.kind()), (("sizes", column.name()), &kind));
            }
            assert_eq!(world.client.delete(2).unwrap(), 1);
        }
        assert_eq!(world.client.load_all().unwrap(), [one]);
    }
}

/// Only MySQL could cut it, and only there it's refused.
pub fn without_a_declared_size_nothing_is_written_where_it_could_be_cut<C: Client + Store<Unsized>>() {
    for strict in [true, false] {
        let mut world = World::<C>::with_table_of::<Unsized>();
        relax(&mut world, strict);
        // A hidden NULL is a value like any other.
        let mut visible = Unsized::SCHEMA.columns.iter().filter(|column| !column.hides_null());
        let rows = [Unsized::full(1, 20), Unsized::full(2, 20)];
        if World::<C>::dialect() != Dialect::Mysql {
            assert_eq!(world.client.insert_many(&rows).unwrap(), 2);
            assert_eq!(world.client.load_all().unwrap(), rows);
            continue;
        }
        for column in visible.by_ref() {
            let only = Unsized::only(1, column, 20);
            for result in [
                world.client.insert(&only),
                world.client.insert_many(&[only.clone(), rows[1].clone()]),
                world.client.upsert(&only).map(|()| 1),
            ] {
                let refusal = result.unwrap_err().refusal();
                assert_eq!(*refusal.error.kind(), ErrorKind::SizeUnknown);
                assert_eq!(refusal.place().0, "sizes");
            }
        }
        assert_eq!(world.database.count("sizes"), 0);
        let refusal = world.client.insert(&Unsized::new(1, |_| None)).unwrap_err().refusal();
        assert_eq!((refusal.place().1, refusal.error.kind()), ("xaes_hidden", &ErrorKind::SizeUnknown));
    }
}

diesel::table! {
    bare (id) {
        id -> BigInt,
        data -> Nullable<Binary>,
        text -> Nullable<Text>,
    }
}

model! {
    #[derive(Debug, Clone, PartialEq)]
    #[encrypt(table = "bare", row = id, keyring = Keys, no_debug)]
    #[diesel(table_name = bare, treat_none_as_null = true)]
    pub struct Bare {
        pub id: i64,
        #[encrypt]
        data: Option<Vec<u8>>,
        #[encrypt(base64)]
        text: Option<String>,
    }
}

stores! { Bare in bare }

pub fn null_needs_no_size<C: Client + Store<Bare>>() {
    for strict in [true, false] {
        let mut world = World::<C>::with_table_of::<Bare>();
        relax(&mut world, strict);
        let null = |id| Bare { id, data: None, text: None };
        let rows = [null(1), null(2), null(3)];
        assert_eq!(world.client.insert(&rows[0]).unwrap(), 1);
        assert_eq!(world.client.insert_many(&rows[1..]).unwrap(), 2);
        world.client.upsert(&rows[1]).unwrap();
        world.client.update(&rows[2]).unwrap();
        assert_eq!(world.client.load_all().unwrap(), rows);
        // A value among them is refused with all of them.
        let valued = Bare { id: 5, data: None, text: Some("x".into()) };
        let batch = world.client.insert_many(&[null(4), valued, null(6)]);
        if World::<C>::dialect() == Dialect::Mysql {
            let refusal = batch.unwrap_err().refusal();
            assert_eq!((refusal.place(), refusal.error.kind()), (("bare", "text"), &ErrorKind::SizeUnknown));
            assert_eq!(world.client.load_all().unwrap(), rows);
        } else {
            assert_eq!(batch.unwrap(), 3);
        }
    }
}

/// The column is smaller than the model says: without strict mode MySQL cuts the value, and then it
/// doesn't open.
pub fn a_size_that_the_model_has_wrong_is_noticed<C: Client + Store<Loose>>() {
    for column in Loose::SCHEMA.columns.iter().step_by(5) {
        let mut world = table::<C, Loose>(|column| column.size_for(20) - 1);
        relax(&mut world, false);
        let written = world.client.insert(&Loose::only(1, column, 20));
        if World::<C>::dialect() == Dialect::Mysql {
            assert_eq!(written.unwrap(), 1, "MySQL says nothing");
            let refusal = world.client.load(1).unwrap_err().refusal();
            assert!(matches!(refusal.error.kind(), ErrorKind::Rejected | ErrorKind::NotSealed), "{refusal:?}");
            assert_eq!(refusal.place(), ("sizes", column.name()));
        } else {
            assert_eq!(written.unwrap_err().error, None, "the database refuses it");
        }
    }
}

fn relax<C: Client>(world: &mut World<C>, strict: bool) {
    if let (false, Some(sql)) = (strict, World::<C>::dialect().without_strictness()) {
        world.client.execute(sql);
    }
}
