//! Tables and rows that aren't a key store's.

use crate::places::{SERVERS, Server};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, MysqlConnection, PgConnection};
use fieldseal::Dialect;
use fieldseal::Scope;
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::store::{Change, KeyStore, StoreError, load_all, migration};
use fieldseal::testing::key_store_contract::record;
use fieldseal_databases::Database;

/// Runs raw SQL, as whoever writes the database can.
pub(crate) fn raw(dialect: Dialect, url: &str, sql: &str) -> diesel::QueryResult<()> {
    match dialect {
        Dialect::Postgres => PgConnection::establish(url).unwrap().batch_execute(sql),
        _ => MysqlConnection::establish(url).unwrap().batch_execute(sql),
    }
}

/// What every operation says about a store in which something is wrong.
fn all_operations(store: &dyn KeyStore) -> [StoreError; 5] {
    let update = record(1, "a", KeyState::Active).with_revision(2);
    [
        load_all(store).unwrap_err(),
        store.load_scope(&Scope::tenant("a").unwrap()).unwrap_err(),
        store.page(None, 10).unwrap_err(),
        store.get(KeyId::new(1).unwrap()).unwrap_err(),
        store.commit(&[Change::Update(update)]).unwrap_err(),
    ]
}

fn each(work: impl Fn(&Server, &Database)) {
    for server in SERVERS {
        work(&server, &(server.database)());
    }
}

#[test]
fn a_table_that_is_missing_is_said_to_be() {
    each(|server, database| {
        for (library, open) in server.libraries {
            let store = open(&database.url);
            for error in all_operations(&*store) {
                assert!(matches!(error, StoreError::Missing { .. }), "{library}: {error:?}");
                let hint = error.hint();
                assert!(hint.contains("create_table") && hint.contains(&format!("{:?}", server.dialect)), "{hint}");
            }
        }
        for (_, open) in server.libraries {
            open(&database.url).create_table().unwrap();
            assert_eq!(load_all(&open(&database.url)).unwrap(), []);
        }
    });
}

#[test]
fn a_table_with_other_columns_is_damaged() {
    for columns in
        ["id BIGINT PRIMARY KEY, name VARCHAR(9)", "id VARCHAR(9), scope TEXT, state TEXT, commitment TEXT"]
    {
        each(|server, database| {
            raw(server.dialect, &database.url, &format!("CREATE TABLE fieldseal_keys ({columns})")).unwrap();
            for (library, open) in server.libraries {
                for error in all_operations(&*open(&database.url)) {
                    assert!(matches!(error, StoreError::Damaged { .. }), "{library}: {error:?}");
                }
            }
        });
    }
}

/// A table of the right columns, which hold anything.
fn columns(dialect: Dialect, column: &str, kind: &str) -> String {
    let (bytes, text) = if dialect == Dialect::Postgres { ("bytea", "text") } else { ("LONGBLOB", "LONGTEXT") };
    let columns = [
        ("id", "BIGINT"),
        ("scope", bytes),
        ("state", text),
        ("commitment", bytes),
        ("wrapped", text),
        ("created", "BIGINT"),
        ("revision", "BIGINT"),
    ];
    let columns = columns.map(|(name, own)| format!("{name} {}", if name == column { kind } else { own }));
    format!("DROP TABLE IF EXISTS fieldseal_keys; CREATE TABLE fieldseal_keys ({})", columns.join(", "))
}

/// A column, its type on PostgreSQL and MySQL if it isn't ours, and what it holds.
const DAMAGES: [(&str, &str, &str); 42] = [
    ("id", "", "NULL"),
    ("id", "", "-1"),
    ("id", "", "0"),
    ("id", "", "4294967296"),
    ("id", "", "9223372036854775807"),
    ("id", "DOUBLE PRECISION", "1"),
    ("id", "NUMERIC(20)", "1"),
    ("id", "VARCHAR(9)", "'1'"),
    ("scope", "", "NULL"),
    ("scope", "", "{ff}"),
    ("scope", "", "{large}"),
    ("scope", "", "{huge}"),
    ("scope", "BIGINT", "1"),
    ("scope", "DATE", "'2026-01-01'"),
    ("state", "", "NULL"),
    ("state", "", "'Active'"),
    ("state", "", "'active '"),
    ("state", "", "''"),
    ("state", "BIGINT", "1"),
    ("commitment", "", "NULL"),
    ("commitment", "", "{31}"),
    ("commitment", "", "{33}"),
    ("commitment", "", "{empty}"),
    ("commitment", "", "{huge}"),
    ("commitment", "BIGINT", "1"),
    ("commitment", "TIMESTAMP", "'2026-01-01 00:00:00'"),
    ("wrapped", "", "NULL"),
    ("wrapped", "", "''"),
    ("wrapped", "", "'[{]'"),
    ("wrapped", "", "'[] x'"),
    ("wrapped", "", "'{}'"),
    ("wrapped", "", "'[[\"k\",\"AQID\"]]'"),
    ("wrapped", "", "REPEAT(' ', 2097152)"),
    ("wrapped", "", "CONCAT('[{\"kek\":\"k\",\"blob\":\"', REPEAT('AAAA', 21848), '\"}]')"),
    ("wrapped", "BIGINT", "1"),
    ("created", "", "NULL"),
    ("created", "DOUBLE PRECISION", "1.5"),
    ("created", "VARCHAR(9)", "'now'"),
    ("revision", "", "NULL"),
    ("revision", "", "-1"),
    ("revision", "DOUBLE PRECISION", "0.5"),
    ("revision", "VARCHAR(9)", "'one'"),
];

