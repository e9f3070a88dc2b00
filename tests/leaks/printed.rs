//! What types, errors and queries print: `Display`, `Debug`, and `Debug` with line breaks.

use super::*;
use database::Database;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::debug_query;
use fieldseal::envelope::Envelope;
use fieldseal::keyring::KeyringSlot;
use fieldseal::keys::{Binding, Commitment, DataKey, KeyId, KeyState};
use fieldseal::kms::{Argon2Params, Kms as _, LocalError, Passphrase};
use fieldseal::store::{Change, Diesel, File, Memory, Rusqlite, load_all};
use fieldseal::value::{Encoded, Kind, StoredBytes, StoredValue};
use fieldseal::{ErrorKind, KeyringError, RowContext, RowId, SchemaLock, Value as _};
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt::Debug;

/// A run with everything in memory but the KEK.
struct Scene {
    database: Database,
    keyring: &'static Keyring,
    secrets: Secrets,
    row: Vault,
    printed: String,
}

impl Scene {
    fn new() -> Self {
        capture_logs();
        let mut database = Database::new(SCHEMA);
        let (keyring, keys) = open(database.folder.path(), Memory::new());
        let row = row(1, 9);
        diesel::insert_into(vault::table).values(&row).execute(&mut database.diesel).unwrap();
        let mut secrets = Secrets::new();
        add_keys(&mut secrets, database.folder.path(), keyring, &keys);
        add_plaintexts(&mut secrets, &row);
        Self { database, keyring, secrets, row, printed: String::new() }
    }

    fn debug(&mut self, value: &dyn Debug) {
        self.printed += &format!("{value:?}\n{value:#?}\n");
    }

    fn error(&mut self, error: &(dyn StdError + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.printed += &format!("{error}\n{error:#}\n{error:?}\n{error:#?}\n");
            next = error.source();
        }
    }

    fn failed<T>(&mut self, result: Result<T, impl StdError + 'static>) {
        self.error(&result.err().expect("an error"));
    }

    fn value_error<T>(&mut self, result: Result<T, impl StdError + 'static>, expected: &ErrorKind) {
        let error = result.err().expect("an error");
        assert_eq!(Error::find_in(&error).unwrap().kind(), expected);
        self.error(&error);
    }

    fn end(self) {
        self.secrets.check_text("printed", &self.printed);
        check_logs(&self.secrets);
    }
}

#[test]
fn no_type_prints_a_secret() {
    let mut scene = Scene::new();
    let folder = scene.database.folder.path().to_owned();
    let text = scene.row.name.clone();
    let row = RowContext::of_row(RowId::of(&1_i64)).in_scope(Scope::tenant(2).unwrap());
    let column = &Vault::SCHEMA.columns[0];
    scene.debug(scene.keyring);

    let mut key_bytes = *b"a data key that only a KMS sees!";
    scene.secrets.add("DataKey", &key_bytes);
    let key = DataKey::take(&mut key_bytes).unwrap();
    let binding = Binding::new(KeyId::new(7).unwrap(), Scope::tenant(2).unwrap(), Commitment::from_bytes([9; 32]));
    let kms = Local::open(folder.join("kek.json")).unwrap();
    let wrapped = kms.wrap(&key, &binding).unwrap();
    scene.secrets.add("passphrase", b"correct-horse-battery-staple");
    let params = Argon2Params::RECOMMENDED.with_memory_kib(64).with_iterations(1).with_parallelism(1);
    let passphrase = Passphrase::new("correct-horse-battery-staple").argon2(params);
    let protected = Local::create_with_passphrase(folder.join("protected.json"), &passphrase).unwrap();
    for value in [&kms as &dyn Debug, &key, &binding, &wrapped, &passphrase, &protected, &kms.kek()] {
        scene.debug(value);
    }

    let memory = Memory::new();
    let keyring = Keyring::start(Local::open(folder.join("kek.json")).unwrap(), memory).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let file = File::create(folder.join("keys.json")).unwrap();
    let sqlite = Rusqlite::open(folder.join("keys.db")).unwrap();
    let through_diesel = Diesel::new(SqliteConnection::establish(":memory:").unwrap());
    sqlite.create_table().unwrap();
    through_diesel.create_table().unwrap();
    let slot = KeyringSlot::new();
    slot.install(keyring.clone()).unwrap();
    for value in [&keyring as &dyn Debug, &keyring.keys(), &file, &sqlite, &through_diesel, &slot, &Memory::new()] {
        scene.debug(value);
    }
    let in_file = Keyring::start(Local::open(folder.join("kek.json")).unwrap(), file.clone()).unwrap();
    in_file.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    for record in load_all(&file).unwrap() {
        scene.debug(&record);
        scene.debug(&Change::Insert(record));
    }

    let sealed_value = scene.keyring.seal(column, &row, &text);
    let sealed_bytes = sealed_value.clone().into_bytes().unwrap().unwrap();
    let loaded: Vault = vault::table.select(Vault::as_select()).first(&mut scene.database.diesel).unwrap();
    assert_eq!(loaded.ssn.open().unwrap(), scene.row.ssn.open().unwrap());
    let plain_stored = StoredValue::Text(text.as_bytes());
    let opened = loaded.clone().ssn.into_open().unwrap();
    for value in [
        &sealed_value as &dyn Debug,
        &Sealed::new(text.clone()),
        &fieldseal::value::Json(&text),
        &loaded.ssn,
        &loaded.ssn.clone(),
        &loaded,
        &scene.row.clone(),
        &Some(scene.row.clone()),
        &scene.row.clone().params(),
        &scene.row.clone().params().only(&["name"]),
        &plain_stored,
        &StoredValue::Bytes(text.as_bytes()),
        &StoredBytes::copy_of(plain_stored),
        &StoredBytes::copy_of(StoredValue::Bytes(text.as_bytes())),
        &text.encode().unwrap(),
        &Encoded::short(&text.as_bytes()[..16]),
        &Encoded::owned(opened.into_bytes().into()),
        &Envelope::parse(&sealed_bytes).unwrap(),
        &row,
        &Vault::SCHEMA,
        &SchemaLock::new().model::<Vault>(),
    ] {
        scene.debug(value);
    }
    scene.end();
}

