//! Transactions on SQLite.

use crate::dialect::transactions::Transactions;

pub(super) const TRANSACTIONS: Transactions = Transactions {
    begin: "BEGIN",
    // A reader that wants to write later fails if somebody wrote in between.
    begin_writing: "BEGIN IMMEDIATE",
    commit: "COMMIT",
    rollback: "ROLLBACK",
};
