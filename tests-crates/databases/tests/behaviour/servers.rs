//! PostgreSQL and MariaDB, and diesel and diesel-async on them.

use behaviours::models::bindings::{bytes, native};
use behaviours::models::{Client, Database, Dialect, Failed};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{Nullable, Text};
use diesel::{Connection as _, MysqlConnection, PgConnection, QueryableByName, RunQueryDsl as _};
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, AsyncPgConnection, SimpleAsyncConnection as _};
use tokio::runtime::Runtime;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Nullable<Text>)]
    answer: Option<String>,
}

macro_rules! server {
    ($Database:ident: $Connection:ty, $create:ident, $text:literal, $uuids:ident) => {
        /// A place of its own on the server, and the attacker's connection to it.
        pub struct $Database {
            attacker: $Connection,
            place: fieldseal_databases::Database,
        }

        impl Database for $Database {
            const DIALECT: Dialect = Dialect::$Database;

            type ByUuid = $uuids::ByUuid;
            type BySeveral = $uuids::BySeveral;

            fn create() -> Self {
                let place = fieldseal_databases::Database::$create();
                let mut attacker = <$Connection>::establish(&place.url).unwrap();
                place.first().into_iter().for_each(|sql| attacker.batch_execute(&sql).unwrap());
                Self { attacker, place }
            }

            fn url(&self) -> String {
                self.place.url.clone()
            }

            fn first(&self) -> Option<String> {
                self.place.first()
            }

            fn try_execute(&mut self, sql: &str) -> Result<(), String> {
                self.attacker.batch_execute(sql).map_err(|error| error.to_string())
            }

            fn ask(&mut self, sql: &str) -> Option<String> {
                let sql = format!(
                    concat!("WITH asked (x) AS ({}) SELECT CAST(x AS ", $text, ") AS answer FROM asked"),
                    sql
                );
                let answer: Answer = diesel::sql_query(sql).get_result(&mut self.attacker).unwrap();
                answer.answer
            }
        }
    };
}

server!(Postgres: PgConnection, postgres_schema, "TEXT", native);
server!(Mysql: MysqlConnection, mysql, "CHAR", bytes);

macro_rules! diesel_client {
    ($Client:ident: $Database:ident, $Connection:ty, $name:literal) => {
        pub struct $Client {
            pub connection: $Connection,
        }

        impl Client for $Client {
            type Database = $Database;

            const NAME: &'static str = $name;

            fn connect(database: &$Database) -> Self {
                let mut connection = <$Connection>::establish(&database.url()).unwrap();
                database.first().into_iter().for_each(|sql| connection.batch_execute(&sql).unwrap());
                Self { connection }
            }

            fn execute(&mut self, sql: &str) {
                self.connection.batch_execute(sql).unwrap();
            }
        }

        impl $Client {
            pub fn failed(error: diesel::result::Error) -> Failed {
                Failed::of(&error)
            }
        }
    };
}

diesel_client!(DieselPostgres: Postgres, PgConnection, "diesel on PostgreSQL");
diesel_client!(DieselMysql: Mysql, MysqlConnection, "diesel on MariaDB");

macro_rules! diesel_async_client {
    ($Client:ident: $Database:ident, $Connection:ty, $name:literal) => {
        /// With a runtime of its own, on the test's thread.
        pub struct $Client {
            pub connection: $Connection,
            pub runtime: Runtime,
        }

        impl Client for $Client {
            type Database = $Database;

            const NAME: &'static str = $name;

            fn connect(database: &$Database) -> Self {
                let runtime = runtime();
                let connection = runtime.block_on(async {
                    let mut connection = <$Connection>::establish(&database.url()).await.unwrap();
                    if let Some(first) = database.first() {
                        connection.batch_execute(&first).await.unwrap();
                    }
                    connection
                });
                Self { connection, runtime }
            }

            fn execute(&mut self, sql: &str) {
                self.runtime.block_on(self.connection.batch_execute(sql)).unwrap();
            }
        }

        impl $Client {
            pub fn failed(error: diesel::result::Error) -> Failed {
                Failed::of(&error)
            }
        }
    };
}

diesel_async_client!(DieselAsyncPostgres: Postgres, AsyncPgConnection, "diesel-async on PostgreSQL");
diesel_async_client!(DieselAsyncMysql: Mysql, AsyncMysqlConnection, "diesel-async on MariaDB");

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A query on diesel-async's connection.
macro_rules! awaited {
    ($self:ident, $method:ident, $query:expr) => {
        $self.runtime.block_on(diesel_async::RunQueryDsl::$method($query, &mut $self.connection))
    };
}

/// What an upsert of MySQL's names.
macro_rules! on_any_key {
    ($table:ident) => {
        diesel::dsl::DuplicatedKeys
    };
}
