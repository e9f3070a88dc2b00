//! Key stores: one contract for all of them, and what each does with damage.

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sqlite::SqliteConnection;
use fieldseal::Dialect;
use fieldseal::keys::{KeyId, KeyRecord, KeyState};
use fieldseal::store::{Change, Diesel, File, KeyStore, Memory, Page, Rusqlite, StoreError, load_all, migration};
use fieldseal::testing::FaultyKms;
use fieldseal::testing::key_store_contract::{self, record};
use fieldseal::{Keyring, KeyringError, Scope};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use testkit::sqlite_damage;

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

/// Both SQL stores on one database.
fn sql_stores(path: &Path) -> [Box<dyn KeyStore>; 2] {
    [Box::new(Rusqlite::open(path).unwrap()), Box::new(diesel_at(path))]
}

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

/// Counts commits.
#[derive(Debug)]
struct Counting {
    inner: Box<dyn KeyStore>,
    commits: AtomicU32,
}

impl KeyStore for Counting {
    fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Page, StoreError> {
        self.inner.page(after, limit)
    }

    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        self.inner.load_scope(scope)
    }

    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
        self.inner.get(id)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.inner.commit(changes)
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
        let store = Arc::new(Counting { inner, commits: AtomicU32::new(0) });
        let keyring = Keyring::builder(FaultyKms::new(), Arc::clone(&store)).without_background().start().unwrap();
        let error = keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap_err();
        assert!(matches!(error, KeyringError::Store(StoreError::Denied { .. })), "{error:?}");
        assert!(std::error::Error::source(&error).is_some() && !error.is_transient(), "{error:?}");
        assert_eq!(store.commits.load(Ordering::Relaxed), 1);
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

/// A file with the primary of the scope `a`, and what is in it.
fn file_of_one() -> (TempDir, PathBuf, String) {
    let (folder, path) = folder("keys.json");
    File::create(&path).unwrap().commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    (folder, path, text)
}

/// Those entries after the ones that the file has.
fn with_entries(text: &str, entries: &[String]) -> String {
    let end = text.rfind("\n  ]").unwrap();
    format!("{},\n{}{}", &text[..end], entries.join(",\n"), &text[end..])
}

/// The file's entry of key 1.
fn entry(text: &str) -> &str {
    &text[text.find("    {").unwrap()..text.rfind("\n  ]").unwrap()]
}

