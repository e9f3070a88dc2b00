//! The derive's code keeps out of the way of the code around it: of field names, of names in scope,
//! of lints.

#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations)]
#![deny(unused_qualifications, elided_lifetimes_in_paths, unused_lifetimes, trivial_casts, trivial_numeric_casts)]
#![deny(clippy::pedantic, clippy::nursery, clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::redundant_pub_crate, reason = "rustc's unreachable_pub wants the opposite")]
#![forbid(unsafe_code)]

use diesel::prelude::*;
use fieldseal::{Encrypt, EncryptValue, RowContext};
use rusqlite::Connection as Rusqlite;

#[allow(missing_docs, missing_debug_implementations, unreachable_pub)]
mod keys {
    testkit::test_keyring!(Keys, &[7]);
}

#[allow(missing_docs)]
mod schema {
    diesel::table! {
        #[sql_name = "t"]
        awkward (row) {
            row -> BigInt,
            scope -> BigInt,
            value -> Binary,
            stored -> Nullable<Binary>,
            #[sql_name = "self_"]
            self_ -> Binary,
            #[sql_name = "type"]
            r#type -> Binary,
            f -> Binary,
            __row -> BigInt,
            error -> Binary,
            place -> Text,
        }
    }

    diesel::table! {
        names (id) {
            id -> BigInt,
            name -> Binary,
            nick -> Nullable<Binary>,
            kind -> Text,
        }
    }
}

use keys::Keys;
use schema::{awkward, names};

const AWKWARD: &str = "CREATE TABLE t (row INTEGER PRIMARY KEY, scope INTEGER, value BLOB, stored BLOB, self_ BLOB,
     type BLOB, f BLOB, __row INTEGER, error BLOB, place TEXT)";

