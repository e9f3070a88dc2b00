//! A key store in SQLite, PostgreSQL or MySQL, through diesel. What differs between them has a file
//! for each.

mod connecting;
#[cfg(feature = "diesel-mysql")]
mod mysql;
#[cfg(feature = "diesel-postgres")]
mod postgres;
mod session;
#[cfg(feature = "diesel-sqlite")]
mod sqlite;

#[cfg(feature = "diesel-async")]
pub(super) use self::connecting::not_connected;
#[cfg(feature = "diesel-async")]
pub(super) use self::session::said;

use self::session::Session;
use super::kept::{Kept, NAME};
use super::sql::{self, Cell, Failed, Param, Row};
use super::{KeyStore, StoreError};
use crate::dialect::Dialect;
use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::connection::LoadConnection;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

/// How long a call waits for the calls before it, about as long as a keyring waits for the call.
const TURN: Duration = Duration::from_secs(10);

/// Data keys in the table `fieldseal_keys` of the program's own database, through any of diesel's
/// connections to it: a `SqliteConnection`, a `PgConnection`, a `MysqlConnection`, a pooled one, an
/// instrumented one.
///
/// Any number of processes can share the table. The store keeps its connection, so a pool has one
/// less to give. On MySQL the connection needs a schema that is selected.
///
/// diesel waits as long as its client library does. What bounds that is said in the URL:
/// `connect_timeout`, `tcp_user_timeout` and `keepalives_idle` for PostgreSQL.
pub struct Diesel<C> {
    kept: Kept<Session<C>>,
}

#[expect(private_bounds, reason = "the backends are a closed set, which the documentation names")]
impl<C> Diesel<C>
where
    C: LoadConnection,
    C::Backend: Engine,
{
    /// Takes a connection. Where it is one to SQLite without a busy timeout (diesel sets none), it
    /// gets one of five seconds at the first use.
    ///
    /// Once that connection is lost, because the server was restarted for example, every call
    /// fails: a program that runs for long uses [`Self::connecting`].
    ///
    /// The table must exist before the first use: see [`Self::create_table`].
    #[must_use]
    pub const fn new(connection: C) -> Self {
        Self { kept: Kept::new(Session::new(connection)) }
    }

    /// Makes its connection by `connect`, at the first use and whenever it was lost: from a URL
    /// (`move || PgConnection::establish(&url)`) or a pool (`move || pool.get()`).
    ///
    /// A connection that wasn't used for a second is asked whether it's alive. What an error of
    /// `connect` says is not repeated in the store's, because it may quote a URL with a password;
    /// log it in `connect` if it's needed.
    #[must_use]
    pub fn connecting<E: Error + 'static>(connect: impl FnMut() -> Result<C, E> + Send + 'static) -> Self {
        Self { kept: Kept::new(Session::connecting(connect)) }
    }

    /// Makes the table `fieldseal_keys`, if it isn't there; any number of processes can do so at
    /// the same moment. Programs with migrations of their own apply [`super::migration()`] instead.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub fn create_table(&self) -> Result<(), StoreError> {
        self.run(sql::create_table)
    }

    const fn shown(&self) -> &str {
        NAME
    }

    fn run<T>(&self, work: impl FnMut(&mut Session<C>) -> Result<T, Failed>) -> Result<T, StoreError> {
        // For a turn: how long the library waits for the server is its own affair.
        self.kept
            .run(Instant::now().checked_add(TURN), work)
            .map_err(|failed| failed.of(NAME, <C::Backend as Engine>::DIALECT))
    }
}

impl<C> KeyStore for Diesel<C>
where
    C: LoadConnection + Send,
    C::Backend: Engine,
{
    sql::key_store!();
}

impl<C> fmt::Debug for Diesel<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diesel").finish_non_exhaustive()
    }
}

/// What a backend's file gives: `Sqlite`, `Pg` and `Mysql` can hold a key store.
pub(super) trait Engine: Backend {
    const DIALECT: Dialect;

    /// Whether its messages may be in another language than English.
    const MAY_BE_TRANSLATED: bool = true;

    /// What a new connection needs.
    fn prepare<C: LoadConnection<Backend = Self>>(_connection: &mut C) -> QueryResult<()> {
        Ok(())
    }

