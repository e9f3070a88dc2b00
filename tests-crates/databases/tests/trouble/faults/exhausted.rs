//! Pools that have no connection left: their own error, at once or after their own timeout, and
//! they recover.

use super::sessions::{CREATE_MYSQL, CREATE_POSTGRES};
use super::{Patient, SECRET, patient, patients};
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::{MysqlConnection, QueryDsl as _, SelectableHelper as _};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8;
use fieldseal::sqlx::BindRow as _;
use fieldseal_databases::Database;
use sqlx::Executor as _;
use std::time::Duration;

const WAIT: Duration = Duration::from_millis(100);

#[test]
fn r2d2() {
    use diesel::RunQueryDsl as _;
    let database = Database::mysql();
    let manager = ConnectionManager::<MysqlConnection>::new(&database.url);
    let pool = Pool::builder().max_size(1).connection_timeout(WAIT).build(manager).unwrap();
    let mut conn = pool.get().unwrap();
    diesel::sql_query(CREATE_MYSQL).execute(&mut conn).unwrap();
    diesel::insert_into(patients::table).values(&patient(1)).execute(&mut conn).unwrap();
    let error = pool.get().err().unwrap();
    assert!(error.to_string().contains("timed out"), "{error}");
    drop(conn);
    let loaded = patients::table.select(Patient::as_select()).load(&mut pool.get().unwrap()).unwrap();
    assert!(loaded == [patient(1)]);
}

#[tokio::test]
async fn bb8_of_diesel_async() {
    use diesel_async::RunQueryDsl as _;
    let database = Database::postgres();
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(&database.url);
    let pool = bb8::Pool::builder().max_size(1).connection_timeout(WAIT).build(manager).await.unwrap();
    let mut conn = pool.get().await.unwrap();
    diesel::sql_query(CREATE_POSTGRES).execute(&mut conn).await.unwrap();
    diesel::insert_into(patients::table).values(&patient(1)).execute(&mut conn).await.unwrap();
    let error = pool.get().await.err().unwrap();
    assert!(matches!(error, bb8::RunError::TimedOut), "{error}");
    drop(conn);
    let mut conn = pool.get().await.unwrap();
    assert!(patients::table.select(Patient::as_select()).load(&mut conn).await.unwrap() == [patient(1)]);
}

#[tokio::test]
async fn sqlx_pool() {
    let database = Database::postgres();
    let options = sqlx::postgres::PgPoolOptions::new().max_connections(1).acquire_timeout(WAIT);
    let pool = options.connect(&database.url).await.unwrap();
    pool.execute(CREATE_POSTGRES).await.unwrap();
    let held = pool.begin().await.unwrap();
    let one = patient(1);
    let insert = "INSERT INTO patients (id, name, email) VALUES ($1, $2, $3)";
    let error = sqlx::query(insert).bind_row(&one).unwrap().execute(&pool).await.unwrap_err();
    assert!(matches!(error, sqlx::Error::PoolTimedOut), "{error}");
    assert!(!format!("{error:?}").contains(SECRET));
    drop(held);
    sqlx::query(insert).bind_row(&one).unwrap().execute(&pool).await.unwrap();
    let loaded: Vec<Patient> = sqlx::query_as("SELECT * FROM patients").fetch_all(&pool).await.unwrap();
    assert!(loaded == [one]);
    pool.close().await;
}