#[test]
fn no_query_prints_a_secret() {
    #[derive(Clone, Default)]
    struct Events(Arc<Mutex<String>>);

    impl Instrumentation for Events {
        fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
            *self.0.lock().unwrap() += &format!("{event:?}\n{event:#?}\n");
        }
    }

    let mut scene = Scene::new();
    let events = Events::default();
    let row = scene.row.clone();
    scene.database.diesel.set_instrumentation(events.clone());
    let connection = &mut scene.database.diesel;
    let mut printed = String::new();
    let rows = [Vault { id: 5, ..row.clone() }, Vault { id: 6, ..row.clone() }];
    let insert = diesel::insert_into(vault::table).values(&rows[..1]);
    printed += &format!("{0} {0:?} {0:#?}", debug_query::<diesel::sqlite::Sqlite, _>(&insert));
    insert.execute(connection).unwrap();
    diesel::insert_into(vault::table).values(rows[1].clone()).execute(connection).unwrap();
    let update = diesel::update(vault::table.find(5_i64)).set(&row);
    printed += &format!("{0} {0:?} {0:#?}", debug_query::<diesel::sqlite::Sqlite, _>(&update));
    let changed = Vault { id: 5, ..row.clone() };
    diesel::update(vault::table.find(5_i64)).set(&changed).execute(connection).unwrap();
    let email = Vault::seal_email(&row.org_id, &row.email);
    let find = vault::table.filter(vault::email.eq(email)).select(Vault::as_select());
    printed += &format!("{0} {0:?} {0:#?}", debug_query::<diesel::sqlite::Sqlite, _>(&find));
    assert_eq!(find.load::<Vault>(connection).unwrap().len(), 3);
    let twice = diesel::insert_into(vault::table).values(&rows[0]).execute(connection);
    scene.failed(twice);
    let twice = scene.database.rusqlite.execute(INSERT, rows[0].params().bind().as_slice());
    scene.failed(twice);
    let unknown =
        scene.database.rusqlite.execute("INSERT INTO vault (id) VALUES (:id)", row.params().bind().as_slice());
    scene.failed(unknown);

    assert!(printed.contains(PLANTED), "diesel prints what isn't sealed");
    scene.secrets.check("debug_query", printed.as_bytes());
    let events = events.0.lock().unwrap().clone();
    assert!(events.contains("FinishQuery"), "{events}");
    scene.secrets.check("instrumentation", events.as_bytes());
    let expanded = scene.database.rusqlite.prepare(INSERT).unwrap();
    let printed = format!("{expanded:?} {:?}", expanded.expanded_sql());
    drop(expanded);
    scene.printed += &printed;
    scene.end();
}

