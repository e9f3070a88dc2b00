//! The connection of a [`super::Diesel`], as long as it lasts.

use super::Engine;
use super::connecting::not_connected;
use crate::store::Dialect;
use crate::store::kept::IDLE;
use crate::store::sql::{self, Connection, Fault, Kind, Param, Row};
use diesel::QueryResult;
use diesel::connection::{LoadConnection, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

type Connect<C> = Box<dyn FnMut() -> Result<C, Fault> + Send>;

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
    C::Backend: Engine,
{
    pub(super) fn with<T>(&mut self, work: impl FnOnce(&mut C) -> QueryResult<T>) -> Result<T, Fault> {
        let connection = self.connection.as_mut().ok_or_else(lost)?;
        self.used = Some(Instant::now());
        // diesel panics at columns of types that it doesn't know, and the table may be another one than ours.
        match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(done) => done.map_err(fault::<C::Backend>),
            Err(_) => {
                self.lose();
                Err(Fault::own(Kind::OtherTable, "diesel panicked at it"))
            }
        }
    }

    /// A connection that answers, where one can be made.
    fn connect(&mut self) -> Result<(), Fault> {
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
    C::Backend: Engine,
{
    fn dialect(&self) -> Dialect {
        C::Backend::DIALECT
    }

    fn ready(&mut self, _until: Option<Instant>) -> Result<(), Fault> {
        self.connect()?;
        let connection = self.connection.as_mut().ok_or_else(lost)?;
        let status = C::TransactionManager::transaction_manager_status_mut(connection);
        // A commit inside a transaction would only be a savepoint of it.
        match status.transaction_depth() {
            Ok(None) => {}
            Ok(Some(_)) => return Err(sql::in_transaction()),
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

    fn select(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Fault> {
        self.with(|connection| C::Backend::select(connection, C::Backend::bound(sql, params)))
    }

    fn integer(&mut self, sql: &'static str) -> Result<Option<i64>, Fault> {
        Ok(self.with(|connection| C::Backend::integer(connection, sql))?.integer())
    }

    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<usize, Fault> {
        self.with(|connection| C::Backend::execute(connection, C::Backend::bound(sql, params)))
    }

    fn batch(&mut self, sql: &'static str) -> Result<(), Fault> {
        self.with(|connection| connection.batch_execute(sql))
    }

    // Through diesel, which would otherwise not know of the transaction.

    fn begin(&mut self) -> Result<(), Fault> {
        self.with(C::TransactionManager::begin_transaction)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.with(C::TransactionManager::commit_transaction)
    }

    fn rollback(&mut self) -> Result<(), Fault> {
        self.with(C::TransactionManager::rollback_transaction)
    }
}

/// What diesel's error means; on most servers its kind says less than the server did.
pub(in crate::store) fn fault<B: Engine>(error: DieselError) -> Fault {
    use DatabaseErrorKind::{
        CheckViolation, ClosedConnection, ExclusionViolation, ForeignKeyViolation, NotNullViolation,
        ReadOnlyTransaction, RestrictViolation, SerializationFailure, UnableToSendCommand, UniqueViolation,
    };
    let kind = match &error {
        // SQLite's lock is taken before anything is looked at: it's another index that refuses the row.
        DieselError::DatabaseError(UniqueViolation, _) if B::DIALECT == Dialect::Sqlite => Kind::Other,
        DieselError::DatabaseError(UniqueViolation | SerializationFailure, _) => Kind::Again,
        DieselError::DatabaseError(ClosedConnection | UnableToSendCommand, _)
        | DieselError::BrokenTransactionManager
        | DieselError::RollbackErrorOnCommit { .. } => Kind::Lost,
        DieselError::DatabaseError(
            ReadOnlyTransaction | CheckViolation | NotNullViolation | ForeignKeyViolation | RestrictViolation
            | ExclusionViolation,
            _,
        ) => Kind::Other,
        error => B::kind(&error.to_string()),
    };
    Fault::new(kind, error)
}

fn lost() -> Fault {
    let message = "its connection is lost, and it has no way to make another one: `store::Diesel::connecting` has";
    Fault::own(Kind::Other, message)
}
