//! Each library and database alone, from an empty database to rows under two keys.

#![allow(unused_imports, reason = "each feature uses its part")]

use fieldseal::{Encrypt, Error, Keyring, Scope, kms, store};

/// The keyring on that store, installed, and the folder of its KEK.
fn start(store: impl store::KeyStore + 'static) -> (Keyring, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let kms = kms::Local::create(dir.path().join("kek.json")).unwrap();
    let keyring = Keyring::start(kms, store).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    fieldseal::install(keyring.clone()).unwrap();
    (keyring, dir)
}

#[allow(dead_code)]
fn url(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: `bash tests/all` runs these tests"))
}

/// A row that the program writes, reads, and reads again after a rotation.
macro_rules! model {
    ($(#[$attr:meta])*) => {
        #[derive(Clone, PartialEq, Encrypt)]
        $(#[$attr])*
        struct Patient {
            id: i64,
            #[encrypt]
            name: String,
            #[encrypt(pad = 32)]
            diagnosis: Option<String>,
        }

        fn patient(id: i64) -> Patient {
            Patient { id, name: format!("Ada {id}"), diagnosis: (id == 1).then(|| "flu".to_owned()) }
        }
    };
}

#[cfg(any(
    feature = "diesel-sqlite",
    feature = "diesel-postgres",
    feature = "diesel-mysql",
    feature = "diesel-async-postgres",
    feature = "diesel-async-mysql"
))]
diesel::table! {
    alone (id) {
        id -> BigInt,
        name -> Binary,
        diagnosis -> Nullable<Binary>,
    }
}

#[cfg(any(feature = "diesel-sqlite", feature = "diesel-postgres", feature = "diesel-mysql"))]
mod diesel_alone {
    use super::*;
    use diesel::prelude::*;

    #[cfg(feature = "diesel-sqlite")]
    type Conn = diesel::SqliteConnection;
    #[cfg(feature = "diesel-postgres")]
    type Conn = diesel::PgConnection;
    #[cfg(feature = "diesel-mysql")]
    type Conn = diesel::MysqlConnection;

    #[cfg(feature = "diesel-sqlite")]
    const BYTES: &str = "BLOB";
    #[cfg(feature = "diesel-postgres")]
    const BYTES: &str = "BYTEA";
    #[cfg(feature = "diesel-mysql")]
    const BYTES: &str = "BLOB";

    model! {
        #[encrypt(table = "alone", row = id, size = 65535)]
        #[diesel(table_name = alone)]
    }

    #[test]
    fn works() {
        #[cfg(feature = "diesel-sqlite")]
        let (_dir, url) = sqlite_file();
        #[cfg(feature = "diesel-postgres")]
        let url = url("FIELDSEAL_TEST_POSTGRES");
        #[cfg(feature = "diesel-mysql")]
        let url = url("FIELDSEAL_TEST_MYSQL");
        let conn = &mut Conn::establish(&url).unwrap();
        for sql in ["DROP TABLE IF EXISTS fieldseal_keys", "DROP TABLE IF EXISTS alone"] {
            diesel::sql_query(sql).execute(conn).unwrap();
        }
        let create =
            format!("CREATE TABLE alone (id BIGINT PRIMARY KEY, name {BYTES} NOT NULL, diagnosis {BYTES})");
        diesel::sql_query(create).execute(conn).unwrap();
        let store = store::Diesel::connecting(move || Conn::establish(&url));
        store.create_table().unwrap();
        let (keyring, _kek) = start(store);
        diesel::insert_into(alone::table).values(&patient(1)).execute(conn).unwrap();
        keyring.admin().rotate(&Scope::APPLICATION).unwrap();
        diesel::insert_into(alone::table).values(&patient(2)).execute(conn).unwrap();
        let all = alone::table.order(alone::id).select(Patient::as_select()).load(conn).unwrap();
        assert!(all == [patient(1), patient(2)]);
        diesel::sql_query("UPDATE alone SET id = 3 WHERE id = 2").execute(conn).unwrap();
        let moved = alone::table.select(Patient::as_select()).load(conn).err().unwrap();
        assert!(Error::find_in(&moved).is_some());
    }
}

#[cfg(any(feature = "diesel-async-postgres", feature = "diesel-async-mysql"))]
mod diesel_async_alone {
    use super::*;
    use diesel::prelude::*;
    use diesel_async::{AsyncConnection, RunQueryDsl};

    #[cfg(feature = "diesel-async-postgres")]
    type Conn = diesel_async::AsyncPgConnection;
    #[cfg(feature = "diesel-async-mysql")]
    type Conn = diesel_async::AsyncMysqlConnection;

    #[cfg(feature = "diesel-async-postgres")]
    const BYTES: &str = "BYTEA";
    #[cfg(feature = "diesel-async-mysql")]
    const BYTES: &str = "BLOB";

    model! {
        #[encrypt(table = "alone", row = id, size = 65535)]
        #[diesel(table_name = alone)]
    }

