//! Pools of connections, each library's own, used by many threads at once.

use super::{Patient, patients};
use diesel::prelude::*;
use diesel::r2d2::{self, ConnectionManager};
use diesel::sql_query;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8};
use diesel_async::{AsyncMysqlConnection, AsyncPgConnection};
use fieldseal::sqlx::BindRow as _;
use fieldseal_databases::Database;
use sqlx::Executor as _;
use sqlx::pool::PoolOptions;
use tokio::runtime::{Builder, Runtime};

/// An empty table, and a pool of connections to it.
pub(crate) trait Pool: Sync {
    fn open(connections: u32) -> Self;
    fn insert(&self, patient: &Patient);
    fn load(&self, id: i64) -> Patient;
    /// Writes the whole row, if it still has that version.
    fn replace(&self, patient: &Patient, version: i64) -> bool;
    fn stored_name(&self, id: i64) -> Vec<u8>;
}

const CREATE_POSTGRES: &str = "CREATE TABLE patients (id BIGINT PRIMARY KEY, org_id BIGINT NOT NULL,
    version BIGINT NOT NULL, name BYTEA NOT NULL, diagnosis BYTEA)";
const CREATE_MYSQL: &str = "CREATE TABLE patients (id BIGINT PRIMARY KEY, org_id BIGINT NOT NULL,
    version BIGINT NOT NULL, name VARBINARY(255) NOT NULL, diagnosis VARBINARY(255))";

macro_rules! diesel_pool {
    ($Pool:ident, $Connection:ty, $database:path, $create:expr) => {
        pub(crate) struct $Pool {
            pool: r2d2::Pool<ConnectionManager<$Connection>>,
            _database: Database,
        }

        impl Pool for $Pool {
            fn open(connections: u32) -> Self {
                let database = $database();
                let manager = ConnectionManager::new(&database.url);
                let pool = r2d2::Pool::builder().max_size(connections).build(manager).unwrap();
                sql_query($create).execute(&mut pool.get().unwrap()).unwrap();
                Self { pool, _database: database }
            }

            fn insert(&self, patient: &Patient) {
                diesel::insert_into(patients::table)
                    .values(patient)
                    .execute(&mut self.pool.get().unwrap())
                    .unwrap();
            }

            fn load(&self, id: i64) -> Patient {
                patients::table.find(id).select(Patient::as_select()).first(&mut self.pool.get().unwrap()).unwrap()
            }

            fn replace(&self, patient: &Patient, version: i64) -> bool {
                let row = patients::table.find(patient.id).filter(patients::version.eq(version));
                diesel::update(row).set(patient).execute(&mut self.pool.get().unwrap()).unwrap() == 1
            }

            fn stored_name(&self, id: i64) -> Vec<u8> {
                patients::table.find(id).select(patients::name).first(&mut self.pool.get().unwrap()).unwrap()
            }
        }
    };
}

diesel_pool!(DieselPostgres, PgConnection, Database::postgres, CREATE_POSTGRES);
diesel_pool!(DieselMysql, MysqlConnection, Database::mysql, CREATE_MYSQL);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

