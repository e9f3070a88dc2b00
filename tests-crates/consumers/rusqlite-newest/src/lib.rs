//! A model on the newest rusqlite.

use fieldseal::Encrypt;
use rusqlite::{Connection, Result};

/// One row.
#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "patients", row = id, scope = org, rusqlite)]
pub struct Patient {
    /// The row id.
    pub id: i64,
    /// The tenant.
    pub org: String,
    /// Sealed.
    #[encrypt]
    pub name: String,
    /// Sealed, NULL too.
    #[encrypt(pad = 32, hide_null)]
    pub diagnosis: Option<String>,
}

/// Writes a row.
pub fn insert(conn: &Connection, patient: &Patient) -> Result<usize> {
    conn.execute("INSERT INTO patients VALUES (:id, :org, :name, :diagnosis)", patient.params().bind().as_slice())
}

/// Reads all rows.
pub fn all(conn: &Connection) -> Result<Vec<Patient>> {
    let mut select = conn.prepare("SELECT * FROM patients ORDER BY id")?;
    select.query_map([], |row| Patient::try_from(row))?.collect()
}
