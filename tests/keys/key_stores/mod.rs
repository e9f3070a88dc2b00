//! Key stores: one contract for all of them, and what each does with damage.

mod databases;
mod files;

use diesel::Connection as _;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sqlite::SqliteConnection;
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::store::{Change, Diesel, File, KeyStore, Memory, Rusqlite, StoreError, load_all, migration};
use fieldseal::testing::key_store_contract::{self, record};
use fieldseal::{Dialect, Scope};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

type Opener = Box<dyn Fn() -> Box<dyn KeyStore> + Sync>;

fn memory() -> ((), Opener) {
    let store = Arc::new(Memory::new());
    ((), Box::new(move || Box::new(Arc::clone(&store))))
}

fn file() -> (TempDir, Opener) {
    let (folder, path) = folder("keys.json");
    File::create(&path).unwrap();
    (folder, Box::new(move || Box::new(File::open(&path).unwrap())))
}

/// A database with the table in it, in the given journal mode.
fn database(journal: &str) -> (TempDir, PathBuf) {
    let (folder, path) = folder("app.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", journal).unwrap();
    connection.execute_batch(migration(Dialect::Sqlite).up).unwrap();
    (folder, path)
}

fn sqlite(journal: &str) -> (TempDir, Opener) {
    let (folder, path) = database(journal);
    (folder, Box::new(move || Box::new(Rusqlite::open(&path).unwrap())))
}

fn diesel_at(path: &Path) -> Diesel<SqliteConnection> {
    Diesel::new(SqliteConnection::establish(path.to_str().unwrap()).unwrap())
}

fn diesel_store(journal: &str) -> (TempDir, Opener) {
    let (folder, path) = database(journal);
    (folder, Box::new(move || Box::new(diesel_at(&path))))
}

fn diesel_pool() -> (TempDir, Opener) {
    let (folder, path) = database("wal");
    let pool = Pool::builder()
        .max_size(12)
        .min_idle(Some(0))
        .build(ConnectionManager::<SqliteConnection>::new(path.to_str().unwrap()));
    let pool = pool.unwrap();
    (folder, Box::new(move || Box::new(Diesel::new(pool.get().unwrap()))))
}

fn folder(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

key_store_contract::tests!(in_memory, crate::key_stores::memory());
key_store_contract::tests!(in_a_file, crate::key_stores::file());
key_store_contract::tests!(in_sqlite, crate::key_stores::sqlite("delete"));
key_store_contract::tests!(in_sqlite_wal, crate::key_stores::sqlite("wal"));
key_store_contract::tests!(through_diesel, crate::key_stores::diesel_store("delete"));
key_store_contract::tests!(through_diesel_wal, crate::key_stores::diesel_store("wal"));
key_store_contract::tests!(through_diesel_and_r2d2, crate::key_stores::diesel_pool());

fn some_id() -> KeyId {
    KeyId::new(1).unwrap()
}

/// What every operation says about a store in which something is wrong.
fn all_operations(store: &dyn KeyStore) -> [StoreError; 4] {
    let update = record(1, "a", KeyState::Active).with_revision(2);
    [
        load_all(store).unwrap_err(),
        store.load_scope(&Scope::tenant("a").unwrap()).unwrap_err(),
        store.get(some_id()).unwrap_err(),
        store.commit(&[Change::Update(update)]).unwrap_err(),
    ]
}
