//! Every way to a key store on a server, and databases to have them on.

use diesel::r2d2::{ConnectionManager, Pool};
use diesel::{Connection as _, MysqlConnection, PgConnection};
use diesel_async::{AsyncMysqlConnection, AsyncPgConnection};
use fieldseal::Dialect;
use fieldseal::store::{Diesel, DieselAsync, KeyStore, Sqlx, StoreError};
use fieldseal_databases::Database;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{MySql, Postgres, Sqlite};

pub(crate) type Opener = Box<dyn Fn() -> Box<dyn KeyStore> + Sync>;

/// A store that can make its table.
pub(crate) trait Store: KeyStore {
    fn create_table(&self) -> Result<(), StoreError>;
}

macro_rules! stores {
    ($($store:ty),*) => {$(
        impl Store for $store {
            fn create_table(&self) -> Result<(), StoreError> {
                <$store>::create_table(self)
            }
        }
    )*};
}

stores!(
    Diesel<PgConnection>,
    Diesel<MysqlConnection>,
    DieselAsync<AsyncPgConnection>,
    DieselAsync<AsyncMysqlConnection>,
    Sqlx<Postgres>,
    Sqlx<MySql>,
    Sqlx<Sqlite>
);

/// A library's name, and how it opens a store at a URL.
pub(crate) type Library = (&'static str, fn(&str) -> Box<dyn Store>);

/// With a connection of its own that can be made again.
pub(crate) const ON_POSTGRES: [Library; 3] = [
    ("diesel", |url| {
        let url = url.to_owned();
        Box::new(Diesel::connecting(move || PgConnection::establish(&url)))
    }),
    ("diesel-async", |url| Box::new(DieselAsync::<AsyncPgConnection>::new(url).unwrap())),
    ("sqlx", |url| Box::new(Sqlx::<Postgres>::new(url.parse::<PgConnectOptions>().unwrap()).unwrap())),
];

pub(crate) const ON_MYSQL: [Library; 3] = [
    ("diesel", |url| {
        let url = url.to_owned();
        Box::new(Diesel::connecting(move || MysqlConnection::establish(&url)))
    }),
    ("diesel-async", |url| Box::new(DieselAsync::<AsyncMysqlConnection>::new(url).unwrap())),
    ("sqlx", |url| Box::new(Sqlx::<MySql>::new(url.parse::<MySqlConnectOptions>().unwrap()).unwrap())),
];

/// A server, and the libraries for it.
pub(crate) struct Server {
    pub(crate) dialect: Dialect,
    pub(crate) libraries: [Library; 3],
    pub(crate) database: fn() -> Database,
}

pub(crate) const POSTGRES: Server =
    Server { dialect: Dialect::Postgres, libraries: ON_POSTGRES, database: Database::postgres };
pub(crate) const MYSQL: Server = Server { dialect: Dialect::Mysql, libraries: ON_MYSQL, database: Database::mysql };
pub(crate) const SERVERS: [Server; 2] = [POSTGRES, MYSQL];

/// An empty store on a server, for the contract.
pub(crate) fn on(server: &Server, library: usize) -> (Database, Opener) {
    let database = (server.database)();
    let open = server.libraries[library].1;
    open(&database.url).create_table().unwrap();
    let url = database.url.clone();
    (database, Box::new(move || -> Box<dyn KeyStore> { open(&url) }))
}

/// diesel with one connection, which the store is given.
pub(crate) fn diesel_postgres() -> (Database, Opener) {
    let database = Database::postgres();
    let url = database.url.clone();
    let open = move || Diesel::new(PgConnection::establish(&url).unwrap());
    open().create_table().unwrap();
    (database, Box::new(move || Box::new(open())))
}

pub(crate) fn diesel_mysql() -> (Database, Opener) {
    let database = Database::mysql();
    let url = database.url.clone();
    let open = move || Diesel::new(MysqlConnection::establish(&url).unwrap());
    open().create_table().unwrap();
    (database, Box::new(move || Box::new(open())))
}

macro_rules! pooled {
    ($name:ident, $Connection:ty, $database:expr) => {
        pub(crate) fn $name() -> (Database, Opener) {
            let database = $database;
            let manager = ConnectionManager::<$Connection>::new(&database.url);
            let pool = Pool::builder().max_size(12).min_idle(Some(0)).build(manager).unwrap();
            Diesel::new(pool.get().unwrap()).create_table().unwrap();
            let open = move || -> Box<dyn KeyStore> {
                let pool = pool.clone();
                Box::new(Diesel::connecting(move || pool.get()))
            };
            (database, Box::new(open))
        }
    };
}

pooled!(r2d2_postgres, PgConnection, Database::postgres());
pooled!(r2d2_mysql, MysqlConnection, Database::mysql());

pub(crate) fn sqlx_sqlite() -> (Database, Opener) {
    let database = Database::sqlite();
    let options = SqliteConnectOptions::new().filename(&database.url).create_if_missing(true);
    Sqlx::<Sqlite>::new(options.clone()).unwrap().create_table().unwrap();
    (database, Box::new(move || Box::new(Sqlx::<Sqlite>::new(options.clone()).unwrap())))
}
