//! What the tests on real servers share: databases of their own, and keyrings.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, MysqlConnection, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// An empty database of one test, removed at its end.
#[derive(Debug)]
pub struct Database {
    /// As the libraries take it.
    pub url: String,
    end: End,
}

#[derive(Debug)]
enum End {
    File { _folder: TempDir },
    Postgres { server: String, name: String },
    Schema { server: String, name: String },
    Mysql { server: String, name: String },
}

impl Database {
    /// A file of SQLite's. diesel takes its path, sqlx `sqlite://` in front of it.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("app.db");
        std::fs::write(&path, "").expect("an empty database");
        let url = path.display().to_string();
        Self { url, end: End::File { _folder: folder } }
    }

    /// On the server of FIELDSEAL_TEST_POSTGRES.
    pub fn postgres() -> Self {
        let server = server("FIELDSEAL_TEST_POSTGRES");
        let name = name();
        let mut connection = PgConnection::establish(&server).expect("a connection to PostgreSQL");
        connection.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
        Self { url: in_database(&server, &name), end: End::Postgres { server, name } }
    }

    /// A schema in the server's own database, which takes a twentieth of the time that a database
    /// takes. Every connection must run [`Self::first`] before anything else.
    pub fn postgres_schema() -> Self {
        let server = server("FIELDSEAL_TEST_POSTGRES");
        let name = name();
        let mut connection = PgConnection::establish(&server).expect("a connection to PostgreSQL");
        connection.batch_execute(&format!("CREATE SCHEMA {name}")).expect("a schema");
        Self { url: server.clone(), end: End::Schema { server, name } }
    }

    /// What takes a connection into the schema.
    pub fn first(&self) -> Option<String> {
        match &self.end {
            End::Schema { name, .. } => Some(format!("SET search_path TO {name}, public")),
            _ => None,
        }
    }

    /// On the server of FIELDSEAL_TEST_MYSQL.
    pub fn mysql() -> Self {
        let server = server("FIELDSEAL_TEST_MYSQL");
        let name = name();
        let mut connection = MysqlConnection::establish(&server).expect("a connection to MariaDB");
        connection.batch_execute(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).expect("a database");
        Self { url: in_database(&server, &name), end: End::Mysql { server, name } }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // The server is stopped soon; what can't be removed is no test's business.
        match self {
            Self::File { .. } => {}
            Self::Postgres { server, name } => {
                if let Ok(mut connection) = PgConnection::establish(server) {
                    let _ = connection.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
                }
            }
            Self::Schema { server, name } => {
                if let Ok(mut connection) = PgConnection::establish(server) {
                    let _ = connection.batch_execute(&format!("DROP SCHEMA {name} CASCADE"));
                }
            }
            Self::Mysql { server, name } => {
                if let Ok(mut connection) = MysqlConnection::establish(server) {
                    let _ = connection.batch_execute(&format!("DROP DATABASE {name}"));
                }
            }
        }
    }
}

fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set: run the tests by `bash tests/with_databases cargo test …` or `bash tests/all`"
        )
    })
}

fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("fieldseal_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The server's URL with another database in it.
fn in_database(server: &str, name: &str) -> String {
    let (front, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{front}/{name}")
}
