//! Transactions on SQLite.

use crate::dialect::transactions::Transactions;

pub(super) const TRANSACTIONS: Transactions = Transactions {
    begin: "BEGIN",
    // A transaction that begins as a reader and writes later fails if another process wrote in
    // between.
    begin_writing: "BEGIN IMMEDIATE",
    commit: "COMMIT",
    rollback: "ROLLBACK",
};
