//! Servers and databases that are set up otherwise than most.

use crate::damage::raw;
use crate::places::{MYSQL, Opener, POSTGRES, on};
use crate::store_contract;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, MysqlConnection, PgConnection};
use fieldseal_databases::Database;
use std::sync::Mutex;

type Test = fn(store_contract::Open<'_>);

/// The parts of the contract in which transactions matter.
const TESTS: [Test; 7] = [
    store_contract::finds_what_was_inserted,
    store_contract::keeps_every_field,
    store_contract::scopes_are_told_apart,
    store_contract::all_changes_or_none,
    store_contract::handles_share_the_store,
    store_contract::one_of_many_makes_the_first_primary,
    store_contract::no_update_is_lost,
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
    // One server for all tests: what a session begins with is set for users without the right SUPER.
    static SERVER: Mutex<()> = Mutex::new(());
    let _server = SERVER.lock().unwrap();
    let any = Database::mysql();
    let setup = "CREATE OR REPLACE USER plain@'%' IDENTIFIED BY 'plain'; GRANT ALL ON *.* TO plain@'%';
        REVOKE SUPER, BINLOG ADMIN, CONNECTION ADMIN ON *.* FROM plain@'%';
        SET GLOBAL init_connect = \"SET autocommit = 0, sql_mode = '', tx_isolation = 'READ-UNCOMMITTED'\"";
    raw(MYSQL.dialect, &any.url, setup).unwrap();
    let in_force = MysqlConnection::establish(&any.url.replace("root@", "plain:plain@")).unwrap();
    drop(in_force);
    for library in 0..3 {
        for test in TESTS {
            let (database, _) = on(&MYSQL, library);
            let url = database.url.replace("root@", "plain:plain@");
            let open: Opener = Box::new(move || MYSQL.libraries[library].1(&url));
            test(&open);
        }
    }
    raw(MYSQL.dialect, &any.url, "SET GLOBAL init_connect = ''").unwrap();
}
