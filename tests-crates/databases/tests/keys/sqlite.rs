//! sqlx on SQLite, where any column can hold a value of any type: as `tests/keys/key_stores.rs` has
//! it for the other libraries.

use fieldseal::Dialect;
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::store::{Change, KeyStore as _, Sqlx, StoreError, load_all, migration};
use fieldseal::testing::key_store_contract::record;
use fieldseal_databases::Database;
use sqlx::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;
use testkit::sqlite_damage::DAMAGES;

fn store(database: &Database) -> Sqlx<Sqlite> {
    Sqlx::new(SqliteConnectOptions::new().filename(&database.url).create_if_missing(true)).unwrap()
}

#[test]
fn damaged_rows_name_their_column() {
    for (column, literal) in DAMAGES {
        let database = Database::sqlite();
        let store = store(&database);
        store.create_table().unwrap();
        store.commit(&[Change::Insert(record(1, "a", KeyState::Active))]).unwrap();
        let raw = rusqlite::Connection::open(&database.url).unwrap();
        raw.execute_batch(&format!(
            "PRAGMA ignore_check_constraints = ON; UPDATE fieldseal_keys SET {column} = {literal}"
        ))
        .unwrap();
        match load_all(&store) {
            Err(StoreError::Malformed { error, .. }) => assert_eq!(error.column.name(), column, "{literal}"),
            other => panic!("{column} = {literal}: {other:?}"),
        }
        let get = store.get(KeyId::new(1).unwrap());
        assert!(column == "id" || matches!(get, Err(StoreError::Malformed { .. })), "{column} = {literal}");
    }
}

#[test]
fn other_tables_and_files_are_no_key_store() {
    let database = Database::sqlite();
    let store = store(&database);
    assert!(matches!(load_all(&store).unwrap_err(), StoreError::Missing { .. }));
    let raw = rusqlite::Connection::open(&database.url).unwrap();
    raw.execute_batch("CREATE TABLE fieldseal_keys (id INTEGER PRIMARY KEY, name TEXT)").unwrap();
    assert!(matches!(load_all(&store).unwrap_err(), StoreError::Damaged { .. }));
    drop(raw);
    std::fs::write(&database.url, "not a database, and longer than the header of one".repeat(100)).unwrap();
    let error = load_all(&self::store(&database)).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[test]
fn a_database_in_utf_16_works_as_well() {
    let database = Database::sqlite();
    let sql = format!("PRAGMA encoding = 'UTF-16'; {}", migration(Dialect::Sqlite).up);
    rusqlite::Connection::open(&database.url).unwrap().execute_batch(&sql).unwrap();
    let one = record(1, "Zürich 🏥", KeyState::Primary);
    store(&database).commit(&[Change::Insert(one.clone())]).unwrap();
    assert_eq!(load_all(&store(&database)).unwrap(), std::slice::from_ref(&one));
    assert_eq!(store(&database).load_scope(&one.scope).unwrap(), std::slice::from_ref(&one));
}
