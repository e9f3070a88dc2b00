//! diesel's own attributes mean on an encrypted model what they mean in diesel.

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::sqlite::{Sqlite, SqliteValue};
use fieldseal::context::{AsRowId, ContextKind};
use fieldseal::{Encrypt, RowId};

testkit::test_keyring!(Keys, &[]);

diesel::table! {
    visits (org_id, key) {
        org_id -> BigInt,
        key -> Text,
        note -> Nullable<Binary>,
        #[sql_name = "Vollständiger Name"]
        full_name -> Binary,
        ward -> Nullable<Text>,
        floor -> Integer,
        city -> Text,
        street -> Binary,
    }
}

const VISITS: &str = "CREATE TABLE visits (org_id INTEGER NOT NULL, key TEXT NOT NULL, note BLOB DEFAULT x'00',
    \"Vollständiger Name\" BLOB NOT NULL DEFAULT x'00', ward TEXT DEFAULT 'A1', floor INTEGER NOT NULL DEFAULT 3,
    city TEXT NOT NULL DEFAULT '', street BLOB NOT NULL DEFAULT x'', PRIMARY KEY (org_id, key))";

/// By name, diesel looks for its own name of a column.
const BY_NAME: &str = "SELECT *, \"Vollständiger Name\" AS full_name FROM visits";

/// A row id that diesel keeps as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
struct Key(uuid::Uuid);

impl ToSql<Text, Sqlite> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> diesel::serialize::Result {
        out.set_value(self.0.to_string());
        Ok(diesel::serialize::IsNull::No)
    }
}

impl FromSql<Text, Sqlite> for Key {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> diesel::deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(text.parse()?))
    }
}

impl AsRowId for Key {
    const KIND: ContextKind = ContextKind::Uuid;

    fn push_to(&self, row: &mut RowId) {
        self.0.push_to(row);
    }
}

fn key(number: u128) -> Key {
    Key(uuid::Uuid::from_u128(number))
}

#[derive(Clone, PartialEq, Encrypt, Identifiable)]
#[encrypt(table = "visits", row = (org_id, key), keyring = Keys)]
#[diesel(table_name = visits, primary_key(org_id, key), check_for_backend(Sqlite))]
struct Visit {
    org_id: i64,
    key: Key,
    #[encrypt]
    note: Option<String>,
    #[encrypt]
    #[diesel(column_name = full_name)]
    name: String,
    ward: Option<String>,
    #[diesel(serialize_as = Shifted, deserialize_as = Shifted)]
    floor: i32,
}

/// A floor as the database counts it: from 0.
#[derive(Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Integer)]
struct Shifted(i32);

impl From<i32> for Shifted {
    fn from(floor: i32) -> Self {
        Self(floor - 1)
    }
}

impl From<Shifted> for i32 {
    fn from(Shifted(floor): Shifted) -> Self {
        floor + 1
    }
}

impl ToSql<diesel::sql_types::Integer, Sqlite> for Shifted {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> diesel::serialize::Result {
        out.set_value(self.0);
        Ok(diesel::serialize::IsNull::No)
    }
}

impl FromSql<diesel::sql_types::Integer, Sqlite> for Shifted {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> diesel::deserialize::Result<Self> {
        <i32 as FromSql<diesel::sql_types::Integer, Sqlite>>::from_sql(value).map(Self)
    }
}

fn connection() -> SqliteConnection {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    diesel::sql_query(VISITS).execute(&mut conn).unwrap();
    conn
}

fn visit(number: u128) -> Visit {
    Visit {
        org_id: 5,
        key: key(number),
        note: Some("note".to_owned()),
        name: "name".to_owned(),
        ward: Some("B2".to_owned()),
        floor: 4,
    }
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = BigInt)]
    floor: i64,
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    ward: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<Binary>)]
    note: Option<Vec<u8>>,
}

fn stored(conn: &mut SqliteConnection) -> Stored {
    diesel::sql_query("SELECT floor, ward, note FROM visits").get_result(conn).unwrap()
}

#[test]
fn composite_keys_column_names_and_conversions_of_plain_fields() {
    let conn = &mut connection();
    // As in diesel, `serialize_as` consumes the model.
    diesel::insert_into(visits::table).values(visit(1)).execute(conn).unwrap();
    assert_eq!(stored(conn).floor, 3, "serialize_as");
    let loaded: Visit = visits::table.find((5, key(1))).select(Visit::as_select()).first(conn).unwrap();
    assert!(loaded == visit(1), "deserialize_as");
    let by_name: Visit = diesel::sql_query(BY_NAME).get_result(conn).unwrap();
    assert!(by_name == visit(1), "QueryableByName finds renamed columns");
    let batch = vec![visit(2), visit(3)];
    diesel::insert_into(visits::table).values(batch).execute(conn).unwrap();
    assert_eq!(visits::table.count().get_result(conn), Ok(3_i64));

    // Bound to both columns of the key.
    let all: Vec<Visit> = visits::table.order(visits::key).select(Visit::as_select()).load(conn).unwrap();
    assert!(all == [visit(1), visit(2), visit(3)]);
    diesel::update(visits::table.find((5, key(2)))).set(visits::org_id.eq(6)).execute(conn).unwrap();
    let moved = visits::table.find((6, key(2))).select(Visit::as_select()).first(conn);
    let error = fieldseal::Error::find_in(moved.as_ref().err().unwrap()).unwrap().clone();
    assert_eq!(error.kind(), &fieldseal::ErrorKind::Rejected);
}

