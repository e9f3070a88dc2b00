//! What a dialect is made of: one field a concern.

use super::columns::ColumnCheck;
use super::fault::Fault;
use super::guards::Guards;
#[cfg(feature = "_sql-store")]
use super::key_table::KeyTable;
use super::migration::Scripts;
use super::syntax::Syntax;
use super::transactions::Transactions;

/// The parts of one dialect, which its `mod.rs` puts together.
pub(super) struct Parts {
    pub(super) syntax: Syntax,
    pub(super) transactions: Transactions,
    /// The fault that a message stands for, for libraries that pass on no code.
    pub(super) of_message: fn(&str) -> Option<Fault>,
    pub(super) scripts: Scripts,
    #[cfg(feature = "_sql-store")]
    pub(super) key_table: KeyTable,
    pub(super) columns: ColumnCheck,
    pub(super) guards: Guards,
}
