//! Attacks by somebody who writes the database, where it isn't SQLite: triggers, rules, casts and
//! other keys' values.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use fieldseal::keys::KeyState;
use fieldseal::sqlx::BindRow as _;
use fieldseal::store::{Sqlx, load_all};
use fieldseal::{
    Encrypt, Error, ErrorKind, Keyring, KeyringError, Model as _, RowContext, RowId, Scope, Sealed, kms,
};
use fieldseal_databases::Database;
use sqlx::{Executor as _, MySqlPool, PgPool, Postgres};
use std::sync::Arc;

testkit::test_keyring!(Keys, &[]);

fn store(database: &Database) -> Sqlx<Postgres> {
    Sqlx::new(database.url.parse().unwrap()).unwrap()
}

/// A keyring with its keys in that database, and its KMS.
fn keyring(database: &Database) -> (Keyring, Arc<kms::Local>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let kms = Arc::new(kms::Local::create(dir.path().join("kek.json")).unwrap());
    store(database).create_table().unwrap();
    let keyring = Keyring::builder(Arc::clone(&kms), store(database)).without_background().start().unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    (keyring, kms, dir)
}

#[test]
fn copies_that_a_trigger_keeps_are_not_taken_for_rewrapped() {
    let database = Database::postgres();
    let (keyring, kms, _dir) = keyring(&database);
    let mut attacker = PgConnection::establish(&database.url).unwrap();
    attacker
        .batch_execute(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN NEW.wrapped := OLD.wrapped; RETURN NEW; END $$;
             CREATE TRIGGER keep BEFORE UPDATE ON fieldseal_keys FOR EACH ROW EXECUTE FUNCTION keep()",
        )
        .unwrap();
    kms.rotate().unwrap();
    let error = keyring.admin().rewrap().unwrap_err();
    assert!(matches!(error, KeyringError::NotStored(_)), "{error}");
    attacker.batch_execute("DROP TRIGGER keep ON fieldseal_keys").unwrap();
    assert_eq!(keyring.admin().rewrap().unwrap(), 1);
    kms.remove_version(1).unwrap();
}

#[test]
fn a_rule_that_swallows_a_new_key_leaves_the_old_primary() {
    let database = Database::postgres();
    let (keyring, _kms, _dir) = keyring(&database);
    let mut attacker = PgConnection::establish(&database.url).unwrap();
    for swallow in [
        "CREATE RULE swallow AS ON INSERT TO fieldseal_keys DO INSTEAD NOTHING",
        "DROP RULE swallow ON fieldseal_keys;
         CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
         CREATE TRIGGER swallow BEFORE INSERT ON fieldseal_keys FOR EACH ROW EXECUTE FUNCTION swallow()",
    ] {
        attacker.batch_execute(swallow).unwrap();
        let error = keyring.admin().rotate(&Scope::APPLICATION).unwrap_err();
        assert!(matches!(error, KeyringError::NotStored(_)), "{error}");
        let states: Vec<_> = load_all(&store(&database)).unwrap().into_iter().map(|record| record.state).collect();
        assert_eq!(states, [KeyState::Primary]);
    }
}

#[derive(Encrypt)]
#[encrypt(table = "people", row = id, keyring = Keys, sqlx, base64, size = 255, migrating)]
struct Migrating {
    id: i64,
    #[encrypt]
    name: String,
}

#[tokio::test]
async fn a_damaged_text_under_a_known_key_is_no_plaintext() {
    let database = Database::postgres();
    let pool = PgPool::connect(&database.url).await.unwrap();
    pool.execute("CREATE TABLE people (id bigint, name text)").await.unwrap();
    let column = Migrating::SCHEMA.column("name").unwrap();
    let at = RowContext::of_row(RowId::of(&1_i64));
    let sealed =
        <Keys as fieldseal::keyring::KeyringSource>::keyring().unwrap().seal_bytes(column, &at, b"Ada").unwrap();
    let sealed = String::from_utf8(sealed).unwrap();
    let cut = |characters: usize| sealed[..sealed.len() - characters].to_owned();
    for damaged in
        [cut(1), cut(2), cut(3), cut(30), format!("{sealed} "), format!("{sealed}\n"), sealed[..8].to_owned()]
    {
        pool.execute("DELETE FROM people").await.unwrap();
        sqlx::query("INSERT INTO people VALUES (1, $1)").bind(&damaged).execute(&pool).await.unwrap();
        let loaded = sqlx::query_as::<_, Migrating>("SELECT * FROM people").fetch_one(&pool).await;
        let error = loaded.err().unwrap_or_else(|| panic!("{damaged:?} is taken for plaintext"));
        assert_eq!(*Error::find_in(&error).unwrap().kind(), ErrorKind::Rejected, "{damaged:?}");
    }
    for plaintext in ["Ada", "AQ", "AQIDBAUGBwg", ""] {
        pool.execute("DELETE FROM people").await.unwrap();
        sqlx::query("INSERT INTO people VALUES (1, $1)").bind(plaintext).execute(&pool).await.unwrap();
        let loaded: Migrating = sqlx::query_as("SELECT * FROM people").fetch_one(&pool).await.unwrap();
        assert_eq!(loaded.name, plaintext);
    }
    pool.close().await;
}

