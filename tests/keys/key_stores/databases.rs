//! Key stores in SQLite: tables that are missing, damaged, locked or for reading only.

use super::{all_operations, database, diesel_at, folder, some_id};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::sqlite::SqliteConnection;
use fieldseal::keys::KeyState;
use fieldseal::store::{Change, Diesel, KeyStore, Page, Rusqlite, StoreError, load_all, migration};
use fieldseal::testing::key_store_contract::record;
use fieldseal::testing::{FaultyKms, FaultyStore};
use fieldseal::{Dialect, Keyring, KeyringError, Scope};
use std::path::Path;
use std::sync::Arc;
use testkit::sqlite_damage;

/// Both SQL stores on one database.
fn sql_stores(path: &Path) -> [Box<dyn KeyStore>; 2] {
    [Box::new(Rusqlite::open(path).unwrap()), Box::new(diesel_at(path))]
}

#[test]
fn a_table_that_is_missing_is_said_to_be() {
    let (_folder, path) = folder("app.db");
    for store in sql_stores(&path) {
        for error in all_operations(&*store) {
            assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
            assert!(error.hint().contains("create_table"), "{error:?}");
        }
    }
    Rusqlite::open(&path).unwrap().create_table().unwrap();
    diesel_at(&path).create_table().unwrap();
    for store in sql_stores(&path) {
        assert_eq!(load_all(&store).unwrap(), []);
    }
}