/// Reads what [`Vault`] wrote, as other types.
#[derive(Encrypt)]
#[encrypt(table = "vault", row = id, scope = org_id, keyring = Current, rusqlite, read_only)]
#[diesel(table_name = vault)]
struct Misread {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: i64,
}

#[test]
fn no_value_error_prints_a_secret() {
    let mut scene = Scene::new();
    let tenant = Scope::tenant(2).unwrap();
    let (keyring, text) = (scene.keyring, scene.row.name.clone());
    let place = RowContext::of_row(RowId::of(&1_i64)).in_scope(tenant.clone());
    let column = &Vault::SCHEMA.columns[0];

    for (_, misread) in testkit::load_both!(&mut scene.database, Misread, vault, 1_i64) {
        let refusal = misread.map(|row| (row.id, row.org_id, row.name)).unwrap_err();
        assert_eq!(*refusal.error.kind(), ErrorKind::Malformed(Kind::I64));
        scene.printed += &refusal.printed;
    }
    let sealed = keyring.seal_bytes(column, &place, text.as_bytes()).unwrap();
    let padded = Column::new("vault", "name").pad(32);
    scene.value_error(keyring.open_bytes(&padded, &place, &sealed), &ErrorKind::MalformedPadding);
    let not_utf8 = keyring.seal_bytes(column, &place, &scene.row.photo).unwrap();
    scene.value_error(keyring.open::<String>(column, &place, &not_utf8), &ErrorKind::Malformed(Kind::TEXT));
    let as_json = keyring.open::<fieldseal::value::Json<Vec<i64>>>(column, &place, &sealed);
    scene.value_error(as_json, &ErrorKind::Malformed(Kind::JSON));
    let map = fieldseal::value::Json(HashMap::from([(vec![1_u8], text.clone())]));
    let unencodable = keyring.seal(column, &place, &map);
    scene.debug(&unencodable);
    scene.failed(unencodable.into_bytes());

    for (sql, kind) in [
        (format!("'{text}'"), ErrorKind::NotSealed),
        (format!("CAST('{text}' AS BLOB)"), ErrorKind::NotSealed),
        (format!("x'0100000007' || CAST('{text}' AS BLOB)"), ErrorKind::NotSealed),
        (
            format!("CAST(x'0100000007{}' AS BLOB)", hex::encode(&text)),
            ErrorKind::UnknownKey(KeyId::new(7).unwrap()),
        ),
        ("substr(name, 1, length(name) - 1)".into(), ErrorKind::Rejected),
        ("NULL".into(), ErrorKind::UnexpectedNull),
        ("zeroblob(70000000)".into(), ErrorKind::TooLong(70_000_000)),
    ] {
        let whole = scene.database.blob("vault", "name", 1);
        scene.database.sql(&format!("UPDATE vault SET name = {sql} WHERE id = 1"), []);
        for (_, loaded) in testkit::load_both!(&mut scene.database, Vault, vault, 1_i64) {
            let refusal = loaded.map(drop).unwrap_err();
            assert_eq!(*refusal.error.kind(), kind, "{sql}");
            scene.printed += &refusal.printed;
        }
        scene.database.sql("UPDATE vault SET name = ?1 WHERE id = 1", [whole]);
    }

    let stranger = Vault { id: 9, org_id: 77, ..scene.row.clone() };
    for (_, refusal) in testkit::insert_refused!(&mut scene.database, vault, stranger, INSERT) {
        scene.printed += &refusal.printed;
    }
    scene.debug(&stranger.params());
    let old = keyring.primary(&tenant).unwrap();
    keyring.admin().rotate(&tenant).unwrap();
    keyring.admin().retire(old).unwrap();
    scene.value_error(keyring.open_bytes(column, &place, &sealed), &ErrorKind::RetiredKey(old));
    keyring.admin().destroy(old).unwrap();
    scene.value_error(keyring.open_bytes(column, &place, &sealed), &ErrorKind::DestroyedKey(old));
    CURRENT.set(None);
    for (_, refusal) in testkit::insert_refused!(&mut scene.database, vault, stranger, INSERT) {
        assert_eq!(*refusal.error.kind(), ErrorKind::NotInstalled);
        scene.printed += &refusal.printed;
    }
    scene.failed(Scope::tenant(""));
    scene.failed(Envelope::parse(text.as_bytes()));
    scene.end();
}

