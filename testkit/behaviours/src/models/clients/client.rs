//! What a behaviour asks for: a database library that keeps models on one database, and somebody
//! else who writes there too.

use super::dialect::{Dialect, Raw};
use crate::models::bindings::Bound;
use fieldseal::value::SealedValue;
use fieldseal::{Column, Error, Model, Schema};
use std::error::Error as StdError;
use testkit::database::Refusal;

/// An empty database of one test, and the connection of somebody who writes it by plain SQL.
pub trait Database: Sized {
    const DIALECT: Dialect;

    /// The models with UUIDs as this database has them.
    type ByUuid: Bound + Clone + PartialEq + std::fmt::Debug;
    type BySeveral: Bound + Clone + PartialEq + std::fmt::Debug;

    fn create() -> Self;

    /// As the libraries take it.
    fn url(&self) -> String;

    /// What every connection must run first.
    fn first(&self) -> Option<String>;

    /// The error is the database's own.
    fn try_execute(&mut self, sql: &str) -> Result<(), String>;

    /// The first column of the first row, as text.
    fn ask(&mut self, sql: &str) -> Option<String>;

    fn execute(&mut self, sql: &str) {
        self.try_execute(sql).unwrap_or_else(|error| panic!("{error} in {sql}"));
    }

    /// The model's table: its sealed columns as the model describes them, and `plain` ones beside
    /// them.
    fn create_table<M: Model>(&mut self, plain: &[(&str, &str)]) {
        self.execute(&Self::DIALECT.create_table(&M::SCHEMA, plain));
    }

    /// Makes a type of text known to the database, where it's an extension's.
    fn prepare_text_type(&mut self, sql_type: &str) {
        if sql_type == "citext" {
            // One at a time: `IF NOT EXISTS` doesn't hold against others that create it now.
            self.execute("SELECT pg_advisory_xact_lock(1); CREATE EXTENSION IF NOT EXISTS citext SCHEMA public");
        }
    }

    fn count(&mut self, table: &str) -> usize {
        self.ask(&format!("SELECT count(*) FROM {table}")).unwrap().parse().unwrap()
    }

    /// What the column holds in that row: bytes, or the bytes of its text. `None` for NULL.
    fn raw(&mut self, schema: &Schema, column: &Column, id: i64) -> Option<Vec<u8>> {
        let (hex, table) = (Self::DIALECT.hex_of(column), schema.sql_table);
        let sql = format!("SELECT {hex} FROM {table} WHERE id = {id}");
        self.ask(&sql).map(|hex| hex::decode(hex).unwrap())
    }

    /// Puts a value into that column of that row, if the database lets it.
    fn try_put(&mut self, schema: &Schema, column: &Column, id: i64, value: &Raw) -> Result<(), String> {
        let (table, name, value) = (schema.sql_table, column.sql_name(), Self::DIALECT.literal(value));
        self.try_execute(&format!("UPDATE {table} SET {name} = {value} WHERE id = {id}"))
    }

    fn put(&mut self, schema: &Schema, column: &Column, id: i64, value: &Raw) {
        self.try_put(schema, column, id, value)
            .unwrap_or_else(|error| panic!("{error} for {} = {value:?}", column.name()));
    }
}

/// One database library, connected to one database.
pub trait Client: Sized {
    type Database: Database;

    const NAME: &'static str;

    /// Where a behaviour has a long list of cases, one client tries all of them in columns of
    /// bytes, and the others every so many: what they add is how values get into their databases
    /// and out of them.
    const TRIES_ALL: bool = false;

    /// 7 goes through all places of a bit.
    fn step(column: &Column) -> usize {
        if Self::TRIES_ALL && !column.is_base64() { 1 } else { 7 }
    }

    fn connect(database: &Self::Database) -> Self;

    /// Plain SQL on the library's own connection.
    fn execute(&mut self, sql: &str);
}

/// A library that keeps that model. Every model of the suite has a primary key `id` of 64 bits.
pub trait Store<M: Model>: Client {
    fn insert(&mut self, row: &M) -> Result<usize, Failed>;

    /// In one statement, where the library has one for several rows.
    fn insert_many(&mut self, rows: &[M]) -> Result<usize, Failed>;

    /// All of the row's columns.
    fn update(&mut self, row: &M) -> Result<usize, Failed>;

    /// In one statement.
    fn upsert(&mut self, row: &M) -> Result<(), Failed>;

    fn load(&mut self, id: i64) -> Result<Option<M>, Failed>;

    /// In the order of their ids.
    fn load_all(&mut self) -> Result<Vec<M>, Failed>;

    fn delete(&mut self, id: i64) -> Result<usize, Failed>;

    /// The ids, in order, of the rows that hold one of these values in that column.
    fn find(&mut self, column: &str, candidates: &[SealedValue]) -> Result<Vec<i64>, Failed>;
}

/// An error as it came from the library, with everything that a log could print of it.
#[derive(Debug)]
pub struct Failed {
    pub error: Option<Error>,
    pub printed: String,
}

impl Failed {
    pub fn of(outer: &(dyn StdError + 'static)) -> Self {
        let error = Error::find_in(outer).cloned();
        let mut printed = String::new();
        let mut next = Some(outer);
        while let Some(error) = next {
            printed += &format!("{error} {error:#} {error:?} {error:#?} ");
            next = error.source();
        }
        if let Some(error) = &error {
            printed += &format!("{error} {error:?} {error:#?}");
        }
        Self { error, printed }
    }

    /// It must be fieldseal's.
    pub fn refusal(self) -> Refusal {
        let Self { error, printed } = self;
        Refusal { error: error.unwrap_or_else(|| panic!("not fieldseal's: {printed}")), printed }
    }
}

/// A database, and one library at it.
pub struct World<C: Client> {
    pub database: C::Database,
    pub client: C,
}

impl<C: Client> World<C> {
    /// With the tables that `create` makes.
    pub fn new(create: impl FnOnce(&mut C::Database)) -> Self {
        let mut database = C::Database::create();
        create(&mut database);
        let client = C::connect(&database);
        Self { database, client }
    }

    pub fn with_table_of<M: Model>() -> Self {
        Self::new(|database| database.create_table::<M>(&[]))
    }

    pub fn dialect() -> Dialect {
        C::Database::DIALECT
    }
}