    #[tokio::test]
    async fn works() {
        #[cfg(feature = "diesel-async-postgres")]
        let url = url("FIELDSEAL_TEST_POSTGRES");
        #[cfg(feature = "diesel-async-mysql")]
        let url = url("FIELDSEAL_TEST_MYSQL");
        let conn = &mut Conn::establish(&url).await.unwrap();
        for sql in ["DROP TABLE IF EXISTS fieldseal_keys", "DROP TABLE IF EXISTS alone"] {
            diesel::sql_query(sql).execute(conn).await.unwrap();
        }
        let create =
            format!("CREATE TABLE alone (id BIGINT PRIMARY KEY, name {BYTES} NOT NULL, diagnosis {BYTES})");
        diesel::sql_query(create).execute(conn).await.unwrap();
        let store = store::DieselAsync::<Conn>::new(url).unwrap();
        store.create_table().unwrap();
        let (keyring, _kek) = start(store);
        diesel::insert_into(alone::table).values(&patient(1)).execute(conn).await.unwrap();
        keyring.admin().rotate(&Scope::APPLICATION).unwrap();
        diesel::insert_into(alone::table).values(&patient(2)).execute(conn).await.unwrap();
        let all = alone::table.order(alone::id).select(Patient::as_select()).load(conn).await.unwrap();
        assert!(all == [patient(1), patient(2)]);
        diesel::sql_query("UPDATE alone SET id = 3 WHERE id = 2").execute(conn).await.unwrap();
        let moved = alone::table.select(Patient::as_select()).load(conn).await.err().unwrap();
        assert!(Error::find_in(&moved).is_some());
    }
}

#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres", feature = "sqlx-mysql"))]
mod sqlx_alone {
    use super::*;
    use fieldseal::sqlx::{BindRow as _, PushRows as _};
    use sqlx::{Executor as _, Pool, QueryBuilder};

    #[cfg(feature = "sqlx-sqlite")]
    type Driver = sqlx::Sqlite;
    #[cfg(feature = "sqlx-postgres")]
    type Driver = sqlx::Postgres;
    #[cfg(feature = "sqlx-mysql")]
    type Driver = sqlx::MySql;

    #[cfg(feature = "sqlx-postgres")]
    const CREATE: &str = "CREATE TABLE alone (id BIGINT PRIMARY KEY, name BYTEA NOT NULL, diagnosis BYTEA)";
    #[cfg(not(feature = "sqlx-postgres"))]
    const CREATE: &str = "CREATE TABLE alone (id BIGINT PRIMARY KEY, name BLOB NOT NULL, diagnosis BLOB)";

    #[cfg(feature = "sqlx-postgres")]
    const INSERT: &str = "INSERT INTO alone (id, name, diagnosis) VALUES ($1, $2, $3)";
    #[cfg(not(feature = "sqlx-postgres"))]
    const INSERT: &str = "INSERT INTO alone (id, name, diagnosis) VALUES (?, ?, ?)";

    model!(#[encrypt(table = "alone", row = id, sqlx, size = 65535)]);

    #[tokio::test]
    async fn works() {
        #[cfg(feature = "sqlx-sqlite")]
        let (_dir, url) = sqlite_file();
        #[cfg(feature = "sqlx-sqlite")]
        let url = format!("sqlite://{url}");
        #[cfg(feature = "sqlx-postgres")]
        let url = url("FIELDSEAL_TEST_POSTGRES");
        #[cfg(feature = "sqlx-mysql")]
        let url = url("FIELDSEAL_TEST_MYSQL");
        let pool = Pool::<Driver>::connect(&url).await.unwrap();
        for sql in ["DROP TABLE IF EXISTS fieldseal_keys", "DROP TABLE IF EXISTS alone", CREATE] {
            pool.execute(sql).await.unwrap();
        }
        let store = store::Sqlx::like_pool(&pool).unwrap();
        store.create_table().unwrap();
        let (keyring, _kek) = start(store);
        sqlx::query(INSERT).bind_row(&patient(1)).unwrap().execute(&pool).await.unwrap();
        keyring.admin().rotate(&Scope::APPLICATION).unwrap();
        let mut insert = QueryBuilder::new("INSERT INTO alone (id, name, diagnosis) ");
        insert.push_rows(&[patient(2)]).unwrap().build().execute(&pool).await.unwrap();
        let all: Vec<Patient> = sqlx::query_as("SELECT * FROM alone ORDER BY id").fetch_all(&pool).await.unwrap();
        assert!(all == [patient(1), patient(2)]);
        pool.execute("UPDATE alone SET id = 3 WHERE id = 2").await.unwrap();
        let moved = sqlx::query_as::<_, Patient>("SELECT * FROM alone").fetch_all(&pool).await.err().unwrap();
        assert!(Error::find_in(&moved).is_some());
        pool.close().await;
    }
}

#[cfg(feature = "rusqlite")]
mod rusqlite_alone {
    use super::*;

    model!(#[encrypt(table = "alone", row = id, rusqlite)]);

    #[test]
    fn works() {
        let (_dir, path) = sqlite_file();
        let conn = rusqlite::Connection::open(&path).unwrap();
        conn.execute("CREATE TABLE alone (id INTEGER PRIMARY KEY, name BLOB NOT NULL, diagnosis BLOB)", [])
            .unwrap();
        let store = store::Rusqlite::open(&path).unwrap();
        store.create_table().unwrap();
        let (keyring, _kek) = start(store);
        let insert = "INSERT INTO alone VALUES (:id, :name, :diagnosis)";
        conn.execute(insert, patient(1).params().bind().as_slice()).unwrap();
        keyring.admin().rotate(&Scope::APPLICATION).unwrap();
        conn.execute(insert, patient(2).params().bind().as_slice()).unwrap();
        let mut select = conn.prepare("SELECT * FROM alone ORDER BY id").unwrap();
        let all =
            select.query_map([], |row| Patient::try_from(row)).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        assert!(all == [patient(1), patient(2)]);
        conn.execute("UPDATE alone SET id = 3 WHERE id = 2", []).unwrap();
        let moved = select.query_map([], |row| Patient::try_from(row)).unwrap().last().unwrap().err().unwrap();
        assert!(Error::find_in(&moved).is_some());
    }
}

#[cfg(any(feature = "diesel-sqlite", feature = "sqlx-sqlite", feature = "rusqlite"))]
fn sqlite_file() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    std::fs::write(&path, "").unwrap();
    let url = path.display().to_string();
    (dir, url)
}
