//! The key store's table on MySQL and MariaDB.

use crate::dialect::key_table::{Creation, KeyTable, SessionLock, WriterLocks, statements};

pub(super) const KEY_TABLE: KeyTable = KeyTable {
    statements: statements! {
        texts: "CASE WHEN octet_length(scope) <= 65535 THEN scope END AS scope, \
                CASE WHEN octet_length(state) <= 64 THEN state END AS state, \
                CASE WHEN octet_length(commitment) <= 64 THEN commitment END AS commitment, \
                CASE WHEN octet_length(wrapped) <= 1048576 THEN wrapped END AS wrapped",
        scope: "scope = ?",
        columns: "information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'fieldseal_keys' \
                  AND column_name",
        nulls_first: "",
        "?" "?" "?" "?" "?" "?" "?"
    },
    scopes_are_bytes: true,
    // The protocol doesn't tell text with a binary collation from bytes.
    texts_are_bytes: true,
    before_reading: Some(ISOLATION),
    writers: WriterLocks {
        session: Some(SessionLock { take: LOCK, before: BEFORE, give_back: AFTER }),
        in_transaction: None,
    },
    creation: Creation { looks_first: true, lock: None },
    duplicates_are_conflicts: true,
    busy: "another transaction held the table, or the lock of the key store's writers, for longer than five seconds",
    when_busy: "try again outside of transactions, and look for one that was left open",
};

/// The level holds for the next transaction only: it shows no uncommitted rows of others, and
/// nothing that changes after the first statement. A session without autocommit may already be
/// inside a transaction, where the level can't be set: it is ended first.
const ISOLATION: &str = "COMMIT AND NO CHAIN NO RELEASE; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";

/// Before the transaction begins, so that its snapshot is from after it. `LOCK TABLES` would need a
/// right of its own, and rows that aren't there yet can't be locked without deadlocks. The lock
/// belongs to the session, its name to the schema: MySQL's are at most 64 characters, and a
/// schema's name alone can be that long.
const LOCK: &str =
    "SELECT CAST(GET_LOCK(CONCAT('fieldseal_keys.', LEFT(SHA2(LOWER(DATABASE()), 256), 40)), 5) AS SIGNED) AS n";

/// Locks of others are waited for no longer here than on other databases. The connection may be a
/// pool's, so the old value is put back.
const BEFORE: &str = "\
SET @fieldseal_row = @@SESSION.innodb_lock_wait_timeout, @fieldseal_table = @@SESSION.lock_wait_timeout;
SET SESSION innodb_lock_wait_timeout = 5, SESSION lock_wait_timeout = 5;
COMMIT AND NO CHAIN NO RELEASE;
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
const AFTER: &str = "\
DO RELEASE_LOCK(CONCAT('fieldseal_keys.', LEFT(SHA2(LOWER(DATABASE()), 256), 40)));
SET SESSION innodb_lock_wait_timeout = @fieldseal_row, SESSION lock_wait_timeout = @fieldseal_table";
