//! Transactions on MySQL and MariaDB.

use crate::dialect::transactions::Transactions;

pub(super) const TRANSACTIONS: Transactions = Transactions {
    // Whatever `sql_mode` is; and below, whatever `completion_type` is.
    begin: "START TRANSACTION",
    // The level is for the next transaction only.
    begin_writing: "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION",
    commit: "COMMIT AND NO CHAIN NO RELEASE",
    rollback: "ROLLBACK AND NO CHAIN NO RELEASE",
};