#[test]
fn no_key_error_prints_a_secret() {
    let mut scene = Scene::new();
    let folder = scene.database.folder.path().to_owned();
    let scope = Scope::tenant(1).unwrap();
    let primary = scene.keyring.primary(&scope).unwrap();
    scene.failed(scene.keyring.admin().retire(primary));
    scene.failed(scene.keyring.admin().destroy(primary));
    scene.failed(scene.keyring.admin().promote(KeyId::new(5).unwrap()));
    let none = Scope::tenant(3).unwrap();
    scene.failed(
        scene.keyring.admin().dangerously_export_cleartext_tink_keyset(&Vault::SCHEMA.columns[0], &none).map(drop),
    );
    scene.failed(KeyState::Destroyed.step_to(KeyState::Primary));

    let kek = std::fs::read_to_string(folder.join("kek.json")).unwrap();
    let key_at = kek.find("\"key\"").unwrap();
    let changes = [
        kek[..key_at + 20].to_owned(),
        kek.replace("\"key\"", "\"quay\""),
        kek.replace("\"key\": \"", "\"key\": \"*"),
        kek.replace("\"key\": ", "\"key\": 1"),
        kek.replace("\"key\": \"", "\"key\": \"AAAA"),
        kek.replace("\"primary\": 1", "\"primary\": 2"),
        kek.replace("\"mac\": \"", "\"mac\": \"AAAA"),
        kek.replace("\"format\": \"", "\"format\": \"x"),
        kek.replace("\"passphrase\": null", "\"passphrase\": \"null\""),
    ];
    for (at, changed) in changes.into_iter().enumerate() {
        let path = folder.join(format!("damaged-{at}.json"));
        std::fs::copy(folder.join("kek.json"), &path).unwrap();
        std::fs::write(&path, changed).unwrap();
        scene.failed(Local::open(&path));
    }
    scene.secrets.add("passphrase", b"correct-horse-battery-staple");
    let passphrase = Passphrase::new("correct-horse-battery-staple");
    let unexpected = Local::open_with_passphrase(folder.join("kek.json"), &passphrase);
    assert!(matches!(unexpected, Err(LocalError::PassphraseUnexpected { .. })));
    scene.failed(unexpected);
    scene.failed(Local::create(folder.join("kek.json")));
    scene.failed(Local::open(folder.join("nowhere.json")));

    let path = folder.join("keys.db");
    let store = Rusqlite::open(&path).unwrap();
    let missing = Keyring::start(Local::open(folder.join("kek.json")).unwrap(), Rusqlite::open(&path).unwrap());
    scene.failed(missing);
    store.create_table().unwrap();
    let open = || Keyring::start(Local::open(folder.join("kek.json")).unwrap(), Rusqlite::open(&path).unwrap());
    open().unwrap().admin().ensure_scope(&scope).unwrap();
    open().unwrap().admin().rotate(&scope).unwrap();
    let attacker = rusqlite::Connection::open(&path).unwrap();
    attacker.execute_batch("PRAGMA ignore_check_constraints = ON; DROP INDEX fieldseal_keys_primary").unwrap();
    for attack in [
        "UPDATE fieldseal_keys SET state = 'primary'",
        "UPDATE fieldseal_keys SET commitment = zeroblob(32)",
        "UPDATE fieldseal_keys SET wrapped = '[]'",
        "UPDATE fieldseal_keys SET wrapped = 'nonsense'",
        "UPDATE fieldseal_keys SET wrapped = replace(wrapped, 'local:', 'lokal:')",
        "UPDATE fieldseal_keys SET state = 'nonsense'",
    ] {
        attacker.execute_batch("SAVEPOINT before").unwrap();
        attacker
            .execute_batch(&format!(
                "RELEASE before; CREATE TEMP TABLE old AS SELECT * FROM fieldseal_keys; {attack}"
            ))
            .unwrap();
        let error: KeyringError = open().expect_err(attack);
        scene.error(&error);
        attacker
            .execute_batch(
                "DELETE FROM fieldseal_keys; INSERT INTO fieldseal_keys SELECT * FROM old; DROP TABLE old",
            )
            .unwrap();
    }
    attacker.execute_batch("DROP TABLE fieldseal_keys; CREATE TABLE fieldseal_keys (id)").unwrap();
    scene.failed(open());
    std::fs::write(folder.join("keys.json"), kek).unwrap();
    scene.failed(File::open(folder.join("keys.json")));
    scene.failed(File::open(&folder));
    scene.end();
}