/// Fields of the names that generated code likes to use.
macro_rules! awkward {
    ($(#[$attr:meta])*) => {
        #[derive(Clone, PartialEq, Encrypt)]
        #[encrypt(table = "awkward", row = (row, __row), scope = scope, keyring = Keys)]
        $(#[$attr])*
        pub(crate) struct Awkward {
            pub(crate) row: i64,
            pub(crate) scope: i64,
            #[encrypt]
            pub(crate) value: String,
            #[encrypt]
            pub(crate) stored: Option<Vec<u8>>,
            #[encrypt(json)]
            pub(crate) self_: Vec<u8>,
            #[encrypt]
            pub(crate) r#type: i32,
            #[encrypt(pad = 16)]
            pub(crate) f: f64,
            pub(crate) __row: i64,
            #[encrypt]
            pub(crate) error: bool,
            pub(crate) place: String,
        }

        impl Awkward {
            pub(crate) fn example() -> Self {
                Self {
                    row: 1,
                    scope: 7,
                    value: "v".to_owned(),
                    stored: Some(vec![0]),
                    self_: vec![1, 2],
                    r#type: 3,
                    f: -0.5,
                    __row: 9,
                    error: true,
                    place: "p".to_owned(),
                }
            }
        }
    };
}

mod for_diesel {
    use super::{Encrypt, Keys, awkward};

    awkward!(#[diesel(table_name = awkward)]);
}

/// In a scope with a unit struct of each of these names. diesel's own derives don't get along with
/// a column `row` there.
mod for_rusqlite {
    #[allow(unused_imports, clippy::enum_glob_use, reason = "as programs on diesel do it")]
    use super::awkward::dsl::*;
    use super::{Encrypt, Keys};

    awkward!(#[encrypt(rusqlite)]);
}

#[test]
fn field_names_meet_no_name_of_the_derives() {
    let one = for_diesel::Awkward::example();
    let conn = &mut SqliteConnection::establish(":memory:").expect("a database");
    diesel::sql_query(AWKWARD).execute(conn).expect("a table");
    diesel::insert_into(awkward::table).values(&one).execute(conn).expect("a row");
    let loaded = awkward::table.select(for_diesel::Awkward::as_select()).first(conn).expect("the row");
    assert!(loaded == one);

    let one = for_rusqlite::Awkward::example();
    let conn = Rusqlite::open_in_memory().expect("a database");
    conn.execute(AWKWARD, []).expect("a table");
    let insert = "INSERT INTO t VALUES (:row, :scope, :value, :stored, :self_, :type, :f, :__row, :error, :place)";
    conn.execute(insert, one.params().bind().as_slice()).expect("a row");
    let loaded = conn.query_row("SELECT * FROM t", [], |row| for_rusqlite::Awkward::try_from(row));
    assert!(loaded.expect("the row") == one);

    let sealed = for_rusqlite::Awkward::seal_type(&7, &1, &9, &5).into_bytes().expect("a value");
    assert_eq!(for_rusqlite::Awkward::open_type(&7, &1, &9, sealed.as_ref()), Ok(5));
    let debug = format!("{one:?}");
    assert!(debug.starts_with("Awkward { row: 1, scope: 7, value: [redacted]"), "{debug}");
    assert!(debug.contains(" type: [redacted]"), "{debug}");
}

/// A path to the library that isn't `::fieldseal`.
mod reexport {
    pub(crate) mod seal {
        pub(crate) use fieldseal::*;
    }
}

#[derive(PartialEq, EncryptValue)]
#[encrypt(crate = reexport::seal)]
struct Email(String);

#[derive(PartialEq, EncryptValue)]
#[encrypt(crate = crate::hygiene::reexport::seal)]
struct Street {
    bytes: String,
}

#[derive(PartialEq, Encrypt)]
#[encrypt(crate = reexport::seal, table = "people", row = id, keyring = Keys, rusqlite)]
struct Person {
    id: i64,
    #[encrypt]
    email: Email,
    #[encrypt]
    street: Option<Street>,
    #[encrypt(json)]
    tags: Vec<String>,
}

#[test]
fn the_library_can_be_reexported() {
    let conn = Rusqlite::open_in_memory().expect("a database");
    conn.execute("CREATE TABLE people (id INTEGER, email BLOB, street BLOB, tags BLOB)", []).expect("a table");
    let one = Person {
        id: 1,
        email: Email("a@b".to_owned()),
        street: Some(Street { bytes: "s".to_owned() }),
        tags: vec!["t".to_owned()],
    };
    let insert = "INSERT INTO people VALUES (:id, :email, :street, :tags)";
    conn.execute(insert, one.params().bind().as_slice()).expect("a row");
    let loaded = conn.query_row("SELECT * FROM people", [], |row| Person::try_from(row)).expect("the row");
    assert!(loaded == one);
}

/// Lints that can't even be allowed.
#[forbid(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    non_local_definitions
)]
#[forbid(elided_lifetimes_in_paths, unused_lifetimes, trivial_casts, non_snake_case, non_camel_case_types)]
pub mod strict {
    use super::Keys;
    use super::schema::names;
    #[allow(unused_imports, clippy::enum_glob_use, reason = "as programs on diesel do it")]
    use super::schema::names::dsl::*;
    use fieldseal::Encrypt;

    /// A public model.
    #[derive(Clone, PartialEq, Eq, Encrypt)]
    #[encrypt(table = "names", row = id, keyring = Keys, rusqlite)]
    #[diesel(table_name = names)]
    pub struct Name {
        /// The row.
        pub id: i64,
        /// Sealed.
        #[encrypt]
        pub name: String,
    }
}

#[test]
fn strict_lints_have_nothing_to_say() {
    let one = strict::Name { id: 1, name: "n".to_owned() };
    assert_eq!(one.params().bind().len(), 2);
}

#[test]
fn a_model_inside_a_function_uses_types_that_only_it_sees() {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Id(i64);

    impl fieldseal::context::AsRowId for Id {
        const KIND: fieldseal::context::ContextKind = <i64 as fieldseal::context::AsRowId>::KIND;

        fn push_to(&self, row: &mut fieldseal::RowId) {
            self.0.push_to(row);
        }
    }

    #[derive(EncryptValue)]
    struct Note(String);

    #[derive(Encrypt)]
    #[encrypt(table = "notes", row = id, keyring = Keys)]
    struct Noted {
        id: Id,
        #[encrypt]
        note: Note,
    }

    let noted = Noted { id: Id(4), note: Note("n".to_owned()) };
    let sealed = Noted::seal_note(&noted.id, &noted.note).into_bytes().expect("a value");
    let opened = Noted::open_note(&Id(4), sealed.as_ref()).expect("the value");
    assert_eq!(opened.0, noted.note.0);
}

/// Lifetimes of several names, one the beginning of another, one that only a sealed field has, with
/// bounds.
#[derive(Clone, Copy, Encrypt)]
#[encrypt(table = "names", row = id, keyring = Keys, write_only, rusqlite)]
#[diesel(table_name = names)]
struct NewName<'k, 'kind: 'k, 'row>
where
    'row: 'k,
{
    id: i64,
    #[encrypt]
    name: &'k str,
    #[encrypt]
    nick: Option<&'row [u8]>,
    kind: &'kind str,
}

/// A lifetime on the way out.
#[derive(Encrypt)]
#[encrypt(table = "names", row = id, keyring = Keys, read_only)]
#[diesel(table_name = names)]
struct LoadedName<'a> {
    id: i64,
    #[encrypt]
    name: String,
    kind: std::borrow::Cow<'a, str>,
}

#[test]
fn lifetimes_have_any_names() {
    let conn = &mut SqliteConnection::establish(":memory:").expect("a database");
    diesel::sql_query("CREATE TABLE names (id INTEGER, name BLOB, nick BLOB, kind TEXT)")
        .execute(conn)
        .expect("a table");
    let name = "Ада".to_owned();
    let new = NewName { id: 1, name: &name, nick: Some(b"a"), kind: "k" };
    assert_eq!(new.params().bind().len(), 4);
    diesel::insert_into(names::table).values(new).execute(conn).expect("a row");
    diesel::update(names::table).set(&new).execute(conn).expect("a row");
    let loaded: LoadedName<'static> = names::table.select(LoadedName::as_select()).first(conn).expect("the row");
    assert_eq!((loaded.id, loaded.name.as_str(), &*loaded.kind), (1, "Ада", "k"));
}

macro_rules! model {
    ($name:ident { $id:ident: $id_type:ty, $field:ident: $type:ty, $maybe:ident: $maybe_type:ty }) => {
        #[derive(Encrypt)]
        #[encrypt(table = "macros", row = $id, keyring = Keys, rusqlite)]
        struct $name {
            $id: $id_type,
            #[encrypt]
            $field: $type,
            #[encrypt(pad = 16, hide_null)]
            $maybe: $maybe_type,
        }
    };
}

model!(FromMacro { id: i64, text: String, number: Option<u8> });

#[test]
fn a_macro_can_write_the_model() {
    let model = FromMacro { id: 1, text: "t".to_owned(), number: None };
    assert_eq!(model.params().bind().len(), 3);
    assert_eq!((model.id, model.text.as_str(), model.number), (1, "t", None));
    let context = RowContext::of_row(fieldseal::RowId::of(&1));
    assert!(!context.row.is_unbound());
    let hidden = FromMacro::seal_number(&1, None).into_bytes().expect("a value");
    assert_eq!(FromMacro::open_number(&1, hidden.as_ref()), Ok(None));
}
