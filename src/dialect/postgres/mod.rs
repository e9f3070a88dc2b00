//! PostgreSQL.

mod columns;
pub(super) mod faults;
mod guards;
#[cfg(feature = "_sql-store")]
mod key_table;
mod migration;
mod syntax;
mod transactions;
#[cfg(any(feature = "diesel-postgres", feature = "sqlx-postgres", feature = "_sweep"))]
pub(crate) mod types;

use super::parts::Parts;

pub(super) static PARTS: Parts = Parts {
    syntax: syntax::SYNTAX,
    transactions: transactions::TRANSACTIONS,
    of_message: faults::of_message,
    scripts: migration::SCRIPTS,
    #[cfg(feature = "_sql-store")]
    key_table: key_table::KEY_TABLE,
    columns: columns::COLUMNS,
    guards: guards::GUARDS,
};
