//! The model and its table.

use crate::Result;
use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fieldseal::Encrypt;
use fieldseal::envelope::Envelope;
use fieldseal::keys::KeyId;
use rusqlite::params;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

/// A person: plain Rust types, and five fields that only the program can read.
#[derive(Clone, PartialEq, Deserialize, Encrypt)]
#[encrypt(table = "customers", row = id, rusqlite)]
#[diesel(table_name = customers)]
pub struct Customer {
    pub id: String,
    #[encrypt]
    pub full_name: String,
    #[encrypt]
    pub email: Option<String>,
    #[encrypt]
    pub phone: Option<String>,
    #[encrypt]
    pub birth_date: Option<NaiveDate>,
    pub country: String,
    /// The length says something too: padded, it says less.
    #[encrypt(pad = 64)]
    pub notes: Option<String>,
}

diesel::table! {
    customers (id) {
        id -> Text,
        full_name -> Binary,
        email -> Nullable<Binary>,
        phone -> Nullable<Binary>,
        birth_date -> Nullable<Binary>,
        country -> Text,
        notes -> Nullable<Binary>,
    }
}

const CREATE_TABLE: &str = "
CREATE TABLE customers (
    id TEXT PRIMARY KEY, full_name BLOB NOT NULL, email BLOB, phone BLOB, birth_date BLOB, country TEXT NOT NULL,
    notes BLOB
)";

impl Customer {
    /// Every text that must not be readable in the database.
    pub fn sealed_texts(&self) -> impl Iterator<Item = &str> + Clone {
        let optional = [&self.email, &self.phone, &self.notes];
        std::iter::once(self.full_name.as_str()).chain(optional.into_iter().flatten().map(String::as_str))
    }

    /// People who come after the rotation.
    pub fn newcomers() -> Vec<Self> {
        ["Ada Lovelace", "Мария Склодовская", "湯川 秀樹"].map(Self::newcomer).to_vec()
    }

    fn newcomer(name: &str) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            full_name: name.to_owned(),
            email: None,
            phone: None,
            birth_date: None,
            country: "SE".to_owned(),
            notes: None,
        }
    }
}

/// The people of the CSV, in the order of their ids. What is empty there is `None`.
pub fn read_csv() -> Result<Vec<Customer>> {
    let mut people: Vec<Customer> = csv::Reader::from_reader(include_bytes!("customers.csv").as_slice())
        .deserialize()
        .collect::<csv::Result<_>>()?;
    people.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(people)
}

/// diesel's connection to the database, and the table.
pub fn connect(database: &Path) -> Result<SqliteConnection> {
    let mut conn = SqliteConnection::establish(&database.display().to_string())?;
    conn.batch_execute("PRAGMA journal_mode = WAL")?;
    conn.batch_execute(CREATE_TABLE)?;
    Ok(conn)
}

/// Puts everything that was written into the database's own file; false if another connection was
/// in the way.
pub fn checkpoint(sqlite: &rusqlite::Connection) -> rusqlite::Result<bool> {
    sqlite.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get("busy").map(|busy: bool| !busy))
}

/// A person's name as it is stored.
pub fn stored_name(sqlite: &rusqlite::Connection, id: &str) -> rusqlite::Result<Vec<u8>> {
    sqlite.query_row("SELECT full_name FROM customers WHERE id = ?", [id], |row| row.get(0))
}

/// What anybody can do who writes to the database.
pub fn store_name(sqlite: &rusqlite::Connection, id: &str, stored: &[u8]) -> rusqlite::Result<usize> {
    sqlite.execute("UPDATE customers SET full_name = ? WHERE id = ?", params![stored, id])
}

/// How many names are sealed under each data key: the key's id is in front of every sealed value.
pub fn rows_by_key(sqlite: &rusqlite::Connection) -> Result<HashMap<KeyId, usize>> {
    let mut statement = sqlite.prepare("SELECT full_name FROM customers")?;
    let mut rows = statement.query([])?;
    let mut count = HashMap::new();
    while let Some(row) = rows.next()? {
        let stored: Vec<u8> = row.get(0)?;
        *count.entry(Envelope::parse(&stored)?.key_id).or_default() += 1;
    }
    Ok(count)
}
