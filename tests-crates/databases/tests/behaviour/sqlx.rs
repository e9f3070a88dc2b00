//! sqlx on each database: one set of statements, for any model.

use crate::servers::{Mysql, Postgres, runtime};
use behaviours::models::{Client, Database as _, Dialect, Failed, SqliteFile, Store};
use fieldseal::sqlx::{BindRow, PushRows as _, SqlxModel, SqlxRow};
use fieldseal::value::SealedValue;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, FromRow, QueryBuilder};
use tokio::runtime::Runtime;

fn failed(error: sqlx::Error) -> Failed {
    Failed::of(&error)
}

macro_rules! sqlx_client {
    ($Client:ident: $Home:ident, $Database:ty, $Connection:ty, $Row:ty, $scheme:literal, $name:literal) => {
        /// With a runtime of its own, on the test's thread.
        pub struct $Client {
            connection: $Connection,
            runtime: Runtime,
        }

        impl Client for $Client {
            type Database = $Home;

            const NAME: &'static str = $name;

            fn connect(database: &$Home) -> Self {
                let runtime = runtime();
                let url = format!(concat!($scheme, "{}"), database.url());
                let connection = runtime.block_on(async {
                    let mut connection = <$Connection>::connect(&url).await.unwrap();
                    if let Some(first) = database.first() {
                        connection.execute(AssertSqlSafe(first)).await.unwrap();
                    }
                    connection
                });
                Self { connection, runtime }
            }

            fn execute(&mut self, sql: &str) {
                let sql = AssertSqlSafe(sql.to_owned());
                self.runtime.block_on(self.connection.execute(sql)).unwrap();
            }
        }

        impl<M> Store<M> for $Client
        where
            M: SqlxModel + for<'q> SqlxRow<'q, $Database> + for<'r> FromRow<'r, $Row> + Send + Unpin,
        {
            fn insert(&mut self, row: &M) -> Result<usize, Failed> {
                let sql = insert::<M>(<$Home>::DIALECT, "");
                let query = sqlx::query(AssertSqlSafe(sql)).bind_row(row).map_err(failed)?;
                let done = self.runtime.block_on(query.execute(&mut self.connection)).map_err(failed)?;
                Ok(done.rows_affected().try_into().unwrap())
            }

            fn insert_many(&mut self, rows: &[M]) -> Result<usize, Failed> {
                let start = format!("INSERT INTO {} ({}) ", M::SCHEMA.sql_table, M::COLUMNS.join(", "));
                let mut query = QueryBuilder::<$Database>::new(start);
                query.push_rows(rows).map_err(failed)?;
                let done = self.runtime.block_on(query.build().execute(&mut self.connection)).map_err(failed)?;
                Ok(done.rows_affected().try_into().unwrap())
            }

            fn update(&mut self, row: &M) -> Result<usize, Failed> {
                let columns: Vec<_> = M::COLUMNS.iter().copied().filter(|name| *name != "id").collect();
                let dialect = <$Home>::DIALECT;
                let set = columns.iter().enumerate().map(|(at, name)| format!("{name} = {}", mark(dialect, at)));
                let set = set.collect::<Vec<_>>().join(", ");
                let id = mark(dialect, columns.len());
                let sql = format!("UPDATE {} SET {set} WHERE id = {id}", M::SCHEMA.sql_table);
                let columns = [&columns[..], &["id"]].concat();
                let query = sqlx::query(AssertSqlSafe(sql)).bind_columns(row, &columns).map_err(failed)?;
                let done = self.runtime.block_on(query.execute(&mut self.connection)).map_err(failed)?;
                Ok(done.rows_affected().try_into().unwrap())
            }

            fn upsert(&mut self, row: &M) -> Result<(), Failed> {
                let set = |value: fn(&str) -> String| {
                    M::COLUMNS.iter().map(|name| format!("{name} = {}", value(name))).collect::<Vec<_>>().join(", ")
                };
                let conflict = match <$Home>::DIALECT {
                    Dialect::Mysql => {
                        format!("ON DUPLICATE KEY UPDATE {}", set(|name| format!("VALUES({name})")))
                    }
                    _ => format!("ON CONFLICT (id) DO UPDATE SET {}", set(|name| format!("excluded.{name}"))),
                };
                let sql = insert::<M>(<$Home>::DIALECT, &conflict);
                let query = sqlx::query(AssertSqlSafe(sql)).bind_row(row).map_err(failed)?;
                self.runtime.block_on(query.execute(&mut self.connection)).map(drop).map_err(failed)
            }

            fn load(&mut self, id: i64) -> Result<Option<M>, Failed> {
                let one = mark(<$Home>::DIALECT, 0);
                let sql = format!("SELECT * FROM {} WHERE id = {one}", M::SCHEMA.sql_table);
                let query = sqlx::query_as(AssertSqlSafe(sql)).bind(id);
                self.runtime.block_on(query.fetch_optional(&mut self.connection)).map_err(failed)
            }

            fn load_all(&mut self) -> Result<Vec<M>, Failed> {
                let sql = format!("SELECT * FROM {} ORDER BY id", M::SCHEMA.sql_table);
                let query = sqlx::query_as(AssertSqlSafe(sql));
                self.runtime.block_on(query.fetch_all(&mut self.connection)).map_err(failed)
            }

            fn delete(&mut self, id: i64) -> Result<usize, Failed> {
                let one = mark(<$Home>::DIALECT, 0);
                let query =
                    sqlx::query(AssertSqlSafe(format!("DELETE FROM {} WHERE id = {one}", M::SCHEMA.sql_table)));
                let done = self.runtime.block_on(query.bind(id).execute(&mut self.connection)).map_err(failed)?;
                Ok(done.rows_affected().try_into().unwrap())
            }

            fn find(&mut self, column: &str, candidates: &[SealedValue]) -> Result<Vec<i64>, Failed> {
                let start = format!("SELECT id FROM {} WHERE {column} IN (", M::SCHEMA.sql_table);
                let mut query = QueryBuilder::<$Database>::new(start);
                let mut list = query.separated(", ");
                for candidate in candidates {
                    list.push_bind(candidate.clone().checked().map_err(|error| Failed::of(&error))?);
                }
                query.push(") ORDER BY id");
                let query = query.build_query_scalar();
                self.runtime.block_on(query.fetch_all(&mut self.connection)).map_err(failed)
            }
        }
    };
}

sqlx_client!(SqlxSqlite: SqliteFile, sqlx::Sqlite, sqlx::SqliteConnection, sqlx::sqlite::SqliteRow, "sqlite://", "sqlx on SQLite");
sqlx_client!(SqlxPostgres: Postgres, sqlx::Postgres, sqlx::PgConnection, sqlx::postgres::PgRow, "", "sqlx on PostgreSQL");
sqlx_client!(SqlxMysql: Mysql, sqlx::MySql, sqlx::MySqlConnection, sqlx::mysql::MySqlRow, "", "sqlx on MariaDB");

/// The parameter at that place, counted from 0.
fn mark(dialect: Dialect, at: usize) -> String {
    if dialect == Dialect::Postgres { format!("${}", at + 1) } else { "?".to_owned() }
}

fn insert<M: SqlxModel>(dialect: Dialect, tail: &str) -> String {
    let marks = (0..M::COLUMNS.len()).map(|at| mark(dialect, at)).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {} ({}) VALUES ({marks}) {tail}", M::SCHEMA.sql_table, M::COLUMNS.join(", "))
}