#[test]
fn changesets_leave_primary_keys_alone() {
    let conn = &mut connection();
    diesel::insert_into(visits::table).values(visit(1)).execute(conn).unwrap();
    let changed = Visit { name: "new".to_owned(), note: None, ward: None, floor: 9, ..visit(1) };
    diesel::update(visits::table.find((5, key(1)))).set(changed).execute(conn).unwrap();
    let loaded: Visit = visits::table.select(Visit::as_select()).first(conn).unwrap();
    assert!(loaded == Visit { name: "new".to_owned(), floor: 9, ..visit(1) }, "None is left as it is");
}

#[derive(Clone, Encrypt)]
#[encrypt(table = "visits", row = (org_id, key), keyring = Keys, write_only)]
#[diesel(table_name = visits, primary_key(org_id, key), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
struct Whole {
    org_id: i64,
    key: Key,
    #[encrypt]
    note: Option<String>,
    ward: Option<String>,
}

#[derive(Clone, Encrypt)]
#[encrypt(table = "visits", row = (org_id, key), keyring = Keys, write_only)]
#[diesel(table_name = visits, primary_key(org_id, key))]
struct Parts {
    org_id: i64,
    key: Key,
    #[encrypt]
    #[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
    note: Option<String>,
    ward: Option<String>,
}

#[test]
fn none_is_the_default_or_null_as_diesels_attributes_say() {
    let conn = &mut connection();
    let parts = Parts { org_id: 5, key: key(1), note: None, ward: None };
    diesel::insert_into(visits::table).values(&parts).execute(conn).unwrap();
    assert_eq!((stored(conn).note, stored(conn).ward.as_deref()), (None, Some("A1")), "on the field");
    diesel::delete(visits::table).execute(conn).unwrap();

    let whole = Whole { org_id: 5, key: key(1), note: None, ward: None };
    diesel::insert_into(visits::table).values(&whole).execute(conn).unwrap();
    assert_eq!((stored(conn).note, stored(conn).ward), (None, None), "on the struct");

    let some = Parts { note: Some("n".to_owned()), ward: Some("C3".to_owned()), ..parts.clone() };
    diesel::update(visits::table).set(&some).execute(conn).unwrap();
    assert_eq!(stored(conn).note.map(|note| note.len()), Some(1 + 45));
    diesel::update(visits::table).set(&parts).execute(conn).unwrap();
    assert_eq!((stored(conn).note, stored(conn).ward.as_deref()), (None, Some("C3")), "treat_none_as_null");
    diesel::update(visits::table).set(&whole).execute(conn).unwrap();
    assert_eq!((stored(conn).note, stored(conn).ward), (None, None), "treat_none_as_null on the struct");
}

#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = visits)]
struct Place {
    city: String,
}

#[derive(Debug, Clone, PartialEq, Encrypt)]
#[encrypt(table = "visits", row = (org_id, key), keyring = Keys, no_debug)]
#[diesel(table_name = visits, primary_key(org_id, key))]
struct Embedding {
    org_id: i64,
    key: Key,
    #[encrypt]
    #[diesel(skip_insertion)]
    street: String,
    #[encrypt]
    #[diesel(column_name = full_name, skip_update)]
    name: String,
    #[diesel(embed)]
    place: Place,
}

#[test]
fn embedded_structs_and_fields_that_are_not_written() {
    let conn = &mut connection();
    let one = Embedding {
        org_id: 5,
        key: key(1),
        street: "street".to_owned(),
        name: "name".to_owned(),
        place: Place { city: "c".to_owned() },
    };
    diesel::insert_into(visits::table).values(&one).execute(conn).unwrap();
    assert_eq!(visits::table.select(visits::street).first(conn), Ok(Vec::<u8>::new()), "skip_insertion");
    let two = Embedding { name: "never".to_owned(), place: Place { city: "d".to_owned() }, ..one.clone() };
    diesel::update(visits::table).set(&two).execute(conn).unwrap();
    let loaded: Embedding = visits::table.select(Embedding::as_select()).first(conn).unwrap();
    assert!(loaded == Embedding { name: "name".to_owned(), ..two }, "skip_update");
    let by_name: Embedding = diesel::sql_query(BY_NAME).get_result(conn).unwrap();
    assert!(by_name == loaded);
}

#[diesel::dsl::auto_type]
fn upper_ward() -> _ {
    visits::ward.is_not_null()
}

#[derive(Debug, PartialEq, Encrypt)]
#[encrypt(table = "visits", row = (org_id, key), keyring = Keys, read_only, no_debug)]
#[diesel(table_name = visits, primary_key(org_id, key))]
struct WithExpression {
    org_id: i64,
    key: Key,
    #[diesel(select_expression = upper_ward())]
    has_ward: bool,
    #[encrypt]
    #[diesel(column_name = full_name)]
    name: String,
}

#[test]
fn plain_fields_can_be_expressions() {
    let conn = &mut connection();
    diesel::insert_into(visits::table).values(visit(1)).execute(conn).unwrap();
    let loaded: WithExpression = visits::table.select(WithExpression::as_select()).first(conn).unwrap();
    assert!(loaded == WithExpression { org_id: 5, key: key(1), has_ward: true, name: "name".to_owned() });
}
