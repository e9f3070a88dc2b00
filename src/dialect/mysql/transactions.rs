//! Transactions on MySQL and MariaDB.

use crate::dialect::transactions::Transactions;

pub(super) const TRANSACTIONS: Transactions = Transactions {
    // These words mean the same whatever the session's `sql_mode` and `completion_type` are.
    begin: "START TRANSACTION",
    // The level is for the next transaction only.
    begin_writing: "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION",
    commit: "COMMIT AND NO CHAIN NO RELEASE",
    rollback: "ROLLBACK AND NO CHAIN NO RELEASE",
};
