//! A key store in SQLite, PostgreSQL or MySQL, through diesel. What differs between them has a file
//! for each.

mod backend;
mod connecting;
#[cfg(feature = "diesel-mysql")]
mod mysql;
#[cfg(feature = "diesel-postgres")]
mod postgres;
mod session;
#[cfg(feature = "diesel-sqlite")]
mod sqlite;

#[cfg(feature = "diesel-async")]
pub(super) use self::backend::Integer;
pub(super) use self::backend::StoreBackend;
#[cfg(feature = "diesel-async")]
pub(super) use self::connecting::not_connected;
#[cfg(feature = "diesel-async")]
pub(super) use self::session::said;

use self::session::Session;
use super::kept::{Kept, NAME};
use super::sql::{self, Failed};
use super::{KeyStore, StoreError};
use diesel::connection::LoadConnection;
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
/// diesel waits as long as its client library does. Bounds for that are set in the URL:
/// `connect_timeout`, `tcp_user_timeout` and `keepalives_idle` for PostgreSQL.
pub struct Diesel<C> {
    kept: Kept<Session<C>>,
}

#[expect(private_bounds, reason = "the backends are a closed set, which the documentation names")]
impl<C> Diesel<C>
where
    C: LoadConnection,
    C::Backend: StoreBackend,
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
    /// [`StoreError::Unavailable`], [`StoreError::Denied`] where the user may not make the table,
    /// or [`StoreError::Damaged`] where the database is damaged.
    pub fn create_table(&self) -> Result<(), StoreError> {
        self.run(sql::create_table)
    }

    const fn shown(&self) -> &str {
        NAME
    }

    fn run<T>(&self, work: impl FnMut(&mut Session<C>) -> Result<T, Failed>) -> Result<T, StoreError> {
        // This bounds the wait for a turn. How long the library waits for the server is up to the
        // library.
        self.kept
            .run(Instant::now().checked_add(TURN), work)
            .map_err(|failed| failed.of(NAME, <C::Backend as StoreBackend>::DIALECT))
    }
}

impl<C> KeyStore for Diesel<C>
where
    C: LoadConnection + Send,
    C::Backend: StoreBackend,
{
    sql::key_store!();
}

impl<C> fmt::Debug for Diesel<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diesel").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "diesel-sqlite"))]
mod tests;
