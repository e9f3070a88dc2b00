//! SQLite: a file, which the attacker has open in rusqlite.

use super::client::{Client, Database, Failed};
use super::dialect::Dialect;
use crate::models::bindings::bytes;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use std::time::Duration;
use tempfile::TempDir;

pub struct SqliteFile {
    attacker: rusqlite::Connection,
    folder: TempDir,
}

const FAST: &str = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY";

impl Database for SqliteFile {
    const DIALECT: Dialect = Dialect::Sqlite;

    type ByUuid = bytes::ByUuid;
    type BySeveral = bytes::BySeveral;

    fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let attacker = open(&folder.path().join("app.db").display().to_string());
        Self { attacker, folder }
    }

    fn url(&self) -> String {
        self.folder.path().join("app.db").display().to_string()
    }

    fn first(&self) -> Option<String> {
        Some(FAST.to_owned())
    }

    fn try_execute(&mut self, sql: &str) -> Result<(), String> {
        self.attacker.execute_batch(sql).map_err(|error| error.to_string())
    }

    fn ask(&mut self, sql: &str) -> Option<String> {
        let text = |row: &rusqlite::Row| match row.get(0)? {
            rusqlite::types::Value::Text(text) => Ok(Some(text)),
            rusqlite::types::Value::Integer(integer) => Ok(Some(integer.to_string())),
            _ => Ok(None),
        };
        self.attacker.query_row(sql, [], text).unwrap()
    }
}

fn open(path: &str) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.execute_batch(FAST).unwrap();
    connection
}

pub struct DieselSqlite {
    pub connection: SqliteConnection,
}

impl Client for DieselSqlite {
    type Database = SqliteFile;

    const NAME: &'static str = "diesel on SQLite";

    fn connect(database: &SqliteFile) -> Self {
        let mut connection = SqliteConnection::establish(&database.url()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        database.first().into_iter().for_each(|sql| connection.batch_execute(&sql).unwrap());
        Self { connection }
    }

    fn execute(&mut self, sql: &str) {
        self.connection.batch_execute(sql).unwrap();
    }
}

impl DieselSqlite {
    pub fn failed(error: diesel::result::Error) -> Failed {
        Failed::of(&error)
    }
}

pub struct Rusqlite {
    pub connection: rusqlite::Connection,
}

impl Client for Rusqlite {
    type Database = SqliteFile;

    const NAME: &'static str = "rusqlite on SQLite";

    const TRIES_ALL: bool = true;

    fn connect(database: &SqliteFile) -> Self {
        Self { connection: open(&database.url()) }
    }

    fn execute(&mut self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }
}
