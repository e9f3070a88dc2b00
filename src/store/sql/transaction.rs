//! Work in a transaction.

use super::Failed;
use super::connection::Connection;

/// The work in a transaction, which is rolled back if it fails or panics.
pub(super) fn in_transaction<C: Connection, T>(
    connection: &mut C,
    work: impl FnOnce(&mut C) -> Result<T, Failed>,
) -> Result<T, Failed> {
    connection.begin()?;
    let mut transaction = Transaction { connection, is_open: true };
    let done = work(transaction.connection)?;
    transaction.is_open = false;
    match transaction.connection.commit() {
        Ok(()) => Ok(done),
        Err(said) => {
            // SQLite leaves the transaction open.
            let _ = transaction.connection.rollback();
            Err(said.of_commit().into())
        }
    }
}

struct Transaction<'a, C: Connection> {
    connection: &'a mut C,
    is_open: bool,
}

impl<C: Connection> Drop for Transaction<'_, C> {
    fn drop(&mut self) {
        if self.is_open && self.connection.rollback().is_err() {
            self.connection.lose();
        }
    }
}
