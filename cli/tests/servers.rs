//! The same commands on PostgreSQL and on MySQL or MariaDB, each in a database of its own.
//!
//! `bash tests/with_databases cargo test -p fieldseal-cli --no-default-features --test servers --
//! --ignored`

mod common;

use common::Folder;
use sqlx::{Connection as _, MySqlConnection, PgConnection};

/// A folder whose commands work on a new database of that server.
fn folder(variable: &str, name: &str) -> Folder {
    let server =
        std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: see tests/with_databases"));
    let name = format!("fieldseal_cli_{name}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            let sql = sqlx::AssertSqlSafe(sql);
            if server.starts_with("postgres") {
                sqlx::raw_sql(sql).execute(&mut PgConnection::connect(&server).await.unwrap()).await.unwrap();
            } else {
                sqlx::raw_sql(sql).execute(&mut MySqlConnection::connect(&server).await.unwrap()).await.unwrap();
            }
        }
    });
    let mut folder = Folder::new();
    folder.database_url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    folder
}

/// Everything that a tenant's keys go through.
fn a_life(folder: &Folder) {
    folder.run(["key", "list"]).exits(1).says("fieldseal init");
    folder.run(["init", "--scope", "Nord", "--scope", "nord"]).succeeds();
    let again = folder.run(["init", "--scope", "Nord", "--json"]).succeeds().json();
    assert!(again["steps"].as_array().unwrap().iter().all(|step| step["state"] == "was_there"), "{again}");
    folder.run(["key", "rotate", "--all", "--propagation", "0s"]).succeeds();
    folder.run(["kek", "rotate"]).succeeds();
    folder.run(["kek", "rotate", "--to", "local:new.json", "--create"]).succeeds();
    let new = |args: &[&str]| folder.run(args.iter().copied().chain(["--kek", "local:new.json"]));
    let keks = new(&["kek", "list", "--json"]).succeeds().json();
    assert_eq!((&keks["data_keys"], &keks["keks"][0]["only_copies"]), (&6.into(), &6.into()));
    new(&["shred", "--scope", "nord", "--yes-shred", "nord"]).succeeds();
    let keys = new(&["key", "list", "--json"]).succeeds().json();
    let of = |scope: &str| {
        let keys = keys["keys"].as_array().unwrap().iter().filter(|key| key["scope"] == scope);
        keys.map(|key| key["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("nord"), ["destroyed", "destroyed"]);
    assert_eq!(of("Nord"), ["active", "primary"], "another tenant, though a database may think otherwise");
}

#[test]
#[ignore = "needs PostgreSQL"]
fn keys_live_in_postgres() {
    a_life(&folder("FIELDSEAL_TEST_POSTGRES", "life"));
}

#[test]
#[ignore = "needs MySQL or MariaDB"]
fn keys_live_in_mysql() {
    let mut folder = folder("FIELDSEAL_TEST_MYSQL", "life");
    a_life(&folder);
    folder.database_url = folder.database_url.replace("mysql://", "mariadb://");
    folder.run(["key", "list"]).succeeds();
}

#[test]
#[ignore = "needs PostgreSQL"]
fn what_postgres_refuses_is_no_reason_to_try_again() {
    let mut folder = folder("FIELDSEAL_TEST_POSTGRES", "refused");
    let url = folder.database_url.clone();
    folder.database_url = format!("{url}_other");
    folder.run(["key", "list"]).exits(1).says("can't be used");
    folder.database_url = url.replace("postgres@", "nobody:hunter2@");
    let refused = folder.run(["key", "list"]).exits(1).says("the database refused it");
    assert!(!refused.stderr.contains("hunter2"), "{refused:#?}");
}

#[test]
#[ignore = "needs MySQL or MariaDB"]
fn what_mysql_refuses_is_no_reason_to_try_again() {
    let mut folder = folder("FIELDSEAL_TEST_MYSQL", "refused");
    let url = folder.database_url.clone();
    folder.database_url = format!("{url}_other");
    folder.run(["key", "list"]).exits(1).says("can't be used");
    folder.database_url = url.replace("root@", "root:hunter2@");
    let refused = folder.run(["key", "list"]).exits(1).says("the database refused it");
    assert!(!refused.stderr.contains("hunter2"), "{refused:#?}");
}

/// Plaintext to sealed values, through a rotation, and back.
fn a_table(folder: &Folder, statements: &[&str]) {
    for sql in statements {
        run(&folder.database_url, sql);
    }
    let column = |name: &str, rest: &str| {
        format!(
            "[[column]]\ntable = \"people\"\ncolumn = \"{name}\"\nkind = \"text\"\nsuite = \"xaes-256-gcm\"\nrow = [\"id: int\"]\n\
             padded = false\nhide_null = false\n{rest}\n\n"
        )
    };
    let lock = format!(
        "version = 1\n\n{}{}",
        column("name", "stored_in = \"people.name_sealed\""),
        column("notes", "base64 = true\nstored_in = \"people.notes\"\nmigrating = true")
    );
    std::fs::write(folder.path("fieldseal.lock"), lock).unwrap();
    folder.run(["init"]).succeeds();
    folder.run(["encrypt", "--column", "people.name", "--from", "name"]).succeeds();
    folder.run(["encrypt", "--column", "people.notes", "--workers", "2"]).succeeds();
    let column = |status: &serde_json::Value, at: usize, what: &str| status["columns"][at][what].as_u64().unwrap();
    let status = folder.run(["status", "--json"]).succeeds().json();
    assert_eq!([column(&status, 0, "primary"), column(&status, 1, "primary")], [300, 299], "{status}");
    assert_eq!(column(&status, 1, "null"), 1);
    let primary = folder.run(["key", "list", "--state", "primary", "--json"]).succeeds().json();
    let old = primary["keys"][0]["id"].as_str().unwrap();
    folder.run(["key", "rotate", "--all", "--at-once"]).succeeds();
    folder.run(["key", "retire", old]).exits(4).says("599 values under it");
    let dry = folder.run(["reencrypt", "--dry-run", "--json"]).succeeds().json();
    assert_eq!(dry["tables"][0]["values"], 599, "{dry}");
    folder.run(["reencrypt"]).succeeds();
    let retired = folder.run(["key", "retire", old, "--wait", "0s", "--report", "proof.json", "--json"]).succeeds();
    assert!(retired.json()["retired"].as_bool().unwrap());
    folder.run(["verify"]).succeeds();
    let found = folder.run(["doctor", "--everywhere"]).exits(3);
    assert!(!found.stdout.contains("copies"), "{found:#?}");
    folder.run(["decrypt", "--column", "people.notes", "--yes-write", "plaintext"]).succeeds();
    folder.run(["decrypt", "--column", "people.name", "--into", "name", "--yes-write", "plaintext"]).succeeds();
    // A copy that nobody declared.
    run(&folder.database_url, "CREATE TABLE copies AS SELECT name_sealed AS a FROM people");
    folder.run(["key", "rotate", "--all", "--at-once"]).succeeds();
    folder.run(["reencrypt"]).succeeds();
    let refused = folder.run(["key", "retire", "--unused"]).succeeds();
    assert!(refused.stdout.contains("no active key is unused"), "{refused:#?}");
    let found = folder.run(["doctor", "--everywhere"]).exits(3);
    assert!(found.stdout.contains("copies.a: 300 values look sealed"), "{found:#?}");
}

fn run(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    runtime.block_on(async {
        if url.starts_with("postgres") {
            sqlx::raw_sql(sql).execute(&mut PgConnection::connect(url).await.unwrap()).await.unwrap();
        } else {
            sqlx::raw_sql(sql).execute(&mut MySqlConnection::connect(url).await.unwrap()).await.unwrap();
        }
    });
}

#[test]
#[ignore = "needs PostgreSQL"]
fn rows_move_in_postgres() {
    a_table(
        &folder("FIELDSEAL_TEST_POSTGRES", "rows"),
        &[
            "CREATE TABLE people (id serial PRIMARY KEY, name varchar(50), name_sealed bytea, notes text)",
            "INSERT INTO people (name, notes) SELECT 'person ' || n, nullif('note ' || n, 'note 7') FROM generate_series(1, 300) n",
        ],
    );
}

#[test]
#[ignore = "needs MySQL or MariaDB"]
fn rows_move_in_mysql() {
    let rows = "INSERT INTO people (name, notes) SELECT CONCAT('person ', seq), NULLIF(CONCAT('note ', seq), 'note 7') FROM seq_1_to_300";
    a_table(
        &folder("FIELDSEAL_TEST_MYSQL", "rows"),
        &[
            "CREATE TABLE people (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50), name_sealed VARBINARY(200), notes TEXT)",
            rows,
        ],
    );
}

/// A table whose only column is text in base64, sealed under a key that isn't the primary any more;
/// the key.
fn an_old_key(folder: &Folder, create: &str) -> String {
    run(&folder.database_url, create);
    run(&folder.database_url, "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edith')");
    let lock = "version = 1\n\n[[column]]\ntable = \"people\"\ncolumn = \"name\"\nkind = \"text\"\nsuite = \"xaes-256-gcm\"\n\
                row = [\"id: int\"]\npadded = false\nhide_null = false\nbase64 = true\nstored_in = \"people.name\"\nmigrating = true\n";
    std::fs::write(folder.path("fieldseal.lock"), lock).unwrap();
    folder.run(["init"]).succeeds();
    folder.run(["encrypt"]).succeeds();
    let primary = folder.run(["key", "list", "--state", "primary", "--json"]).succeeds().json();
    folder.run(["key", "rotate", "--all", "--at-once"]).succeeds();
    primary["keys"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs MySQL or MariaDB"]
fn who_does_not_see_every_table_proves_nothing() {
    let mut folder = folder("FIELDSEAL_TEST_MYSQL", "grants");
    let old = an_old_key(&folder, "CREATE TABLE people (id BIGINT PRIMARY KEY, name TEXT)");
    run(&folder.database_url, "CREATE TABLE copies AS SELECT * FROM people");
    run(&folder.database_url, "DROP USER IF EXISTS fieldseal_few");
    run(&folder.database_url, "CREATE USER fieldseal_few IDENTIFIED BY 'few'");
    for table in ["people", "fieldseal_keys", "fieldseal_sweeps", "fieldseal_leases"] {
        // Sweeps make their tables, of which one isn't there yet.
        let grant =
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON fieldseal_cli_grants.{table} TO fieldseal_few");
        run(&folder.database_url, &grant);
    }
    folder.run(["reencrypt"]).succeeds();
    let all = folder.database_url.clone();
    folder.database_url = all.replace("root@", "fieldseal_few:few@");
    folder.run(["key", "retire", &old, "--wait", "0s"]).exits(4).says("may not see every table");
    run(&all, "GRANT SELECT ON fieldseal_cli_grants.* TO fieldseal_few");
    folder.run(["key", "retire", &old, "--wait", "0s"]).exits(4).says("copies.name");
    run(&all, "DROP TABLE copies");
    folder.run(["key", "retire", &old, "--wait", "0s"]).succeeds();
}

/// Base64 in a character set in which `A` is two bytes.
#[test]
#[ignore = "needs MySQL or MariaDB"]
fn values_in_wide_characters_are_counted() {
    let folder = folder("FIELDSEAL_TEST_MYSQL", "wide");
    let old =
        an_old_key(&folder, "CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR(200) CHARACTER SET utf16)");
    folder.run(["key", "retire", &old, "--wait", "0s"]).exits(4).says("3 values under it");
    folder.run(["reencrypt"]).succeeds();
    folder.run(["verify"]).succeeds();
    folder.run(["key", "retire", &old, "--wait", "0s"]).succeeds();
}
