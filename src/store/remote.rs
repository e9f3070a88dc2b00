//! Connections of asynchronous libraries, behind a trait that blocks.
//!
//! The rules of a key store run on the caller's thread, statement by statement; each statement runs
//! on the thread that the store owns. The connection moves to that thread with the statement. If
//! the deadline comes first, it is dropped together with the statement.

use super::StoreError;
use super::kept::{IDLE, Kept, NAME};
use super::sql::{Connection, Failed, Param, Row, Said};
use crate::blocking::{Driver, Stopped};
use crate::dialect::{Dialect, Fault};
use std::pin::Pin;
use std::time::{Duration, Instant};

/// How long a call takes at most, unless it's set. Less than a keyring waits for, so that its
/// caller sees why.
const DEADLINE: Duration = Duration::from_secs(8);

/// The most that is spent on asking whether a connection is alive. One through a firewall that
/// forgot it never answers.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection of an asynchronous library.
pub(super) trait Client: Send + Sized + 'static {
    const DIALECT: Dialect;

    fn select(
        &mut self,
        sql: &'static str,
        params: Vec<Owned>,
    ) -> impl Future<Output = Result<Vec<Row>, Said>> + Send;

    fn integer(&mut self, sql: &'static str) -> impl Future<Output = Result<Option<i64>, Said>> + Send;

    fn execute(
        &mut self,
        sql: &'static str,
        params: Vec<Owned>,
    ) -> impl Future<Output = Result<usize, Said>> + Send;

    fn batch(&mut self, sql: &'static str) -> impl Future<Output = Result<(), Said>> + Send;
}

/// A [`Param`] that can go to another thread.
#[derive(Debug)]
pub(super) enum Owned {
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Owned {
    #[cfg(feature = "diesel-async")]
    pub(super) fn as_param(&self) -> Param<'_> {
        match self {
            Self::Integer(integer) => Param::Integer(*integer),
            Self::Text(text) => Param::Text(text),
            Self::Blob(blob) => Param::Blob(blob),
        }
    }
}

pub(super) type Connecting<C> = Pin<Box<dyn Future<Output = Result<C, Said>> + Send>>;

/// What an asynchronous library's store is made of.
pub(super) struct RemoteStore<C> {
    kept: Kept<Remote<C>>,
    deadline: Duration,
}

impl<C: Client> RemoteStore<C> {
    pub(super) fn new(connect: impl Fn() -> Connecting<C> + Send + Sync + 'static) -> Result<Self, StoreError> {
        let driver = Driver::start("fieldseal-store").map_err(|error| {
            StoreError::unavailable(NAME, format!("no thread could be started for it: {error}"))
                .with_hint("look at the limits of the process")
                .with_source(error)
        })?;
        let connect = Box::new(connect);
        let remote = Remote { driver, connect, connection: None, used: None, until: Instant::now() };
        Ok(Self { kept: Kept::new(remote), deadline: DEADLINE })
    }

    pub(super) const fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    pub(super) fn run<T>(&self, work: impl FnMut(&mut Remote<C>) -> Result<T, Failed>) -> Result<T, StoreError> {
        let until = Instant::now().checked_add(self.deadline);
        self.kept.run(until, work).map_err(|failed| failed.of(NAME, C::DIALECT))
    }
}

pub(super) struct Remote<C> {
    driver: Driver,
    connect: Box<dyn Fn() -> Connecting<C> + Send + Sync>,
    connection: Option<C>,
    used: Option<Instant>,
    /// When the call that is going on must be over.
    until: Instant,
}

impl<C: Client> Remote<C> {
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Runs one statement on the store's own thread.
    fn on_thread<T, F>(&mut self, limit: Duration, statement: impl FnOnce(C) -> F) -> Result<T, Said>
    where
        T: Send + 'static,
        F: Future<Output = (C, Result<T, Said>)> + Send + 'static,
    {
        let Some(connection) = self.connection.take() else {
            return Err(Said::own(Fault::Lost, "its connection is lost"));
        };
        let (connection, done) = self.driver.run(limit, statement(connection)).map_err(stopped)?;
        self.connection = Some(connection);
        self.used = Some(Instant::now());
        done
    }

    fn batch_within(&mut self, limit: Duration, sql: &'static str) -> Result<(), Said> {
        self.on_thread(limit, move |mut connection| async move {
            let done = connection.batch(sql).await;
            (connection, done)
        })
    }
}

impl<C: Client> Connection for Remote<C> {
    fn dialect(&self) -> Dialect {
        C::DIALECT
    }

    fn ready(&mut self, until: Option<Instant>) -> Result<(), Said> {
        self.until = until.unwrap_or_else(|| Instant::now() + DEADLINE);
        let is_idle = self.used.is_some_and(|used| used.elapsed() > IDLE);
        if is_idle && self.connection.is_some() {
            let patience = PATIENCE.min(self.left() / 2);
            if self.batch_within(patience, "SELECT 1").is_err() {
                self.lose();
            }
        }
        if self.connection.is_none() {
            let made = self.driver.run(self.left(), (self.connect)());
            let connection = made.map_err(|reason| match reason {
                Stopped::TimedOut => stopped(reason),
                Stopped::Panicked => Said::own(Fault::Other, "what makes its connections panicked"),
            })??;
            self.connection = Some(connection);
            self.used = Some(Instant::now());
        }
        Ok(())
    }

    fn lose(&mut self) -> bool {
        if let Some(connection) = self.connection.take() {
            // The connection is dropped inside its runtime: some libraries send the server a last
            // message.
            let _ = self.driver.run(Duration::ZERO, async move { drop(connection) });
        }
        true
    }

    fn select(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Said> {
        let params = owned(params);
        self.on_thread(self.left(), move |mut connection| async move {
            let done = connection.select(sql, params).await;
            (connection, done)
        })
    }

    fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, Said> {
        self.on_thread(self.left(), move |mut connection| async move {
            let done = connection.integer(sql).await;
            (connection, done)
        })
    }

    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<usize, Said> {
        let params = owned(params);
        self.on_thread(self.left(), move |mut connection| async move {
            let done = connection.execute(sql, params).await;
            (connection, done)
        })
    }

    fn batch(&mut self, sql: &'static str) -> Result<(), Said> {
        self.batch_within(self.left(), sql)
    }
}

fn owned(params: &[Param<'_>]) -> Vec<Owned> {
    let owned = params.iter().map(|param| match *param {
        Param::Integer(integer) => Owned::Integer(integer),
        Param::Text(text) => Owned::Text(text.to_owned()),
        Param::Blob(blob) => Owned::Blob(blob.to_owned()),
    });
    owned.collect()
}

fn stopped(stopped: Stopped) -> Said {
    match stopped {
        Stopped::TimedOut => Said::own(
            Fault::Lost,
            "the database gave no answer before the deadline: check that it runs and that the network reaches it",
        ),
        Stopped::Panicked => Said::own(Fault::Mismatched, "the database library panicked at it"),
    }
}