    fn bound<'a>(sql: &'static str, params: &[Param<'a>]) -> BoxedSqlQuery<'a, Self, SqlQuery>;

    fn select<C: LoadConnection<Backend = Self>>(
        connection: &mut C,
        query: BoxedSqlQuery<'_, Self, SqlQuery>,
    ) -> QueryResult<Vec<Row>>;

    fn integer<C: LoadConnection<Backend = Self>>(connection: &mut C, sql: &'static str) -> QueryResult<Cell>;

    fn execute<C: LoadConnection<Backend = Self>>(
        connection: &mut C,
        query: BoxedSqlQuery<'_, Self, SqlQuery>,
    ) -> QueryResult<usize>;
}

/// One integer, in the column `n`.
pub(super) struct Integer(pub(super) Cell);

/// What is the same for each backend and can only be written with the backend's name in it: a
/// function that reads a cell, and what [`Engine`] adds.
macro_rules! on_backend {
    ($Backend:ty, cell: $cell:expr, { $($rest:tt)* }) => {
        impl $crate::store::diesel::Engine for $Backend {
            $($rest)*

            fn bound<'a>(
                sql: &'static str,
                params: &[$crate::store::sql::Param<'a>],
            ) -> diesel::query_builder::BoxedSqlQuery<'a, Self, diesel::query_builder::SqlQuery> {
                use $crate::store::sql::Param;
                params.iter().fold(diesel::sql_query(sql).into_boxed(), |query, param| match *param {
                    Param::Integer(integer) => query.bind::<diesel::sql_types::BigInt, _>(integer),
                    Param::Text(text) => query.bind::<diesel::sql_types::Text, _>(text),
                    Param::Blob(blob) => query.bind::<diesel::sql_types::Binary, _>(blob),
                })
            }

            fn select<C: diesel::connection::LoadConnection<Backend = Self>>(
                connection: &mut C,
                query: diesel::query_builder::BoxedSqlQuery<'_, Self, diesel::query_builder::SqlQuery>,
            ) -> diesel::QueryResult<Vec<$crate::store::sql::Row>> {
                diesel::RunQueryDsl::load(query, connection)
            }

            fn integer<C: diesel::connection::LoadConnection<Backend = Self>>(
                connection: &mut C,
                sql: &'static str,
            ) -> diesel::QueryResult<$crate::store::sql::Cell> {
                let integer: $crate::store::diesel::Integer =
                    diesel::RunQueryDsl::get_result(diesel::sql_query(sql), connection)?;
                Ok(integer.0)
            }

            fn execute<C: diesel::connection::LoadConnection<Backend = Self>>(
                connection: &mut C,
                query: diesel::query_builder::BoxedSqlQuery<'_, Self, diesel::query_builder::SqlQuery>,
            ) -> diesel::QueryResult<usize> {
                diesel::RunQueryDsl::execute(query, connection)
            }
        }

        impl diesel::deserialize::QueryableByName<$Backend> for $crate::store::sql::Row {
            fn build<'a>(
                row: &impl diesel::row::NamedRow<'a, $Backend>,
            ) -> diesel::deserialize::Result<Self> {
                use $crate::store::sql::{COLUMNS, Cell};
                let mut cells = [const { Cell::Unusable }; COLUMNS.len()];
                for (cell, column) in cells.iter_mut().zip(COLUMNS) {
                    *cell = diesel::row::NamedRow::get::<diesel::sql_types::Binary, Cell>(row, column)?;
                }
                Ok(Self(cells))
            }
        }

        impl diesel::deserialize::QueryableByName<$Backend> for $crate::store::diesel::Integer {
            fn build<'a>(
                row: &impl diesel::row::NamedRow<'a, $Backend>,
            ) -> diesel::deserialize::Result<Self> {
                diesel::row::NamedRow::get::<diesel::sql_types::Binary, _>(row, "n").map(Self)
            }
        }

        /// Whatever is stored, by the value's own type.
        impl diesel::deserialize::FromSql<diesel::sql_types::Binary, $Backend> for $crate::store::sql::Cell {
            fn from_sql(
                value: <$Backend as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                Ok($cell(value))
            }

            fn from_nullable_sql(
                value: Option<<$Backend as diesel::backend::Backend>::RawValue<'_>>,
            ) -> diesel::deserialize::Result<Self> {
                Ok(value.map_or(Self::Unusable, $cell))
            }
        }
    };
}

use on_backend;

#[cfg(all(test, feature = "diesel-sqlite"))]
mod tests;
