//! Attacks by somebody who writes the database: values and wrapped keys that are real, in places
//! that they weren't made for. The file is edited by raw SQL on a second connection.

mod key_store;
mod races;
mod values;

use fieldseal::kms::Local;
use fieldseal::store::Rusqlite;
use fieldseal::{Column, Keyring, KeyringError, RowContext, RowId, Scope};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use testkit::rerun;

/// A program's database with its keys in it, the KEK beside it, and the attacker's connection.
struct Victim {
    folder: TempDir,
    attacker: rusqlite::Connection,
}

impl Victim {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Local::create(folder.path().join("kek.json")).unwrap();
        let attacker = rusqlite::Connection::open(folder.path().join("app.db")).unwrap();
        attacker.execute_batch("PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
        attacker.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        let victim = Self { folder, attacker };
        Rusqlite::open(victim.database()).unwrap().create_table().unwrap();
        victim
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("app.db")
    }

    /// The program starts: it sees what is in the database now.
    fn start(&self) -> Result<Keyring, KeyringError> {
        open(self.folder.path())
    }

    fn attack(&self, sql: &str) {
        self.attacker.execute_batch(sql).unwrap();
    }

    fn ask<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.attacker.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn open(folder: &Path) -> Result<Keyring, KeyringError> {
    let kms = Local::open(folder.join("kek.json")).unwrap();
    Keyring::start(kms, Rusqlite::open(folder.join("app.db")).unwrap())
}

fn tenant(number: i64) -> Scope {
    Scope::tenant(number).unwrap()
}

fn place(tenant_number: i64, id: i64) -> RowContext {
    RowContext::of_row(RowId::of(&id)).in_scope(tenant(tenant_number))
}

const COLUMN: Column = Column::new("patients", "name");