#[test]
fn damaged_rows_name_their_column() {
    for (column, literal) in sqlite_damage::DAMAGES {
        let (_folder, path) = database("delete");
        let raw = rusqlite::Connection::open(&path).unwrap();
        let records = [record(1, "a", KeyState::Active), record(2, "b", KeyState::Active)];
        Rusqlite::open(&path).unwrap().commit(&records.map(Change::Insert)).unwrap();
        raw.execute_batch(&format!(
            "PRAGMA ignore_check_constraints = ON; UPDATE fieldseal_keys SET {column} = {literal} WHERE id = 1"
        ))
        .unwrap();
        for store in sql_stores(&path) {
            match load_all(&store) {
                Err(StoreError::Malformed { error, .. }) => assert_eq!(error.column.name(), column, "{literal}"),
                other => panic!("{column} = {literal}: {other:?}"),
            }
            let page = store.page(None, 9).unwrap();
            assert_eq!(page.records, [record(2, "b", KeyState::Active)], "{column} = {literal}");
            let damaged = |page: &Page| page.damaged.iter().map(|error| error.column.name()).collect::<Vec<_>>();
            assert_eq!((damaged(&page), page.next), (vec![column], None), "{literal}");
            // Each once, whatever the order of such ids.
            let (mut after, mut once) = (None, Vec::new());
            for _ in 0..3 {
                let page = store.page(after, 1);
                let Ok(page) = page else { break };
                once.extend(damaged(&page));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert!(once.len() <= 1, "{column} = {literal}: {once:?}");
            if column != "id" {
                assert!(matches!(store.get(some_id()), Err(StoreError::Malformed { .. })), "{column} = {literal}");
                let update = record(1, "a", KeyState::Active).with_revision(2);
                assert!(store.commit(&[Change::Update(update)]).is_err(), "{column} = {literal}");
            }
        }
    }
}

#[test]
fn null_and_other_tables_are_no_key_store() {
    let columns = "scope, state, commitment, wrapped, created, revision";
    let null =
        format!("CREATE TABLE fieldseal_keys (id, {columns}); INSERT INTO fieldseal_keys (id) VALUES (NULL)");
    let other = "CREATE TABLE fieldseal_keys (id INTEGER PRIMARY KEY, name TEXT)".to_owned();
    for (sql, malformed) in [(null, true), (other, false)] {
        let (_folder, path) = folder("app.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
        for store in sql_stores(&path) {
            let error = load_all(&store).unwrap_err();
            assert_eq!(matches!(error, StoreError::Malformed { .. }), malformed, "{error:?}");
            assert_eq!(matches!(error, StoreError::Damaged { .. }), !malformed, "{error:?}");
        }
    }
}

/// A table that somebody made anew, without its key.
#[test]
fn two_records_of_one_key_are_none() {
    let (_folder, path) = folder("app.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("CREATE TABLE fieldseal_keys (id, scope, state, commitment, wrapped, created, revision)")
        .unwrap();
    let records =
        [record(1, "a", KeyState::Active), record(2, "a", KeyState::Active), record(3, "b", KeyState::Active)];
    Rusqlite::open(&path).unwrap().commit(&records.clone().map(Change::Insert)).unwrap();
    raw.execute_batch("INSERT INTO fieldseal_keys SELECT * FROM fieldseal_keys WHERE id = 2").unwrap();
    for store in sql_stores(&path) {
        let error = load_all(&store).unwrap_err().to_string();
        assert!(error.contains(&format!("data key {} has more than one record", records[1].id)), "{error}");
        let page = store.page(None, 9).unwrap();
        assert_eq!(page.records, [records[0].clone(), records[2].clone()]);
        assert_eq!(page.damaged.iter().map(|error| error.key).collect::<Vec<_>>(), [Some(records[1].id)]);
    }
}

#[test]
fn a_file_that_is_no_database_is_damaged() {
    let (_folder, path) = folder("app.db");
    std::fs::write(&path, "not a database, and longer than the header of one".repeat(100)).unwrap();
    for store in sql_stores(&path) {
        for error in all_operations(&*store) {
            assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        }
    }
}

#[test]
fn the_table_refuses_rows_that_are_no_records() {
    let (_folder, path) = database("delete");
    let raw = rusqlite::Connection::open(&path).unwrap();
    let insert = |id: &str,
                  scope: &str,
                  state: &str,
                  commitment: &str,
                  wrapped: &str,
                  created: &str,
                  revision: &str| {
        raw.execute_batch(&format!(
            "INSERT INTO fieldseal_keys VALUES ({id}, {scope}, {state}, {commitment}, {wrapped}, {created}, {revision})"
        ))
    };
    let commitment = "zeroblob(32)";
    insert("1", "'a'", "'primary'", commitment, "'[]'", "0", "1").unwrap();
    for bad in [
        insert("0", "'b'", "'active'", commitment, "'[]'", "0", "1"),
        insert("4294967296", "'b'", "'active'", commitment, "'[]'", "0", "1"),
        insert("2", "NULL", "'active'", commitment, "'[]'", "0", "1"),
        insert("2", "x'61'", "'active'", commitment, "'[]'", "0", "1"),
        insert("2", "'b'", "'gone'", commitment, "'[]'", "0", "1"),
        insert("2", "'b'", "'active'", "zeroblob(31)", "'[]'", "0", "1"),
        insert("2", "'b'", "'active'", commitment, "x'00'", "0", "1"),
        insert("2", "'b'", "'active'", commitment, "'[]'", "'now'", "1"),
        insert("2", "'b'", "'active'", commitment, "'[]'", "0", "-1"),
        insert("2", "'a'", "'primary'", commitment, "'[]'", "0", "1"),
    ] {
        assert!(bad.unwrap_err().to_string().contains("constraint failed"));
    }
    insert("2", "'b'", "'primary'", commitment, "'[]'", "0", "1").unwrap();
}

#[test]
fn the_migration_can_be_repeated_and_taken_back() {
    let (_folder, path) = database("delete");
    let raw = rusqlite::Connection::open(&path).unwrap();
    let step = migration(Dialect::Sqlite);
    let objects = || {
        let sql = "SELECT count(*) FROM sqlite_master WHERE tbl_name = 'fieldseal_keys'";
        raw.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    raw.execute_batch(step.up).unwrap();
    assert_eq!(objects(), 3);
    raw.execute_batch(step.down).unwrap();
    raw.execute_batch(step.down).unwrap();
    assert_eq!(objects(), 0);
}

#[test]
fn a_database_in_utf_16_works_as_well() {
    let (_folder, path) = folder("app.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(&format!("PRAGMA encoding = 'UTF-16'; {}", migration(Dialect::Sqlite).up))
        .unwrap();
    let [one, two] = sql_stores(&path);
    let (a, b) = (record(1, "Zürich 🏥", KeyState::Primary), record(2, "b", KeyState::Primary));
    one.commit(&[Change::Insert(a.clone())]).unwrap();
    two.commit(&[Change::Insert(b.clone())]).unwrap();
    for store in [one, two] {
        assert_eq!(load_all(&store).unwrap(), [a.clone(), b.clone()]);
        assert_eq!(store.load_scope(&a.scope).unwrap(), std::slice::from_ref(&a));
    }
}

#[test]
fn a_connection_inside_a_transaction_is_refused() {
    let (_folder, path) = database("wal");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let mut test = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    test.begin_test_transaction().unwrap();
    let stores: [Box<dyn KeyStore>; 2] =
        [Box::new(Rusqlite::from_connection(connection)), Box::new(Diesel::new(test))];
    for store in stores {
        for error in all_operations(&*store) {
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
            assert!(error.to_string().contains("transaction"), "{error}");
        }
    }
}

#[test]
fn a_database_that_stays_locked_is_unavailable_and_says_so() {
    let (_folder, path) = database("wal");
    let blocker = rusqlite::Connection::open(&path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let quick = rusqlite::Connection::open(&path).unwrap();
    quick.busy_timeout(std::time::Duration::from_millis(20)).unwrap();
    let mut diesel = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    diesel.batch_execute("PRAGMA busy_timeout = 20").unwrap();
    let stores: [Box<dyn KeyStore>; 2] =
        [Box::new(Rusqlite::from_connection(quick)), Box::new(Diesel::new(diesel))];
    for store in &stores {
        let change = [Change::Insert(record(1, "a", KeyState::Primary))];
        let error = store.commit(&change).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(error.to_string().contains("busy timeout"), "{error}");
        assert_eq!(load_all(store).unwrap(), [], "a store that failed goes on working");
    }
    blocker.execute_batch("COMMIT").unwrap();
    for (store, id) in stores.iter().zip(1..) {
        store.commit(&[Change::Insert(record(id, &id.to_string(), KeyState::Primary))]).unwrap();
    }
}

#[test]
fn a_database_that_can_only_be_read_denies_once() {
    let (_folder, path) = database("wal");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let mut diesel = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    diesel.batch_execute("PRAGMA query_only = ON").unwrap();
    let stores: [Box<dyn KeyStore>; 2] = [
        Box::new(Rusqlite::from_connection(rusqlite::Connection::open_with_flags(&path, flags).unwrap())),
        Box::new(Diesel::new(diesel)),
    ];
    for inner in stores {
        assert_eq!(load_all(&inner).unwrap(), []);
        let store = Arc::new(FaultyStore::over(inner));
        let keyring = Keyring::builder(FaultyKms::new(), Arc::clone(&store)).without_background().start().unwrap();
        let error = keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap_err();
        assert!(matches!(error, KeyringError::Store(StoreError::Denied { .. })), "{error:?}");
        assert!(std::error::Error::source(&error).is_some() && !error.is_transient(), "{error:?}");
        assert_eq!(store.calls().commits, 1);
    }
}

#[test]
fn a_store_waits_for_its_turn() {
    let (_folder, path) = database("delete");
    for (store, id) in sql_stores(&path).into_iter().zip(1..) {
        let blocker = rusqlite::Connection::open(&path).unwrap();
        blocker.execute_batch("BEGIN EXCLUSIVE").unwrap();
        std::thread::scope(|threads| {
            let waiting = threads.spawn(|| store.commit(&[Change::Insert(record(id, "a", KeyState::Active))]));
            std::thread::sleep(std::time::Duration::from_millis(300));
            blocker.execute_batch("COMMIT").unwrap();
            waiting.join().unwrap().unwrap();
        });
    }
}
