//! One SQLite file, open in diesel and in rusqlite, and what their errors say.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use fieldseal::Error;
use std::error::Error as StdError;
use std::path::PathBuf;
use tempfile::TempDir;

pub struct Database {
    pub diesel: SqliteConnection,
    pub rusqlite: rusqlite::Connection,
    pub folder: TempDir,
}

impl Database {
    pub fn new(schema: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rusqlite = rusqlite::Connection::open(folder.path().join("app.db")).unwrap();
        rusqlite.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;").unwrap();
        rusqlite.execute_batch(schema).unwrap();
        let mut diesel = SqliteConnection::establish(folder.path().join("app.db").to_str().unwrap()).unwrap();
        diesel.batch_execute("PRAGMA synchronous = OFF").unwrap();
        Self { diesel, rusqlite, folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("app.db")
    }

    /// What an attacker does: raw SQL.
    pub fn sql(&self, sql: &str, params: impl rusqlite::Params) {
        self.rusqlite.execute(sql, params).unwrap();
    }

    pub fn count(&self, table: &str) -> i64 {
        self.rusqlite.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    pub fn blob(&self, table: &str, column: &str, id: i64) -> Vec<u8> {
        let sql = format!("SELECT {column} FROM {table} WHERE id = {id}");
        self.rusqlite.query_row(&sql, [], |row| row.get(0)).unwrap()
    }
}

/// A fieldseal error as it reached the program, with everything that a log could print of it.
#[derive(Debug)]
pub struct Refusal {
    pub error: Error,
    pub printed: String,
}

impl Refusal {
    pub fn of(outer: &(dyn StdError + 'static)) -> Self {
        let error = Error::find_in(outer).unwrap_or_else(|| panic!("not fieldseal's: {outer:?}")).clone();
        Self { printed: format!("{outer} {outer:?} {outer:#?} {error} {error:?} {error:#?}"), error }
    }

    pub fn place(&self) -> (&str, &str) {
        (self.error.table().unwrap_or_default(), self.error.column().unwrap_or_default())
    }
}

/// Loads one row of a model through each library: `[(library, Result<model, Refusal>); 2]`.
#[macro_export]
macro_rules! load_both {
    ($database:expr, $model:ty, $table:ident, $id:expr) => {{
        use diesel::prelude::*;
        let database = &mut *$database;
        let by_diesel = $table::table.find($id).select(<$model>::as_select()).first(&mut database.diesel);
        let sql = concat!("SELECT * FROM ", stringify!($table), " WHERE id = ?1");
        let by_rusqlite = database.rusqlite.query_row(sql, [$id], |row| <$model>::try_from(row));
        [
            ("diesel", by_diesel.map_err(|error| $crate::database::Refusal::of(&error))),
            ("rusqlite", by_rusqlite.map_err(|error| $crate::database::Refusal::of(&error))),
        ]
    }};
}

/// Inserts one row of a model through each library, one after the other; the row must not be kept
/// by either.
#[macro_export]
macro_rules! insert_refused {
    ($database:expr, $table:ident, $row:expr, $sql:expr) => {{
        use diesel::prelude::*;
        let database = &mut *$database;
        let by_diesel = diesel::insert_into($table::table).values(&$row).execute(&mut database.diesel);
        let by_rusqlite = database.rusqlite.execute($sql, $row.params().bind().as_slice());
        [
            ("diesel", $crate::database::Refusal::of(&by_diesel.unwrap_err())),
            ("rusqlite", $crate::database::Refusal::of(&by_rusqlite.unwrap_err())),
        ]
    }};
}
