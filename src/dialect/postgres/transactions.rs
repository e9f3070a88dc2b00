//! Transactions on PostgreSQL.

use crate::dialect::transactions::Transactions;

pub(super) const TRANSACTIONS: Transactions = Transactions {
    begin: "BEGIN",
    begin_writing: "BEGIN ISOLATION LEVEL READ COMMITTED",
    commit: "COMMIT",
    rollback: "ROLLBACK",
};
