//! Servers and databases that are set up otherwise than most.

use crate::damage::raw;
use crate::places::{MYSQL, Opener, POSTGRES, SERVERS, on};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, MysqlConnection, PgConnection};
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, SimpleAsyncConnection as _};
use fieldseal::Dialect;
use fieldseal::keys::KeyState;
use fieldseal::store::{Change, Diesel, DieselAsync, KeyStore, load_all};
use fieldseal::testing::key_store_contract::{self, record};
use fieldseal_databases::Database;

type Test = fn(key_store_contract::Open<'_>);

/// The parts of the contract in which transactions matter.
const TESTS: [Test; 7] = [
    key_store_contract::finds_what_was_inserted,
    key_store_contract::keeps_every_field,
    key_store_contract::scopes_are_told_apart,
    key_store_contract::all_changes_or_none,
    key_store_contract::handles_share_the_store,
    key_store_contract::one_of_many_makes_the_first_primary,
    key_store_contract::no_update_is_lost,
];

#[test]
fn postgres_with_other_isolation_by_default() {
    for level in ["serializable", "repeatable read"] {
        for library in 0..3 {
            for test in TESTS {
                let (database, open) = on(&POSTGRES, library);
                let name = database.url.rsplit('/').next().unwrap().to_owned();
                let sql = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{level}'");
                PgConnection::establish(&database.url).unwrap().batch_execute(&sql).unwrap();
                test(&open);
            }
        }
    }
}

#[test]
fn mysql_without_strictness_and_autocommit() {
    let any = Database::mysql();
    // What a session begins with, for users without the right SUPER: the other tests have it.
    let setup = "CREATE OR REPLACE USER plain@'%' IDENTIFIED BY 'plain'; GRANT ALL ON *.* TO plain@'%';
        REVOKE SUPER, BINLOG ADMIN, CONNECTION ADMIN ON *.* FROM plain@'%'";
    raw(MYSQL.dialect, &any.url, setup).unwrap();
    for level in ["REPEATABLE-READ", "READ-UNCOMMITTED"] {
        let session = format!("SET autocommit = 0, sql_mode = '', tx_isolation = '{level}'");
        raw(MYSQL.dialect, &any.url, &format!("SET GLOBAL init_connect = \"{session}\"")).unwrap();
        for library in 0..3 {
            for test in TESTS {
                let (database, _) = on(&MYSQL, library);
                let url = database.url.replace("root@", "plain:plain@");
                let open: Opener = Box::new(move || MYSQL.libraries[library].1(&url));
                test(&open);
            }
        }
    }
    raw(MYSQL.dialect, &any.url, "SET GLOBAL init_connect = ''").unwrap();
}

/// What a transaction of the store's own would show for ever, and what was never committed.
#[test]
fn readings_on_mysql_are_fresh_and_committed() {
    for (library, open) in MYSQL.libraries {
        let database = Database::mysql();
        let reader: Box<dyn KeyStore> = match library {
            // sqlx has no hook for it.
            "sqlx" => open(&database.url),
            "diesel" => Box::new(Diesel::connecting({
                let url = database.url.clone();
                move || -> Result<_, std::io::Error> {
                    let mut connection = MysqlConnection::establish(&url).unwrap();
                    connection.batch_execute(SESSION).unwrap();
                    Ok(connection)
                }
            })),
            _ => {
                let url = database.url.clone();
                let connecting = DieselAsync::connecting(move || {
                    let url = url.clone();
                    async move {
                        let mut connection = AsyncMysqlConnection::establish(&url).await.unwrap();
                        connection.batch_execute(SESSION).await.unwrap();
                        Ok::<_, std::io::Error>(connection)
                    }
                });
                Box::new(connecting.unwrap())
            }
        };
        let writer = open(&database.url);
        writer.create_table().unwrap();
        assert_eq!(load_all(&reader).unwrap(), []);
        writer.commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap();
        assert_eq!(load_all(&reader).unwrap().len(), 1, "{library}");
        let mut other = MysqlConnection::establish(&database.url).unwrap();
        other.batch_execute("BEGIN; UPDATE fieldseal_keys SET state = 'retired'").unwrap();
        assert_eq!(load_all(&reader).unwrap()[0].state, KeyState::Primary, "{library}");
        other.batch_execute("ROLLBACK").unwrap();
    }
}

const SESSION: &str = "SET autocommit = 0, sql_mode = '', tx_isolation = 'READ-UNCOMMITTED'";

#[test]
fn a_user_who_may_only_read_and_write_the_table_is_enough() {
    for server in SERVERS {
        for (library, open) in server.libraries {
            let database = (server.database)();
            open(&database.url).create_table().unwrap();
            let (sql, root) = if server.dialect == Dialect::Postgres {
                ("DROP ROLE IF EXISTS", "postgres@")
            } else {
                ("DROP USER IF EXISTS", "root@")
            };
            let user = format!("u{}", database.url.rsplit('_').next().unwrap());
            let create = if server.dialect == Dialect::Postgres {
                format!("CREATE ROLE {user} LOGIN; GRANT SELECT, INSERT, UPDATE ON fieldseal_keys TO {user}")
            } else {
                format!("CREATE USER {user}; GRANT SELECT, INSERT, UPDATE ON fieldseal_keys TO {user}")
            };
            raw(server.dialect, &database.url, &create).unwrap();
            let store = open(&database.url.replace(root, &format!("{user}@")));
            store.create_table().unwrap();
            let first = record(1, "a", KeyState::Primary);
            store.commit(&[Change::Insert(first.clone())]).unwrap_or_else(|error| panic!("{library}: {error:?}"));
            let next = first.with_state(KeyState::Active).with_revision(2);
            store.commit(&[Change::Update(next.clone())]).unwrap();
            assert_eq!(load_all(&store).unwrap(), [next]);
            drop(store);
            let gone =
                if server.dialect == Dialect::Postgres { format!("DROP OWNED BY {user}; ") } else { String::new() };
            raw(server.dialect, &database.url, &format!("{gone}{sql} {user}")).unwrap();
        }
    }
}
