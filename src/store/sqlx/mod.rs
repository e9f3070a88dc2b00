//! A key store in PostgreSQL, MySQL or SQLite, through sqlx. What differs between them has a file
//! for each.

#[cfg(feature = "sqlx-mysql")]
mod mysql;
#[cfg(feature = "sqlx-postgres")]
mod postgres;
#[cfg(feature = "sqlx-sqlite")]
mod sqlite;

use super::kept::NAME;
use super::remote::{Client, Remote, RemoteStore};
use super::sql::{self, Failed, Said};
use super::{KeyStore, StoreError};
use crate::dialect::Fault;
use sqlx::error::DatabaseError;
use sqlx::{ConnectOptions as _, Connection, Database, Pool};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

type Options<DB> = <<DB as Database>::Connection as Connection>::Options;

/// Data keys in the table `fieldseal_keys` of the program's own database, through sqlx:
/// `Sqlx<Postgres>`, `Sqlx<MySql>` or `Sqlx<Sqlite>`.
///
/// Any number of processes can share the table. The store has a connection and a thread of its own,
/// and may be used from any thread, inside a tokio runtime of either kind or outside; its calls
/// block, for [`Self::with_deadline`] at most. It never uses a pool's connections: they belong to
/// the runtime that made them, and where that has one thread and it waits for the store, no thread
/// would be left to serve them. The thread isn't there after a fork: open the store afterwards.
///
/// The connection is made at the first use, and again whenever it was lost. One that wasn't used
/// for a second is asked whether it's alive.
///
/// A database of SQLite's in memory belongs to one connection, and the store would have another:
/// its keys would be gone with it. Use a file, or [`super::Memory`].
pub struct Sqlx<DB: Database> {
    store: RemoteStore<DB::Connection>,
}

#[expect(private_bounds, reason = "the databases are a closed set, which the documentation names")]
impl<DB> Sqlx<DB>
where
    DB: Database,
    DB::Connection: StoreDatabase,
{
    /// Connects as the options say: `url.parse::<PgConnectOptions>()?`, for example.
    ///
    /// The table must exist before the first use: see [`Self::create_table`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if no thread can be started. The database is reached at the
    /// first use.
    pub fn new(options: Options<DB>) -> Result<Self, StoreError> {
        Self::with_options(Arc::new(options))
    }

    /// Connects as a pool does, beside it.
    ///
    /// # Errors
    ///
    /// As for [`Self::new`].
    pub fn like_pool(pool: &Pool<DB>) -> Result<Self, StoreError> {
        Self::with_options(pool.connect_options())
    }

    fn with_options(options: Arc<Options<DB>>) -> Result<Self, StoreError> {
        let connect = move || -> super::remote::Connecting<DB::Connection> {
            let options = Arc::clone(&options);
            Box::pin(async move {
                let mut connection = options.connect().await.map_err(not_connected::<DB::Connection>)?;
                connection.check().await?;
                Ok(connection)
            })
        };
        Ok(Self { store: RemoteStore::new(connect)? })
    }

    /// How long one call may take as its caller sees it, all of it together. 8 seconds unless it's
    /// set, less than a keyring waits for.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.store.set_deadline(deadline);
        self
    }

    /// Makes the table `fieldseal_keys`, if it isn't there; any number of processes can do so at
    /// the same moment. Programs with migrations of their own apply [`super::migration()`] instead.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], [`StoreError::Denied`] where the user may not make the table,
    /// or [`StoreError::Damaged`] where the database is damaged.
    pub fn create_table(&self) -> Result<(), StoreError> {
        self.run(sql::create_table)
    }

    const fn shown(&self) -> &str {
        NAME
    }

    fn run<T>(&self, work: impl FnMut(&mut Remote<DB::Connection>) -> Result<T, Failed>) -> Result<T, StoreError> {
        self.store.run(work)
    }
}

impl<DB> KeyStore for Sqlx<DB>
where
    DB: Database,
    DB::Connection: StoreDatabase,
{
    sql::key_store!();
}

