//! What the SQL key stores share: statements, the rules of a commit, the reading of hostile rows,
//! what faults mean.
//!
//! An adapter runs statements; everything else is here.

mod commit;
mod connection;
mod read;
mod row;
mod said;
mod transaction;

pub(super) use self::commit::commit;
#[cfg(any(feature = "rusqlite", feature = "diesel-sqlite"))]
pub(super) use self::connection::BUSY_TIMEOUT;
#[cfg(any(feature = "rusqlite", feature = "diesel"))]
pub(super) use self::connection::inside_another_transaction;
pub(super) use self::connection::{Connection, Param, run};
pub(super) use self::read::{get, load_scope, page};
pub(super) use self::row::{Cell, Row};
pub(super) use self::said::{Failed, Said};
pub(super) use crate::dialect::COLUMNS;

use super::migration;

/// Makes the table if it isn't there. Other processes may do the same at the same moment.
pub(super) fn create_table(connection: &mut impl Connection) -> Result<(), Failed> {
    let dialect = connection.dialect();
    let (table, up) = (dialect.key_table(), migration(dialect).up);
    if table.creation.looks_first && connection.integer(table.statements.columns)? == Some(7) {
        return Ok(());
    }
    match table.creation.lock {
        Some(lock) => transaction::in_transaction(connection, |connection| {
            connection.batch(lock)?;
            Ok(connection.batch(up)?)
        }),
        None => Ok(connection.batch(up)?),
    }
}

/// What a key store does with its connection: the methods of `KeyStore`, for a store with `run` and
/// `shown`.
macro_rules! key_store {
    () => {
        fn page(
            &self,
            after: Option<$crate::keys::KeyId>,
            limit: usize,
        ) -> Result<$crate::store::Page, $crate::store::StoreError> {
            self.run(|connection| $crate::store::sql::page(connection, after, limit))
        }

        fn load_scope(
            &self,
            scope: &$crate::Scope,
        ) -> Result<Vec<$crate::keys::KeyRecord>, $crate::store::StoreError> {
            self.run(|connection| $crate::store::sql::load_scope(connection, scope))
        }

        fn get(
            &self,
            id: $crate::keys::KeyId,
        ) -> Result<Option<$crate::keys::KeyRecord>, $crate::store::StoreError> {
            self.run(|connection| $crate::store::sql::get(connection, id))
        }

        fn commit(&self, changes: &[$crate::store::Change]) -> Result<(), $crate::store::StoreError> {
            $crate::store::check_writable(&self.name(), changes)?;
            self.run(|connection| $crate::store::sql::commit(connection, changes))
        }

        fn name(&self) -> String {
            self.shown().to_owned()
        }
    };
}

pub(super) use key_store;
