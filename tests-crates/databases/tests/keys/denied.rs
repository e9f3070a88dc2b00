//! Users without the rights: that doesn't pass by itself, so nobody tries again.

use crate::damage::raw;
use crate::places::{SERVERS, Server};
use fieldseal::Dialect;
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::store::{Change, StoreError, load_all};
use fieldseal::testing::key_store_contract::record;
use fieldseal::testing::{FaultyKms, FaultyStore};
use fieldseal::{Keyring, KeyringError, Scope};
use fieldseal_databases::Database;
use std::error::Error as _;
use std::sync::Arc;

/// A user who may connect, and do no more with the table than `grants`; dropped in the end.
struct User<'a> {
    server: &'a Server,
    database: Database,
    name: String,
}

impl<'a> User<'a> {
    fn new(server: &'a Server, grants: &str) -> Self {
        let database = (server.database)();
        server.libraries[0].1(&database.url).create_table().unwrap();
        let name = format!("d{}", database.url.rsplit('_').next().unwrap());
        let create = match server.dialect {
            Dialect::Postgres => format!("CREATE ROLE {name} LOGIN"),
            // Elsewhere in the database, so that it can be connected to.
            _ => format!("CREATE USER {name}; CREATE TABLE other (id INT); GRANT SELECT ON other TO {name}"),
        };
        let user = Self { server, database, name };
        user.run(&create);
        if !grants.is_empty() {
            user.run(&format!("GRANT {grants} ON fieldseal_keys TO {}", user.name));
        }
        user
    }

    fn run(&self, sql: &str) {
        raw(self.server.dialect, &self.database.url, sql).unwrap();
    }

    fn url(&self) -> String {
        let root = if self.server.dialect == Dialect::Postgres { "postgres@" } else { "root@" };
        self.database.url.replace(root, &format!("{}@", self.name))
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        self.run(&match self.server.dialect {
            Dialect::Postgres => format!("DROP OWNED BY {name}; DROP ROLE {name}"),
            _ => format!("DROP USER {name}"),
        });
    }
}

#[track_caller]
fn assert_denied(library: &str, error: &StoreError, has_source: bool) {
    assert!(matches!(error, StoreError::Denied { .. }), "{library}: {error:?}");
    assert_eq!(error.source().is_some(), has_source, "{library}: {error:?}");
}

#[test]
fn a_user_without_rights_is_denied() {
    for server in SERVERS {
        let user = User::new(&server, "");
        for (library, open) in server.libraries {
            let store = open(&user.url());
            for error in [
                load_all(&store).unwrap_err(),
                store.load_scope(&Scope::APPLICATION).unwrap_err(),
                store.get(KeyId::new(1).unwrap()).unwrap_err(),
                store.commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap_err(),
            ] {
                assert_denied(library, &error, true);
            }
        }
    }
}

#[test]
fn a_user_who_may_only_read_is_denied_a_commit() {
    for server in SERVERS {
        let user = User::new(&server, "SELECT");
        for (library, open) in server.libraries {
            let store = open(&user.url());
            assert_eq!(load_all(&store).unwrap(), []);
            let error = store.commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap_err();
            assert_denied(library, &error, true);
        }
    }
}

#[test]
fn a_login_that_is_refused_is_denied() {
    for server in SERVERS {
        let database = (server.database)();
        let url = match server.dialect {
            Dialect::Postgres => database.url.replace("postgres@", "nobody:hunter2x@"),
            _ => database.url.replace("root@", "root:hunter2x@"),
        };
        for (library, open) in server.libraries {
            // What diesel says of a connection may quote the URL.
            assert_denied(library, &load_all(&open(&url)).unwrap_err(), library == "sqlx");
        }
    }
}

#[test]
fn a_keyring_asks_a_store_that_denies_once() {
    for server in SERVERS {
        let user = User::new(&server, "");
        for (library, open) in server.libraries {
            let store = Arc::new(FaultyStore::over(open(&user.url())));
            let opened = Keyring::builder(FaultyKms::new(), Arc::clone(&store)).without_background().start();
            let error = opened.unwrap_err();
            assert!(matches!(error, KeyringError::Store(StoreError::Denied { .. })), "{library}: {error:?}");
            assert!(!error.is_transient());
            assert_eq!(store.calls().total(), 1, "{library}");
        }
    }
}