impl<DB: Database> fmt::Debug for Sqlx<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlx").finish_non_exhaustive()
    }
}

/// A database of sqlx's that can hold a key store, each in its file.
trait StoreDatabase: Client + Connection {
    /// What an error of the database means.
    fn fault(error: &dyn DatabaseError) -> Fault;

    /// Refuses a connection that makes no key store.
    fn check(&mut self) -> impl Future<Output = Result<(), Said>> + Send {
        std::future::ready(Ok(()))
    }
}

/// sqlx's own error, which quotes no options: they were parsed before. Any other error of a failed
/// connect isn't about the key store's table.
fn not_connected<C: StoreDatabase>(error: sqlx::Error) -> Said {
    let said = error.as_database_error().map(C::fault);
    Said::new(Some(if said == Some(Fault::Denied) { Fault::Denied } else { Fault::Other }), error)
}

/// The fault that an error stands for: the database's, or the connection's.
fn said<C: StoreDatabase>(error: sqlx::Error) -> Said {
    let fault = match &error {
        sqlx::Error::Database(error) => C::fault(&**error),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            Fault::Lost
        }
        _ => Fault::Other,
    };
    Said::new(Some(fault), error)
}

/// [`Client`] for one database's connection: from a function that makes a row's columns cells, and
/// whether statements are kept prepared.
///
/// Statements aren't kept prepared where proxies that share connections between clients would lose
/// them: a store that is asked once a minute gains nothing by it. On MySQL they are, since closing
/// one is a packet without an answer: the next packet waits in Nagle's algorithm for the server's
/// delayed acknowledgement, which made each transaction of the store 40 ms longer.
macro_rules! on_database {
    ($Connection:ty, $Dialect:expr, cell: $cell:expr, prepared: $prepared:literal) => {
        impl $crate::store::remote::Client for $Connection {
            const DIALECT: $crate::dialect::Dialect = $Dialect;

            async fn select(
                &mut self,
                sql: &'static str,
                params: Vec<$crate::store::remote::Owned>,
            ) -> Result<Vec<$crate::store::sql::Row>, $crate::store::sql::Said> {
                use $crate::store::sql::{COLUMNS, Cell, Row};
                let rows = bound(sql, params).fetch_all(self).await;
                let rows = rows.map_err($crate::store::sqlx::said::<Self>)?;
                let cells = |row| {
                    let mut cells = [const { Cell::Unusable }; COLUMNS.len()];
                    for (at, cell) in cells.iter_mut().enumerate() {
                        *cell = $cell(&row, at);
                    }
                    Row(cells)
                };
                Ok(rows.into_iter().map(cells).collect())
            }

            async fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, $crate::store::sql::Said> {
                let row = bound(sql, Vec::new()).fetch_one(self).await;
                let row = row.map_err($crate::store::sqlx::said::<Self>)?;
                Ok($cell(&row, 0).integer())
            }

            async fn execute(
                &mut self,
                sql: &'static str,
                params: Vec<$crate::store::remote::Owned>,
            ) -> Result<usize, $crate::store::sql::Said> {
                let done = bound(sql, params).execute(self).await;
                let done = done.map_err($crate::store::sqlx::said::<Self>)?;
                Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
            }

            async fn batch(&mut self, sql: &'static str) -> Result<(), $crate::store::sql::Said> {
                let done = sqlx::raw_sql(sql).execute(self).await;
                done.map(drop).map_err($crate::store::sqlx::said::<Self>)
            }
        }

        fn bound(
            sql: &'static str,
            params: Vec<$crate::store::remote::Owned>,
        ) -> sqlx::query::Query<
            'static,
            <$Connection as sqlx::Connection>::Database,
            <<$Connection as sqlx::Connection>::Database as sqlx::Database>::Arguments,
        > {
            use $crate::store::remote::Owned;
            params.into_iter().fold(sqlx::query(sql).persistent($prepared), |query, param| match param {
                Owned::Integer(integer) => query.bind(integer),
                Owned::Text(text) => query.bind(text),
                Owned::Blob(blob) => query.bind(blob),
            })
        }
    };
}

use on_database;