#[test]
fn damaged_files_are_refused() {
    let (_folder, path, text) = file_of_one();
    let cases = [
        String::new(),
        "[]".to_owned(),
        "null".to_owned(),
        "fieldseal-keys/1".to_owned(),
        "{}".to_owned(),
        r#"{"format":"fieldseal-keys/1"}"#.to_owned(),
        format!("{text}{{}}"),
        format!("\u{FEFF}{text}"),
        text.replace("keys/1", "keys/2"),
        text.replace("fieldseal-keys/1\"", "fieldseal-keys/1\", \"extra\": 1"),
    ];
    for case in cases {
        assert_ne!(case, text);
        std::fs::write(&path, &case).unwrap();
        assert!(matches!(File::open(&path), Err(StoreError::Damaged { .. })), "{case:.300}");
        assert!(matches!(File::open_or_create(&path), Err(StoreError::Damaged { .. })), "{case:.300}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), case, "a damaged file is not replaced");
    }
    for end in 0..text.trim_end().len() {
        std::fs::write(&path, &text[..end]).unwrap();
        assert!(matches!(File::open(&path), Err(StoreError::Damaged { .. })), "{end}");
    }
    std::fs::write(&path, &text).unwrap();
    let store = File::open(&path).unwrap();
    std::fs::write(&path, &text[..20]).unwrap();
    for error in all_operations(&store) {
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    }
}

#[test]
fn a_damaged_record_in_a_file_keeps_no_other_from_being_read() {
    let (_folder, path, text) = file_of_one();
    let own = entry(&text).replace("\"id\": 1", "\"id\": 2").replace("\"a\"", "\"b\"");
    let with = |from: &str, to: &str| vec![own.replace(from, to)];
    let (two, none) = (KeyId::new(2), None);
    for (entries, key, column) in [
        (with("\"id\": 2", "\"id\": 0"), none, "id"),
        (with("\"id\": 2", "\"id\": -1"), none, "id"),
        (with("\"id\": 2", "\"id\": \"2\""), none, "id"),
        (with("\"id\": 2,", ""), none, "id"),
        (with("\"id\": 2", "\"id\": 2, \"id\": 3"), none, "entry"),
        (with("\"kek\"", "\"kek\": \"k\", \"kek\""), none, "entry"),
        (with("\"id\": 2", "\"id\": 2, \"extra\": 1"), two, "entry"),
        (vec!["[2]".to_owned()], none, "entry"),
        (with("\"b\"", &format!("\"{}\"", "x".repeat(65_536))), two, "scope"),
        (with("primary", "Primary"), two, "state"),
        (with("0101", "01"), two, "commitment"),
        (with("AQID", "AQI"), two, "wrapped"),
        (with("AQID", &"AQID".repeat(500_000)), two, "wrapped"),
        (with("AQID", &"AQID".repeat(21_846)), two, "wrapped"),
        (with("1700000000", "\"now\""), two, "created"),
        (with("\"revision\": 1", "\"revision\": -1"), two, "revision"),
        (with("\"b\"", "\"c\"").into_iter().chain([own.clone()]).collect(), two, "id"),
    ] {
        let file = with_entries(&text, &entries);
        std::fs::write(&path, &file).unwrap();
        let store = File::open(&path).unwrap();
        let page = store.page(None, 9).unwrap();
        assert_eq!(page.records.iter().map(|record| record.id.get()).collect::<Vec<_>>(), [1], "{column}");
        let damaged: Vec<_> = page.damaged.iter().map(|error| (error.key, error.column.name())).collect();
        assert_eq!((damaged, page.next), (vec![(key, column)], None));
        let is_it = |error: StoreError| matches!(error, StoreError::Malformed { error, .. } if error.column.name() == column);
        assert!(is_it(load_all(&store).unwrap_err()), "{column}");
        assert_eq!(store.load_scope(&Scope::tenant("a").unwrap()).unwrap().len(), 1, "{column}");
        if key.is_some() {
            assert!(is_it(store.get(KeyId::new(2).unwrap()).unwrap_err()), "{column}");
        }
        if key.is_some() && column != "scope" {
            assert!(is_it(store.load_scope(&Scope::tenant("b").unwrap()).unwrap_err()), "{column}");
        }
        // What can't be read isn't lost by a commit.
        assert!(is_it(store.commit(&[Change::Insert(record(9, "d", KeyState::Primary))]).unwrap_err()), "{column}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), file, "a damaged file is not replaced");
    }
}

/// Which of them is right isn't known.
#[test]
fn two_primaries_of_a_scope_in_a_file_are_both_damaged() {
    let (_folder, path, text) = file_of_one();
    let others = [("2", "a"), ("3", "b")].map(|(id, scope)| {
        entry(&text).replace("\"id\": 1", &format!("\"id\": {id}")).replace("\"a\"", &format!("\"{scope}\""))
    });
    std::fs::write(&path, with_entries(&text, &others)).unwrap();
    let store = File::open(&path).unwrap();
    let page = store.page(None, 9).unwrap();
    assert_eq!(page.records.iter().map(|record| record.id.get()).collect::<Vec<_>>(), [3]);
    let damaged: Vec<_> =
        page.damaged.iter().map(|error| (error.key.unwrap().get(), error.column.name())).collect();
    assert_eq!(damaged, [(1, "state"), (2, "state")]);
    // Each is told of once, page by page.
    let (first, second) = (store.page(None, 1).unwrap(), store.page(KeyId::new(1), 2).unwrap());
    assert_eq!((first.damaged.len(), first.next), (1, KeyId::new(1)));
    assert_eq!((second.damaged.len(), second.records.len(), second.next), (1, 1, KeyId::new(3)));
    assert!(store.load_scope(&Scope::tenant("a").unwrap()).is_err());
}

#[test]
fn a_file_is_the_documented_json_and_for_its_owner_only() {
    let (_folder, path) = folder("keys.json");
    let store = File::create(&path).unwrap();
    store.commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"format": "fieldseal-keys/1", "keys": [{
            "id": 1, "scope": "a", "state": "primary", "commitment": "01".repeat(32),
            "wrapped": [{"kek": "local:00", "blob": "AQID"}], "created": 1_700_000_000, "revision": 1,
        }]})
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_file_is_made_and_found_as_asked() {
    let (folder, path) = folder("keys.json");
    assert!(matches!(File::open(&path), Err(StoreError::Missing { .. })));
    let store = File::open_or_create(&path).unwrap();
    store.commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap();
    let error = File::create(&path).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.hint().contains("store::File::open"), "{error:?}");
    assert_eq!(load_all(&File::open_or_create(&path).unwrap()).unwrap().len(), 1);
    assert!(matches!(File::open(folder.path()), Err(StoreError::Damaged { .. })));
    assert!(matches!(File::create(folder.path().join("no/keys.json")), Err(StoreError::Unavailable { .. })));
    std::fs::remove_file(&path).unwrap();
    for error in all_operations(&store) {
        assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    }
}

#[test]
fn many_threads_make_one_file() {
    let (_folder, path) = folder("keys.json");
    let work = |thread: u32| {
        let store = File::open_or_create(&path).unwrap();
        store.commit(&[Change::Insert(record(1 + thread, &thread.to_string(), KeyState::Primary))]).unwrap();
    };
    std::thread::scope(|threads| {
        for thread in 0..8 {
            threads.spawn(move || work(thread));
        }
    });
    assert_eq!(load_all(&File::open(&path).unwrap()).unwrap().len(), 8);
}
