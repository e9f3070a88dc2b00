//! What a value is bound to: rows that integers, text, bytes, UUIDs or several of them identify,
//! and tenants of each kind. Every library and every database gives the same row the same binding.

use crate::models::{Client, Database, Key, Raw, Store, World};
use fieldseal::keyring::KeyringSource as _;
use fieldseal::value::{SealedValue, StoredBytes, StoredValue};
use fieldseal::{Column, Error, ErrorKind, Model, Scope};
use testkit::test_keyring;
use uuid::Uuid;

test_keyring!(Keys, &[]);

/// A model whose values are bound to more than its primary key.
pub trait Bound: Model {
    /// Columns that the values are bound to, and another value for each, in the database's SQL.
    fn bound_to(dialect: crate::models::Dialect) -> Vec<(&'static str, String)>;

    fn new(id: i64) -> Self;

    /// What [`Self::new`] has in its sealed columns.
    fn texts(&self) -> [&str; 2];

    /// The same row's values, sealed by themselves.
    fn sealed(&self) -> [SealedValue; 2];

    /// A stored value, opened by itself.
    fn open(&self, column: usize, stored: &StoredBytes) -> Result<String, Error>;

    fn scope(&self) -> Scope;

    /// Columns whose type isn't the usual one of their kind.
    fn plain() -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

macro_rules! bound {
    (
        $Model:ident in $table:ident $name:literal, row = $row:tt, scope = $scope:ident,
        table: { $($column:ident -> $Sql:ident,)+ }
        fields: { $($field:ident: $Type:ty = $value:expr;)+ }
        seal: ($($part:ident),*), plain: $plain:expr, other: |$dialect:ident| $other:expr
    ) => {
        diesel::table! {
            $table (id) {
                id -> BigInt,
                $($column -> $Sql,)+
                note -> Binary,
                note_64 -> Text,
            }
        }

        model! {
            #[derive(Debug, Clone, PartialEq)]
            #[encrypt(table = $name, row = $row, scope = $scope, keyring = Keys, size = 255, no_debug)]
            #[diesel(table_name = $table)]
            pub struct $Model {
                pub id: i64,
                $($field: $Type,)+
                #[encrypt]
                note: String,
                #[encrypt(base64, suite = "xchacha20-poly1305")]
                note_64: String,
            }
        }

        impl Bound for $Model {
            fn bound_to($dialect: $crate::models::Dialect) -> Vec<(&'static str, String)> {
                $other
            }

            fn new(id: i64) -> Self {
                let [note, note_64] = [format!("note {id}"), format!("note {id} in base64")];
                Self { id, $($field: ($value)(id),)+ note, note_64 }
            }

            fn texts(&self) -> [&str; 2] {
                [&self.note, &self.note_64]
            }

            fn sealed(&self) -> [SealedValue; 2] {
                [
                    Self::seal_note(&self.$scope, $(&self.$part,)* &self.note),
                    Self::seal_note_64(&self.$scope, $(&self.$part,)* &self.note_64),
                ]
            }

            fn open(&self, column: usize, stored: &StoredBytes) -> Result<String, Error> {
                match column {
                    0 => Self::open_note(&self.$scope, $(&self.$part,)* stored),
                    _ => Self::open_note_64(&self.$scope, $(&self.$part,)* stored),
                }
            }

            fn scope(&self) -> Scope {
                Scope::tenant(&self.$scope).unwrap()
            }

            fn plain() -> &'static [(&'static str, &'static str)] {
                $plain
            }
        }
    };
}

bound! {
    ByInteger in by_integer "by_integer", row = small, scope = org,
    table: { small -> Integer, org -> BigInt, }
    fields: { small: i32 = |id: i64| i32::try_from(-id).unwrap(); org: i64 = |_| i64::MIN; }
    seal: (small), plain: &[("small", "INTEGER")],
    other: |_dialect| vec![("small", "7".into()), ("org", "8".into())]
}

bound! {
    ByText in by_text "by_text", row = name, scope = org,
    table: { name -> Text, org -> Text, }
    fields: { name: String = |id: i64| format!("Żółć {id} 🦀"); org: String = |_| "Øst".to_owned(); }
    seal: (name), plain: &[],
    other: |_dialect| vec![("name", "'Żółć 1'".into()), ("org", "'Ost'".into())]
}

bound! {
    ByBytes in by_bytes "by_bytes", row = hash, scope = org,
    table: { hash -> Binary, org -> Text, }
    fields: { hash: Vec<u8> = |id: i64| vec![0, 255, u8::try_from(id).unwrap(), 0]; org: String = |_| "0".to_owned(); }
    seal: (hash), plain: &[],
    other: |dialect| vec![
        ("hash", dialect.literal(&Raw::Bytes(vec![0, 255, 1]))),
        ("org", "'00'".into()),
    ]
}

/// With UUIDs as the database has them.
macro_rules! by_uuid {
    ($module:ident: $Key:ident in $Uuid:ident) => {
        pub mod $module {
            use super::*;

            bound! {
                ByUuid in by_uuid "by_uuid", row = token, scope = org,
                table: { token -> $Uuid, org -> $Uuid, }
                fields: {
                    token: $Key = |id: i64| Uuid::from_u128(id.unsigned_abs().into()).into();
                    org: $Key = |_| Uuid::max().into();
                }
                seal: (token), plain: &[],
                other: |dialect| vec![("token", dialect.uuid(Uuid::nil())), ("org", dialect.uuid(Uuid::nil()))]
            }

            bound! {
                BySeveral in by_several "by_several", row = (number, name, token), scope = org,
                table: { number -> BigInt, name -> Text, token -> $Uuid, org -> BigInt, }
                fields: {
                    number: i64 = |id: i64| -id;
                    name: String = |_| String::new();
                    token: $Key = |_| Uuid::from_u128(u128::MAX - 1).into();
                    org: i64 = |_| 0;
                }
                seal: (number, name, token), plain: &[],
                other: |dialect| vec![
                    ("number", "1".into()),
                    ("name", "'-1'".into()),
                    ("token", dialect.uuid(Uuid::max())),
                    ("org", "-1".into()),
                ]
            }

            uuid_stores! { $module: ByUuid in by_uuid, BySeveral in by_several }
        }
    };
}

stores! { ByInteger in by_integer, ByText in by_text, ByBytes in by_bytes }

by_uuid! { bytes: Key in Binary }
#[cfg(feature = "postgres")]
by_uuid! { native: Uuid in Uuid }

type UuidOf<C> = <<C as Client>::Database as Database>::ByUuid;
type SeveralOf<C> = <<C as Client>::Database as Database>::BySeveral;

pub fn rows_of_integers<W, R>()
where
    W: Store<ByInteger>,
    R: Client<Database = W::Database> + Store<ByInteger>,
{
    check::<ByInteger, W, R>();
}

pub fn rows_of_text<W: Store<ByText>, R: Client<Database = W::Database> + Store<ByText>>() {
    check::<ByText, W, R>();
}

pub fn rows_of_bytes<W: Store<ByBytes>, R: Client<Database = W::Database> + Store<ByBytes>>() {
    check::<ByBytes, W, R>();
}

pub fn rows_of_uuids<W: Store<UuidOf<W>>, R: Client<Database = W::Database> + Store<UuidOf<W>>>() {
    check::<UuidOf<W>, W, R>();
}

pub fn rows_of_several_columns<W: Store<SeveralOf<W>>, R: Client<Database = W::Database> + Store<SeveralOf<W>>>() {
    check::<SeveralOf<W>, W, R>();
}

fn check<M, W, R>()
where
    M: Bound + Clone + PartialEq + std::fmt::Debug,
    W: Store<M>,
    R: Client<Database = W::Database> + Store<M>,
{
    Keys::keyring().unwrap().admin().ensure_scope(&M::new(1).scope()).unwrap();
    let mut world = World::<W>::new(|database: &mut W::Database| database.create_table::<M>(M::plain()));
    let mut reader = R::connect(&world.database);
    let rows = [M::new(1), M::new(2)];
    world.client.insert_many(&rows).unwrap();
    assert_eq!(reader.load_all().unwrap(), rows);

    // Whatever made the value, wherever it was stored: it has the same binding.
    let texts = rows[0].texts();
    for (at, column) in M::SCHEMA.columns.iter().enumerate() {
        let stored = world.database.raw(&M::SCHEMA, column, 1).unwrap();
        assert_eq!(rows[0].open(at, &as_loaded(column, &stored)).unwrap(), texts[at]);
        let elsewhere = rows[0].sealed()[at].bytes().unwrap().unwrap().to_vec();
        world.database.put(&M::SCHEMA, column, 1, &Raw::stored(column, elsewhere));
    }
    assert_eq!(reader.load_all().unwrap(), rows);

    for (column, other) in M::bound_to(W::Database::DIALECT) {
        let table = M::SCHEMA.sql_table;
        world.database.execute(&format!("UPDATE {table} SET {column} = {other} WHERE id = 1"));
        let refusal = reader.load(1).unwrap_err().refusal();
        assert_eq!(
            (refusal.place(), refusal.error.kind()),
            ((M::SCHEMA.table, "note"), &ErrorKind::Rejected),
            "{column}"
        );
        world.client.update(&rows[0]).unwrap();
        assert_eq!(reader.load_all().unwrap(), rows);
    }
}

fn as_loaded(column: &Column, stored: &[u8]) -> StoredBytes {
    StoredBytes::copy_of(if column.is_base64() { StoredValue::Text(stored) } else { StoredValue::Bytes(stored) })
}
