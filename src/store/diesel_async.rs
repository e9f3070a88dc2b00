//! A key store in PostgreSQL or MySQL, through diesel-async.

use super::diesel::{Integer, StoreBackend, not_connected, said};
use super::kept::NAME;
use super::remote::{Client, Connecting, Owned, Remote, RemoteStore};
use super::sql::{self, Failed, Row, Said};
use super::{KeyStore, StoreError};
use crate::dialect::Dialect;
use diesel::sql_query;
use diesel_async::{AsyncConnection, RunQueryDsl};
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Data keys in the table `fieldseal_keys` of the program's own database, through diesel-async: an
/// `AsyncPgConnection` or an `AsyncMysqlConnection`.
///
/// Any number of processes can share the table. The store has a connection and a thread of its own,
/// and may be used from any thread, inside a tokio runtime of either kind or outside; its calls
/// block, for [`Self::with_deadline`] at most. A pool's connection belongs to the runtime that made
/// it, and can't be given to the store. The thread isn't there after a fork: open the store
/// afterwards.
///
/// The connection is made at the first use, and again whenever it was lost. One that wasn't used
/// for a second is asked whether it's alive.
pub struct DieselAsync<C> {
    store: RemoteStore<Wrapped<C>>,
}

#[expect(private_bounds, reason = "the backends are a closed set, which the documentation names")]
impl<C> DieselAsync<C>
where
    C: AsyncConnection + 'static,
    C::Backend: AsyncEngine<C>,
{
    /// Connects to a URL, without TLS where the library's own `establish` has none.
    ///
    /// The table must exist before the first use: see [`Self::create_table`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if no thread can be started. The database is reached at the
    /// first use.
    pub fn new(url: impl Into<String>) -> Result<Self, StoreError> {
        let url: std::sync::Arc<str> = url.into().into();
        Self::connecting(move || {
            let url = std::sync::Arc::clone(&url);
            async move { C::establish(&url).await }
        })
    }

    /// Makes its connection by `connect`, on the store's own thread: with TLS, for example.
    ///
    /// What an error of `connect` says is not repeated in the store's, because it may quote a URL
    /// with a password; log it in `connect` if it's needed.
    ///
    /// # Errors
    ///
    /// As for [`Self::new`].
    pub fn connecting<F, E>(connect: impl Fn() -> F + Send + Sync + 'static) -> Result<Self, StoreError>
    where
        F: Future<Output = Result<C, E>> + Send + 'static,
        E: Error + 'static,
    {
        let connect = move || -> Connecting<Wrapped<C>> {
            let connecting = connect();
            Box::pin(async move { connecting.await.map(Wrapped).map_err(|error| not_connected(&error)) })
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

    fn run<T>(&self, work: impl FnMut(&mut Remote<Wrapped<C>>) -> Result<T, Failed>) -> Result<T, StoreError> {
        self.store.run(work)
    }
}

impl<C> KeyStore for DieselAsync<C>
where
    C: AsyncConnection + 'static,
    C::Backend: AsyncEngine<C>,
{
    sql::key_store!();
}

impl<C> fmt::Debug for DieselAsync<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DieselAsync").finish_non_exhaustive()
    }
}

/// A connection of diesel-async's.
struct Wrapped<C>(C);

impl<C> Client for Wrapped<C>
where
    C: AsyncConnection + 'static,
    C::Backend: AsyncEngine<C>,
{
    const DIALECT: Dialect = <C::Backend as StoreBackend>::DIALECT;

    async fn select(&mut self, sql: &'static str, params: Vec<Owned>) -> Result<Vec<Row>, Said> {
        let query =
            <C::Backend as StoreBackend>::bound(sql, &params.iter().map(Owned::as_param).collect::<Vec<_>>());
        C::Backend::select_async(&mut self.0, query).await.map_err(said::<C::Backend>)
    }

    async fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, Said> {
        let integer = C::Backend::integer_async(&mut self.0, sql).await.map_err(said::<C::Backend>)?;
        Ok(integer.0.integer())
    }

    async fn execute(&mut self, sql: &'static str, params: Vec<Owned>) -> Result<usize, Said> {
        let query =
            <C::Backend as StoreBackend>::bound(sql, &params.iter().map(Owned::as_param).collect::<Vec<_>>());
        C::Backend::execute_async(&mut self.0, query).await.map_err(said::<C::Backend>)
    }

    async fn batch(&mut self, sql: &'static str) -> Result<(), Said> {
        self.0.batch_execute(sql).await.map_err(said::<C::Backend>)
    }
}

type Query<'a, B> = diesel::query_builder::BoxedSqlQuery<'a, B, diesel::query_builder::SqlQuery>;

/// What diesel-async's types let one say only with the backend's name in it.
trait AsyncEngine<C>: StoreBackend {
    fn select_async<'a>(
        connection: &'a mut C,
        query: Query<'a, Self>,
    ) -> impl Future<Output = diesel::QueryResult<Vec<Row>>> + Send;

    fn integer_async(
        connection: &mut C,
        sql: &'static str,
    ) -> impl Future<Output = diesel::QueryResult<Integer>> + Send;

    fn execute_async<'a>(
        connection: &'a mut C,
        query: Query<'a, Self>,
    ) -> impl Future<Output = diesel::QueryResult<usize>> + Send;
}

macro_rules! on_backend {
    ($Backend:ty) => {
        impl<C: AsyncConnection<Backend = $Backend> + 'static> AsyncEngine<C> for $Backend {
            fn select_async<'a>(
                connection: &'a mut C,
                query: Query<'a, Self>,
            ) -> impl Future<Output = diesel::QueryResult<Vec<Row>>> + Send {
                RunQueryDsl::load(query, connection)
            }

            fn integer_async(
                connection: &mut C,
                sql: &'static str,
            ) -> impl Future<Output = diesel::QueryResult<Integer>> + Send {
                RunQueryDsl::get_result(sql_query(sql), connection)
            }

            fn execute_async<'a>(
                connection: &'a mut C,
                query: Query<'a, Self>,
            ) -> impl Future<Output = diesel::QueryResult<usize>> + Send {
                RunQueryDsl::execute(query, connection)
            }
        }
    };
}

#[cfg(feature = "diesel-mysql")]
on_backend!(diesel::mysql::Mysql);
#[cfg(feature = "diesel-postgres")]
on_backend!(diesel::pg::Pg);