#[derive(Encrypt)]
#[encrypt(table = "people", row = id, keyring = Keys, sqlx, size = 255, migrating)]
struct InText {
    id: i64,
    #[encrypt]
    name: String,
}

/// PostgreSQL casts what is sent to a column of text, and says nothing.
#[tokio::test]
async fn bytes_that_became_text_are_neither_plaintext_nor_lost() {
    let database = Database::postgres();
    let pool = PgPool::connect(&database.url).await.unwrap();
    pool.execute("CREATE TABLE people (id bigint, name text)").await.unwrap();
    let ada = InText { id: 1, name: "Ada".into() };
    let insert = "INSERT INTO people (id, name) VALUES ($1, $2)";
    sqlx::query(insert).bind_row(&ada).unwrap().execute(&pool).await.unwrap();
    let select = "SELECT * FROM people";
    let error = sqlx::query_as::<_, InText>(select).fetch_one(&pool).await.err().unwrap();
    assert_eq!(*Error::find_in(&error).unwrap().kind(), ErrorKind::SealedAsText, "{error}");
    pool.close().await;

    // As the error says.
    let pool = PgPool::connect(&database.url).await.unwrap();
    pool.execute("ALTER TABLE people ALTER COLUMN name TYPE bytea USING name::bytea").await.unwrap();
    let repaired: InText = sqlx::query_as(select).fetch_one(&pool).await.unwrap();
    assert_eq!(repaired.name, "Ada");
    pool.close().await;
}

#[derive(Encrypt)]
#[encrypt(table = "people", row = id, keyring = Keys, sqlx)]
struct Unsized {
    id: i64,
    #[encrypt]
    ssn: Sealed<String>,
}

#[derive(Encrypt)]
#[encrypt(table = "people", row = id, keyring = Keys, sqlx, size = 60)]
struct Sized60 {
    id: i64,
    #[encrypt]
    ssn: Sealed<String>,
}

#[tokio::test]
async fn a_sealed_field_that_is_written_as_it_was_loaded_must_fit_too() {
    let (from, to) = (Database::postgres(), Database::mysql());
    let source = PgPool::connect(&from.url).await.unwrap();
    source.execute("CREATE TABLE people (id bigint, ssn bytea)").await.unwrap();
    let long = Unsized { id: 1, ssn: Sealed::new("0123456789012345678901234567890123456789".into()) };
    let insert = sqlx::query("INSERT INTO people (id, ssn) VALUES ($1, $2)").bind_row(&long).unwrap();
    insert.execute(&source).await.unwrap();
    let loaded: Sized60 = sqlx::query_as("SELECT * FROM people").fetch_one(&source).await.unwrap();
    assert!(loaded.ssn.ciphertext().is_some());

    let target = MySqlPool::connect(&to.url).await.unwrap();
    target.execute("CREATE TABLE people (id BIGINT, ssn VARBINARY(60))").await.unwrap();
    target.execute("SET SESSION sql_mode = ''").await.unwrap();
    let query = sqlx::query::<sqlx::MySql>("INSERT INTO people (id, ssn) VALUES (?, ?)");
    let error = query.bind_row(&loaded).map(drop).unwrap_err();
    let kind = Error::find_in(&error).unwrap().kind();
    assert_eq!(*kind, ErrorKind::TooLongForColumn { needs: 85, size: 60, base64: false });
    source.close().await;
    target.close().await;
}

/// Twenty rows of 50 MB each, of which none is fetched.
#[test]
fn a_key_store_of_endless_rows_is_refused_without_fetching_them() {
    let database = Database::postgres();
    let mut attacker = PgConnection::establish(&database.url).unwrap();
    attacker
        .batch_execute(
            "CREATE VIEW fieldseal_keys AS SELECT n::bigint AS id, ''::bytea AS scope, 'active' AS state,
                 decode(repeat('00', 32), 'hex') AS commitment, repeat('x', 50000000) AS wrapped,
                 0::bigint AS created, 1::bigint AS revision FROM generate_series(1, 20) n",
        )
        .unwrap();
    let before = peak_memory();
    let error = load_all(&store(&database)).unwrap_err();
    assert!(error.to_string().contains("wrapped"), "{error}");
    assert!(peak_memory() - before < 60_000, "{} KiB more", peak_memory() - before);
}

/// In KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
