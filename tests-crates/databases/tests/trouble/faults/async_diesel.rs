//! diesel-async.

use super::sessions::*;
use super::sync_diesel::{Number, failure};
use super::{Patient, patients};
use diesel::prelude::*;
use diesel::sql_query;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl};
use fieldseal_databases::Database;
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Postgres(AsyncPgConnection, Runtime);
pub(crate) struct Mysql(AsyncMysqlConnection, Runtime);

macro_rules! session {
    ($Session:ident, $Connection:ty, $database:path, $create:expr, $timeout:expr, $number:literal, $kill:literal) => {
        impl Session for $Session {
            const CREATE: &'static str = $create;
            const SHORT_TIMEOUT: &'static str = $timeout;

            fn database() -> Database {
                $database()
            }

            fn connect(database: &Database) -> Self {
                let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
                let connection = runtime.block_on(<$Connection>::establish(&database.url)).unwrap();
                Self(connection, runtime)
            }

            fn execute(&mut self, sql: &'static str) -> Result<(), Failure> {
                self.1.block_on(sql_query(sql).execute(&mut self.0)).map(drop).map_err(failure)
            }

            fn insert(&mut self, patient: &Patient) -> Result<(), Failure> {
                let insert = diesel::insert_into(patients::table).values(patient);
                self.1.block_on(insert.execute(&mut self.0)).map(drop).map_err(failure)
            }

            fn set_name(&mut self, id: i64, name: &str) -> Result<(), Failure> {
                let set = patients::name.eq(Patient::seal_name(&id, name));
                let update = diesel::update(patients::table.find(id)).set(set);
                self.1.block_on(update.execute(&mut self.0)).map(drop).map_err(failure)
            }

            fn load(&mut self, id: i64) -> Result<Patient, Failure> {
                let select = patients::table.find(id).select(Patient::as_select());
                self.1.block_on(select.first(&mut self.0)).map_err(failure)
            }

            fn number(&mut self) -> i64 {
                self.1.block_on(sql_query($number).get_result::<Number>(&mut self.0)).unwrap().number
            }

            fn kill(&mut self, number: i64) {
                self.1.block_on(sql_query(format!($kill, number)).execute(&mut self.0)).unwrap();
            }
        }
    };
}

session!(
    Postgres,
    AsyncPgConnection,
    Database::postgres,
    CREATE_POSTGRES,
    TIMEOUT_POSTGRES,
    "SELECT pg_backend_pid()::bigint AS number",
    "SELECT pg_terminate_backend({})"
);
session!(
    Mysql,
    AsyncMysqlConnection,
    Database::mysql,
    CREATE_MYSQL,
    TIMEOUT_MYSQL,
    "SELECT CAST(CONNECTION_ID() AS SIGNED) AS number",
    "KILL {}"
);