macro_rules! async_pool {
    ($Pool:ident, $Connection:ty, $database:path, $create:expr) => {
        pub(crate) struct $Pool {
            pool: bb8::Pool<$Connection>,
            runtime: Runtime,
            _database: Database,
        }

        impl Pool for $Pool {
            fn open(connections: u32) -> Self {
                use diesel_async::RunQueryDsl;

                let (database, runtime) = ($database(), runtime());
                let pool = runtime.block_on(async {
                    let manager = AsyncDieselConnectionManager::<$Connection>::new(&database.url);
                    let pool = bb8::Pool::builder().max_size(connections).build(manager).await.unwrap();
                    RunQueryDsl::execute(sql_query($create), &mut pool.get().await.unwrap()).await.unwrap();
                    pool
                });
                Self { pool, runtime, _database: database }
            }

            fn insert(&self, patient: &Patient) {
                use diesel_async::RunQueryDsl;

                let insert = diesel::insert_into(patients::table).values(patient);
                self.runtime.block_on(async {
                    RunQueryDsl::execute(insert, &mut self.pool.get().await.unwrap()).await.unwrap()
                });
            }

            fn load(&self, id: i64) -> Patient {
                use diesel_async::RunQueryDsl;

                let select = patients::table.find(id).select(Patient::as_select());
                self.runtime.block_on(async {
                    RunQueryDsl::first(select, &mut self.pool.get().await.unwrap()).await.unwrap()
                })
            }

            fn replace(&self, patient: &Patient, version: i64) -> bool {
                use diesel_async::RunQueryDsl;

                let row = patients::table.find(patient.id).filter(patients::version.eq(version));
                let update = diesel::update(row).set(patient);
                self.runtime.block_on(async {
                    RunQueryDsl::execute(update, &mut self.pool.get().await.unwrap()).await.unwrap()
                }) == 1
            }

            fn stored_name(&self, id: i64) -> Vec<u8> {
                use diesel_async::RunQueryDsl;

                let select = patients::table.find(id).select(patients::name);
                self.runtime.block_on(async {
                    RunQueryDsl::first(select, &mut self.pool.get().await.unwrap()).await.unwrap()
                })
            }
        }
    };
}

async_pool!(AsyncPostgres, AsyncPgConnection, Database::postgres, CREATE_POSTGRES);
async_pool!(AsyncMysql, AsyncMysqlConnection, Database::mysql, CREATE_MYSQL);

macro_rules! sqlx_pool {
    ($Pool:ident, $Driver:ty, $database:path, $create:expr, $insert:literal, $select:literal, $replace:literal) => {
        pub(crate) struct $Pool {
            pool: sqlx::Pool<$Driver>,
            runtime: Runtime,
            _database: Database,
        }

        impl Pool for $Pool {
            fn open(connections: u32) -> Self {
                let (database, runtime) = ($database(), runtime());
                let pool = runtime.block_on(async {
                    let pool =
                        PoolOptions::new().max_connections(connections).connect(&database.url).await.unwrap();
                    pool.execute($create).await.unwrap();
                    pool
                });
                Self { pool, runtime, _database: database }
            }

            fn insert(&self, patient: &Patient) {
                let insert = sqlx::query($insert).bind_row(patient).unwrap();
                self.runtime.block_on(insert.execute(&self.pool)).unwrap();
            }

            fn load(&self, id: i64) -> Patient {
                self.runtime.block_on(sqlx::query_as($select).bind(id).fetch_one(&self.pool)).unwrap()
            }

            fn replace(&self, patient: &Patient, version: i64) -> bool {
                let columns = ["name", "diagnosis", "version", "id"];
                let update = sqlx::query($replace).bind_columns(patient, &columns).unwrap().bind(version);
                self.runtime.block_on(update.execute(&self.pool)).unwrap().rows_affected() == 1
            }

            fn stored_name(&self, id: i64) -> Vec<u8> {
                use sqlx::Row as _;

                self.runtime.block_on(sqlx::query($select).bind(id).fetch_one(&self.pool)).unwrap().get("name")
            }
        }
    };
}

sqlx_pool!(
    SqlxPostgres,
    sqlx::Postgres,
    Database::postgres,
    CREATE_POSTGRES,
    "INSERT INTO patients (id, org_id, version, name, diagnosis) VALUES ($1, $2, $3, $4, $5)",
    "SELECT * FROM patients WHERE id = $1",
    "UPDATE patients SET name = $1, diagnosis = $2, version = $3 WHERE id = $4 AND version = $5"
);
sqlx_pool!(
    SqlxMysql,
    sqlx::MySql,
    Database::mysql,
    CREATE_MYSQL,
    "INSERT INTO patients (id, org_id, version, name, diagnosis) VALUES (?, ?, ?, ?, ?)",
    "SELECT * FROM patients WHERE id = ?",
    "UPDATE patients SET name = ?, diagnosis = ?, version = ? WHERE id = ? AND version = ?"
);
