//! What is in files after a run: the database with its journals open, and the key store.

use super::*;
use database::Database;
use fieldseal::store::{File, Rusqlite};

/// Inserts, updates, deletes and rotations through both libraries.
fn run(database: &mut Database, keyring: &Keyring) -> Vec<Vault> {
    let mut rows = Vec::new();
    for version in 0..3 {
        for id in 1..=8 {
            let row = row(id, version);
            if id % 2 == 0 {
                let query =
                    diesel::insert_into(vault::table).values(&row).on_conflict(vault::id).do_update().set(&row);
                query.execute(&mut database.diesel).unwrap();
            } else {
                let sql = INSERT.replace("INSERT", "INSERT OR REPLACE");
                database.rusqlite.execute(&sql, row.params().bind().as_slice()).unwrap();
            }
            rows.push(row);
        }
        for tenant in [1, 2] {
            keyring.admin().rotate(&Scope::tenant(tenant).unwrap()).unwrap();
        }
    }
    let loaded: Vec<Vault> = vault::table.select(Vault::as_select()).load(&mut database.diesel).unwrap();
    assert_eq!(loaded.len(), 8);
    diesel::delete(vault::table.find(2_i64)).execute(&mut database.diesel).unwrap();
    database.sql("DELETE FROM vault WHERE id = 3", []);
    rows
}

fn secrets_of(folder: &Path, keyring: &Keyring, keys: &Mutex<Vec<[u8; 32]>>, rows: &[Vault]) -> Secrets {
    let mut secrets = Secrets::new();
    add_keys(&mut secrets, folder, keyring, keys);
    rows.iter().for_each(|row| add_plaintexts(&mut secrets, row));
    secrets
}

fn check_files(secrets: &Secrets, folder: &Path, expected: &[&str]) {
    for name in expected {
        let content = std::fs::read(folder.join(name)).unwrap();
        assert!(content.len() > 1000, "{name} has {} bytes", content.len());
        secrets.check(name, &content);
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = secrets.found_in(&std::fs::read(&path).unwrap()).into_iter().filter(|name| *name != "planted");
        let found: Vec<_> = found.collect();
        if path.ends_with("kek.json") {
            assert_eq!(found, ["KEK"], "the scanner finds the KEK where it belongs");
        } else {
            assert!(found.is_empty(), "{}: {found:?}", path.display());
        }
    }
}

#[test]
fn a_database_in_wal_mode() {
    capture_logs();
    let mut database = Database::new(SCHEMA);
    database.rusqlite.pragma_update(None, "journal_mode", "wal").unwrap();
    database.rusqlite.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    let folder = database.folder.path().to_owned();
    let store = Rusqlite::open(database.path()).unwrap();
    store.create_table().unwrap();
    let (keyring, keys) = open(&folder, store);
    let rows = run(&mut database, keyring);
    let secrets = secrets_of(&folder, keyring, &keys, &rows);
    check_files(&secrets, &folder, &["app.db-wal"]);
    database.rusqlite.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    check_files(&secrets, &folder, &["app.db", "app.db-wal"]);
    check_logs(&secrets);
}

#[test]
fn a_database_with_a_rollback_journal() {
    capture_logs();
    let mut database = Database::new(SCHEMA);
    database.rusqlite.pragma_update(None, "journal_mode", "persist").unwrap();
    diesel::sql_query("PRAGMA journal_mode = persist").execute(&mut database.diesel).unwrap();
    let folder = database.folder.path().to_owned();
    let store = Rusqlite::open(database.path()).unwrap();
    store.create_table().unwrap();
    let (keyring, keys) = open(&folder, store);
    let rows = run(&mut database, keyring);
    let secrets = secrets_of(&folder, keyring, &keys, &rows);
    check_files(&secrets, &folder, &["app.db"]);

    // In the middle of a transaction that is too large for the cache.
    database.rusqlite.execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN IMMEDIATE").unwrap();
    let mut later = Vec::new();
    for id in 1..=8 {
        let row = row(id, 4);
        let sql = INSERT.replace("INSERT", "INSERT OR REPLACE");
        database.rusqlite.execute(&sql, row.params().bind().as_slice()).unwrap();
        later.push(row);
    }
    let mut secrets = secrets;
    later.iter().for_each(|row| add_plaintexts(&mut secrets, row));
    check_files(&secrets, &folder, &["app.db", "app.db-journal"]);
    database.rusqlite.execute_batch("COMMIT").unwrap();
    check_files(&secrets, &folder, &["app.db", "app.db-journal"]);
    check_logs(&secrets);
}

#[test]
fn a_key_store_in_a_file() {
    capture_logs();
    let mut database = Database::new(SCHEMA);
    let folder = database.folder.path().to_owned();
    let (keyring, keys) = open(&folder, File::create(folder.join("keys.json")).unwrap());
    let rows = run(&mut database, keyring);
    let spare = keyring.admin().stage(&Scope::tenant(PLANTED).unwrap()).unwrap();
    Local::open(folder.join("kek.json")).unwrap().rotate().unwrap();
    keyring.admin().rewrap().unwrap();
    let secrets = secrets_of(&folder, keyring, &keys, &rows);
    check_files(&secrets, &folder, &["keys.json", "app.db"]);
    keyring.admin().destroy(spare).unwrap();
    check_files(&secrets, &folder, &["keys.json"]);
    check_logs(&secrets);
}
