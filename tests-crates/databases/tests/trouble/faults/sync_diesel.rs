//! diesel.

use super::sessions::*;
use super::{Patient, patients};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::BigInt;
use diesel::{MysqlConnection, PgConnection, sql_query};
use fieldseal_databases::Database;

pub(crate) struct Postgres(PgConnection);
pub(crate) struct Mysql(MysqlConnection);

#[derive(QueryableByName)]
pub(crate) struct Number {
    #[diesel(sql_type = BigInt)]
    pub(crate) number: i64,
}

/// diesel has no kinds for timeouts, and none of their own for deadlocks; the server's text tells.
pub(crate) fn failure(error: Error) -> Failure {
    let kind = match &error {
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | Error::BrokenTransactionManager => {
            Kind::Closed
        }
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Kind::Unique,
        Error::DatabaseError(kind, information) => match information.message() {
            text if text.starts_with("deadlock detected") || text.starts_with("Deadlock found") => Kind::Deadlock,
            text if text.contains("statement timeout") || text.contains("max_statement_time exceeded") => {
                Kind::Timeout
            }
            text if text.contains("gone away") || text.contains("Lost connection") => Kind::Closed,
            text if text.contains("Connection was killed") || text.contains("terminating connection") => {
                Kind::Closed
            }
            text if text.contains("connection closed") || text.contains("reset by peer") => Kind::Closed,
            text if text.contains("broken pipe") || text.contains("Broken pipe") => Kind::Closed,
            // Of MySQL's deadlocks diesel says so too.
            _ if matches!(kind, DatabaseErrorKind::SerializationFailure) => Kind::Serialisation,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    };
    Failure::new(kind, &error)
}

macro_rules! session {
    ($Session:ident, $Connection:ty, $database:path, $create:expr, $timeout:expr, $number:literal, $kill:literal) => {
        impl Session for $Session {
            const CREATE: &'static str = $create;
            const SHORT_TIMEOUT: &'static str = $timeout;

            fn database() -> Database {
                $database()
            }

            fn connect(database: &Database) -> Self {
                Self(<$Connection>::establish(&database.url).unwrap())
            }

            fn execute(&mut self, sql: &'static str) -> Result<(), Failure> {
                sql_query(sql).execute(&mut self.0).map(drop).map_err(failure)
            }

            fn insert(&mut self, patient: &Patient) -> Result<(), Failure> {
                diesel::insert_into(patients::table).values(patient).execute(&mut self.0).map(drop).map_err(failure)
            }

            fn set_name(&mut self, id: i64, name: &str) -> Result<(), Failure> {
                let set = patients::name.eq(Patient::seal_name(&id, name));
                diesel::update(patients::table.find(id)).set(set).execute(&mut self.0).map(drop).map_err(failure)
            }

            fn load(&mut self, id: i64) -> Result<Patient, Failure> {
                patients::table.find(id).select(Patient::as_select()).first(&mut self.0).map_err(failure)
            }

            fn number(&mut self) -> i64 {
                sql_query($number).get_result::<Number>(&mut self.0).unwrap().number
            }

            fn kill(&mut self, number: i64) {
                sql_query(format!($kill, number)).execute(&mut self.0).unwrap();
            }
        }
    };
}

session!(
    Postgres,
    PgConnection,
    Database::postgres,
    CREATE_POSTGRES,
    TIMEOUT_POSTGRES,
    "SELECT pg_backend_pid()::bigint AS number",
    "SELECT pg_terminate_backend({})"
);
session!(
    Mysql,
    MysqlConnection,
    Database::mysql,
    CREATE_MYSQL,
    TIMEOUT_MYSQL,
    "SELECT CAST(CONNECTION_ID() AS SIGNED) AS number",
    "KILL {}"
);
