//! sqlx.

use super::Patient;
use super::sessions::*;
use fieldseal::sqlx::BindRow as _;
use fieldseal_databases::Database;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::{AssertSqlSafe, Connection as _, Error, Executor as _, MySqlConnection, PgConnection, Row as _};
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Postgres(PgConnection, Runtime);
pub(crate) struct Mysql(MySqlConnection, Runtime);

fn failure(error: Error) -> Failure {
    let kind = match &error {
        Error::Io(_) | Error::WorkerCrashed => Kind::Closed,
        Error::Database(database) => match database.try_downcast_ref::<MySqlDatabaseError>() {
            Some(mysql) => kind_of_code(&mysql.number().to_string()),
            None => kind_of_code(&database.code().unwrap_or_default()),
        },
        _ => Kind::Other,
    };
    Failure::new(kind, &error)
}

macro_rules! session {
    (
        $Session:ident, $Connection:ty, $database:path, $create:expr, $timeout:expr, $number:literal, $kill:literal,
        $insert:literal, $update:literal, $select:literal
    ) => {
        impl Session for $Session {
            const CREATE: &'static str = $create;
            const SHORT_TIMEOUT: &'static str = $timeout;

            fn database() -> Database {
                $database()
            }

            fn connect(database: &Database) -> Self {
                let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
                let connection = runtime.block_on(<$Connection>::connect(&database.url)).unwrap();
                Self(connection, runtime)
            }

            fn execute(&mut self, sql: &'static str) -> Result<(), Failure> {
                self.1.block_on(self.0.execute(sql)).map(drop).map_err(failure)
            }

            fn insert(&mut self, patient: &Patient) -> Result<(), Failure> {
                let insert = sqlx::query($insert).bind_row(patient).map_err(failure)?;
                self.1.block_on(insert.execute(&mut self.0)).map(drop).map_err(failure)
            }

            fn set_name(&mut self, id: i64, name: &str) -> Result<(), Failure> {
                let update = sqlx::query($update).bind(Patient::seal_name(&id, name)).bind(id);
                self.1.block_on(update.execute(&mut self.0)).map(drop).map_err(failure)
            }

            fn load(&mut self, id: i64) -> Result<Patient, Failure> {
                self.1.block_on(sqlx::query_as($select).bind(id).fetch_one(&mut self.0)).map_err(failure)
            }

            fn number(&mut self) -> i64 {
                self.1.block_on(sqlx::query($number).fetch_one(&mut self.0)).unwrap().get(0)
            }

            fn kill(&mut self, number: i64) {
                self.1.block_on(self.0.execute(AssertSqlSafe(format!($kill, number)))).unwrap();
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
    "SELECT pg_backend_pid()::bigint",
    "SELECT pg_terminate_backend({})",
    "INSERT INTO patients (id, name, email) VALUES ($1, $2, $3)",
    "UPDATE patients SET name = $1 WHERE id = $2",
    "SELECT * FROM patients WHERE id = $1"
);
session!(
    Mysql,
    MySqlConnection,
    Database::mysql,
    CREATE_MYSQL,
    TIMEOUT_MYSQL,
    "SELECT CAST(CONNECTION_ID() AS SIGNED)",
    "KILL {}",
    "INSERT INTO patients (id, name, email) VALUES (?, ?, ?)",
    "UPDATE patients SET name = ? WHERE id = ?",
    "SELECT * FROM patients WHERE id = ?"
);
