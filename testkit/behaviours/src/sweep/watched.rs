//! A database that tells of each statement before it runs, to whoever wants to be in its way.

use fieldseal::Dialect;
use fieldseal_sweep::sql::{Cell, Client, Database, Param, SqlError};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// What happens before a statement; an error is what the statement ends with in place of running.
pub type Before = Box<dyn FnMut(&str) -> Result<(), SqlError> + Send>;

pub struct Watched {
    inner: Arc<dyn Database>,
    before: Arc<Mutex<Before>>,
}

impl Watched {
    pub fn new(
        inner: &Arc<dyn Database>,
        before: impl FnMut(&str) -> Result<(), SqlError> + Send + 'static,
    ) -> Self {
        Self { inner: Arc::clone(inner), before: Arc::new(Mutex::new(Box::new(before))) }
    }
}

/// Whether it's a batch of `people` that is read.
pub fn is_read(sql: &str) -> bool {
    sql.contains("people") && sql.contains("name") && sql.contains("ORDER BY")
}

/// Whether a transaction begins.
pub fn is_begin(sql: &str) -> bool {
    sql.starts_with("BEGIN") || sql.starts_with("SET TRANSACTION")
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Database for Watched {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn connect(&self) -> Result<Box<dyn Client>, SqlError> {
        Ok(Box::new(WatchedClient { inner: self.inner.connect()?, before: Arc::clone(&self.before) }))
    }
}

struct WatchedClient {
    inner: Box<dyn Client>,
    before: Arc<Mutex<Before>>,
}

impl WatchedClient {
    fn tell(&self, sql: &str) -> Result<(), SqlError> {
        self.before.lock().unwrap()(sql)
    }
}

impl Client for WatchedClient {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        each: &mut dyn FnMut(Vec<Cell>) -> ControlFlow<()>,
    ) -> Result<(), SqlError> {
        self.tell(sql)?;
        self.inner.query(sql, params, each)
    }

    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, SqlError> {
        self.tell(sql)?;
        self.inner.execute(sql, params)
    }

    fn execute_each(
        &mut self,
        sql: &str,
        params: &mut dyn Iterator<Item = Vec<Param<'_>>>,
    ) -> Result<u64, SqlError> {
        self.tell(sql)?;
        self.inner.execute_each(sql, params)
    }

    fn batch(&mut self, sql: &str) -> Result<u64, SqlError> {
        self.tell(sql)?;
        self.inner.batch(sql)
    }
}