#[test]
fn damaged_rows_name_their_column() {
    each(|server, database| {
        let (dialect, url) = (server.dialect, &database.url);
        let bytes = |hex: &str| {
            if dialect == Dialect::Postgres { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") }
        };
        for (column, kind, value) in DAMAGES {
            let huge = "repeat('x', 2097152)";
            let huge = if dialect == Dialect::Postgres { format!("{huge}::bytea") } else { huge.to_owned() };
            let large = huge.replace("2097152", "65536");
            let value = value.replace("{ff}", &bytes("61ff")).replace("{large}", &large).replace("{huge}", &huge);
            let value = value.replace("{31}", &bytes(&"00".repeat(31))).replace("{33}", &bytes(&"00".repeat(33)));
            let value = value.replace("{empty}", &bytes(""));
            let own = (columns(dialect, column, kind), columns(dialect, "", ""));
            let (id, scope) = ("1".to_owned(), bytes("61"));
            let mut row = [
                ("id", id),
                ("scope", scope),
                ("state", "'active'".to_owned()),
                ("commitment", bytes(&"01".repeat(32))),
                ("wrapped", "'[]'".to_owned()),
                ("created", "0".to_owned()),
                ("revision", "1".to_owned()),
            ];
            row.iter_mut().filter(|(name, _)| *name == column).for_each(|(_, stored)| stored.clone_from(&value));
            let row = row.map(|(_, stored)| stored).join(", ");
            let table = if kind.is_empty() { own.1 } else { own.0 };
            raw(dialect, url, &format!("{table}; INSERT INTO fieldseal_keys VALUES ({row})")).unwrap();
            for (library, open) in server.libraries {
                let store = open(url);
                match load_all(&store) {
                    Err(StoreError::Malformed { error, .. }) => {
                        assert_eq!(error.column.name(), column, "{library}: {kind} {value:.40}");
                    }
                    other => panic!("{library}: {column} = {kind} {value:.40}: {other:?}"),
                }
                match store.page(None, 10) {
                    Ok(page) => {
                        let damaged: Vec<_> = page.damaged.iter().map(|error| error.column.name()).collect();
                        assert!(
                            damaged == [column] && page.records.is_empty(),
                            "{library}: {column} = {value:.40}: {page:?}"
                        );
                    }
                    // Ids of another type can't be compared.
                    Err(error) => assert!(
                        column == "id" && !kind.is_empty() && matches!(error, StoreError::Damaged { .. }),
                        "{library}: {column} = {value:.40}: {error:?}"
                    ),
                }
                assert!(matches!(
                    store.page(None, 10).map(|page| page.records.len()),
                    Err(StoreError::Malformed { .. } | StoreError::Damaged { .. }) | Ok(0)
                ));
                let update = record(1, "a", KeyState::Active).with_revision(2);
                assert!(store.commit(&[Change::Update(update)]).is_err(), "{library}: {column} = {value:.40}");
            }
        }
    });
}

/// One that diesel and diesel-async panic at.
#[test]
fn a_column_that_the_library_does_not_know_is_no_panic() {
    let server = crate::places::MYSQL;
    let database = (server.database)();
    let table = columns(server.dialect, "scope", "GEOMETRY");
    let sql = format!("{table}; INSERT INTO fieldseal_keys VALUES (1, POINT(1, 1), 'active', x'00', '[]', 0, 1)");
    raw(server.dialect, &database.url, &sql).unwrap();
    for (library, open) in server.libraries {
        let error = load_all(&open(&database.url)).unwrap_err();
        assert!(matches!(error, StoreError::Malformed { .. } | StoreError::Damaged { .. }), "{library}: {error:?}");
    }
}

#[test]
fn the_table_refuses_rows_that_are_no_records() {
    each(|server, database| {
        server.libraries[0].1(&database.url).create_table().unwrap();
        let insert = |id: &str, scope: &str, state: &str, commitment: &str, wrapped: &str, revision: &str| {
            let sql = format!(
                "INSERT INTO fieldseal_keys (id, scope, state, commitment, wrapped, created, revision)
                 VALUES ({id}, {scope}, {state}, {commitment}, {wrapped}, 0, {revision})"
            );
            raw(server.dialect, &database.url, &sql)
        };
        let commitment = "'01234567890123456789012345678901'";
        insert("1", "'a'", "'primary'", commitment, "'[]'", "1").unwrap();
        for bad in [
            insert("0", "'b'", "'active'", commitment, "'[]'", "1"),
            insert("4294967296", "'b'", "'active'", commitment, "'[]'", "1"),
            insert("2", "NULL", "'active'", commitment, "'[]'", "1"),
            insert("2", "'b'", "'gone'", commitment, "'[]'", "1"),
            insert("2", "'b'", "'active'", "'0123456789012345678901234567890'", "'[]'", "1"),
            insert("2", "'b'", "'active'", "'012345678901234567890123456789012'", "'[]'", "1"),
            insert("2", "'b'", "'active'", commitment, "NULL", "1"),
            insert("2", "'b'", "'active'", commitment, "'[]'", "-1"),
            insert("2", "'a'", "'primary'", commitment, "'[]'", "1"),
            insert("1", "'b'", "'active'", commitment, "'[]'", "1"),
        ] {
            bad.unwrap_err();
        }
        insert("2", "'A'", "'primary'", commitment, "'[]'", "1").unwrap();
        insert("3", "'a '", "'primary'", commitment, "'[]'", "1").unwrap();
    });
}

#[test]
fn the_migration_can_be_repeated_and_taken_back() {
    each(|server, database| {
        let step = migration(server.dialect);
        for sql in [step.up, step.up, step.down, step.down, step.up] {
            raw(server.dialect, &database.url, sql).unwrap();
        }
        for (_, open) in server.libraries {
            assert_eq!(load_all(&open(&database.url)).unwrap(), []);
        }
    });
}
