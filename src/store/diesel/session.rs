//! The connection of a [`super::Diesel`], as long as it lasts.

use super::backend::StoreBackend;
use super::connecting::not_connected;
use crate::dialect::{Dialect, Fault};
use crate::store::kept::IDLE;
use crate::store::sql::{self, Connection, Param, Row, Said};
use diesel::QueryResult;
use diesel::connection::{LoadConnection, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

type Connect<C> = Box<dyn FnMut() -> Result<C, Said> + Send>;

pub(super) struct Session<C> {
    connection: Option<C>,
    /// How to make another one.
    connect: Option<Connect<C>>,
    is_prepared: bool,
    used: Option<Instant>,
}

impl<C> Session<C> {
    pub(super) const fn new(connection: C) -> Self {
        Self { connection: Some(connection), connect: None, is_prepared: false, used: None }
    }

    pub(super) fn connecting<E: Error + 'static>(
        mut connect: impl FnMut() -> Result<C, E> + Send + 'static,
    ) -> Self {
        let connect: Connect<C> = Box::new(move || connect().map_err(|error| not_connected(&error)));
        Self { connection: None, connect: Some(connect), is_prepared: false, used: None }
    }
}

impl<C> Session<C>
where
    C: LoadConnection,
    C::Backend: StoreBackend,
{
    pub(super) fn with<T>(&mut self, work: impl FnOnce(&mut C) -> QueryResult<T>) -> Result<T, Said> {
        let connection = self.connection.as_mut().ok_or_else(lost)?;
        self.used = Some(Instant::now());
        // diesel panics at columns of types that it doesn't know, and the table may be another one
        // than ours.
        match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(done) => done.map_err(said::<C::Backend>),
            Err(_) => {
                self.lose();
                Err(Said::own(Fault::Mismatched, "diesel panicked at it"))
            }
        }
    }

    /// Makes sure that the connection answers, or makes another one if that is possible.
    fn connect(&mut self) -> Result<(), Said> {
        let is_idle = self.used.is_some_and(|used| used.elapsed() > IDLE);
        if self.connect.is_some() && is_idle && self.connection.is_some() && self.batch("SELECT 1").is_err() {
            self.lose();
        }
        if let (None, Some(connect)) = (&self.connection, &mut self.connect) {
            self.connection = Some(connect()?);
            self.is_prepared = false;
        }
        Ok(())
    }
}

impl<C> Connection for Session<C>
where
    C: LoadConnection,
    C::Backend: StoreBackend,
{
    fn dialect(&self) -> Dialect {
        C::Backend::DIALECT
    }

    fn ready(&mut self, _until: Option<Instant>) -> Result<(), Said> {
        self.connect()?;
        let connection = self.connection.as_mut().ok_or_else(lost)?;
        let status = C::TransactionManager::transaction_manager_status_mut(connection);
        // A commit inside another transaction would only release a savepoint of it.
        match status.transaction_depth() {
            Ok(None) => {}
            Ok(Some(_)) => return Err(sql::inside_another_transaction()),
            Err(_) => return Err(lost()),
        }
        if !self.is_prepared {
            self.with(C::Backend::prepare)?;
            self.is_prepared = true;
        }
        Ok(())
    }

    fn lose(&mut self) -> bool {
        if self.connect.is_some() {
            self.connection = None;
        }
        self.connect.is_some()
    }

    fn select(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Said> {
        self.with(|connection| C::Backend::select(connection, C::Backend::bound(sql, params)))
    }

    fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, Said> {
        Ok(self.with(|connection| C::Backend::integer(connection, sql))?.integer())
    }

    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<usize, Said> {
        self.with(|connection| C::Backend::execute(connection, C::Backend::bound(sql, params)))
    }

    fn batch(&mut self, sql: &'static str) -> Result<(), Said> {
        self.with(|connection| connection.batch_execute(sql))
    }

    // The transaction is begun through diesel, which wouldn't know of it otherwise.

    fn begin(&mut self) -> Result<(), Said> {
        self.with(C::TransactionManager::begin_transaction)
    }

    fn commit(&mut self) -> Result<(), Said> {
        self.with(C::TransactionManager::commit_transaction)
    }

    fn rollback(&mut self) -> Result<(), Said> {
        self.with(C::TransactionManager::rollback_transaction)
    }
}

/// What diesel's error means; on most servers its kind says less than the server did. diesel has no
/// place for SQLSTATE or number: where the server speaks another language than English the table is
/// looked at, and the rest is reported by the server's words alone.
pub(in crate::store) fn said<B: StoreBackend>(error: DieselError) -> Said {
    use DatabaseErrorKind::{
        CheckViolation, ClosedConnection, ExclusionViolation, ForeignKeyViolation, NotNullViolation,
        ReadOnlyTransaction, RestrictViolation, SerializationFailure, UnableToSendCommand, UniqueViolation,
    };
    let fault = match &error {
        DieselError::DatabaseError(UniqueViolation, _) => Some(Fault::Duplicate),
        DieselError::DatabaseError(SerializationFailure, _) => Some(Fault::Conflict),
        DieselError::DatabaseError(ClosedConnection | UnableToSendCommand, _)
        | DieselError::BrokenTransactionManager
        | DieselError::RollbackErrorOnCommit { .. } => Some(Fault::Lost),
        DieselError::DatabaseError(ReadOnlyTransaction, _) => Some(Fault::Denied),
        DieselError::DatabaseError(
            CheckViolation | NotNullViolation | ForeignKeyViolation | RestrictViolation | ExclusionViolation,
            _,
        ) => Some(Fault::Refused),
        error => Fault::of_message(B::DIALECT, &error.to_string()),
    };
    // SQLite's messages are always in English: one that isn't recognised stands for no special
    // fault.
    let is_known = fault.is_some() || !B::MAY_BE_TRANSLATED;
    Said::new(if is_known { Some(fault.unwrap_or(Fault::Other)) } else { None }, error)
}

fn lost() -> Said {
    let message = "its connection is lost, and it has no way to make another one: `store::Diesel::connecting` has";
    Said::own(Fault::Other, message)
}
