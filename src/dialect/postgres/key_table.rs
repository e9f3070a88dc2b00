//! The key store's table on PostgreSQL.

use crate::dialect::key_table::{Creation, KeyTable, WriterLocks, statements};

/// The indexes are on the scope's hash: an entry of a btree is shorter than a scope can be. Values
/// that are too long for a key record aren't read at all: libraries hold whole results, and the
/// table may be another program's.
pub(super) const KEY_TABLE: KeyTable = KeyTable {
    statements: statements! {
        texts: "CASE WHEN octet_length(scope::text) <= 131072 THEN scope END AS scope, \
                CASE WHEN octet_length(state::text) <= 64 THEN state END AS state, \
                CASE WHEN octet_length(commitment::text) <= 128 THEN commitment END AS commitment, \
                CASE WHEN octet_length(wrapped::text) <= 1048576 THEN wrapped END AS wrapped",
        scope: "sha256(scope) = sha256($1) AND scope = $1",
        columns: "pg_catalog.pg_attribute WHERE attrelid = to_regclass('fieldseal_keys') AND NOT attisdropped \
                  AND atttypid = CASE WHEN attname IN ('scope', 'commitment') THEN 'bytea'::regtype \
                  WHEN attname IN ('state', 'wrapped') THEN 'text'::regtype ELSE 'bigint'::regtype END AND attname",
        nulls_first: " NULLS FIRST",
        "$1" "$2" "$3" "$4" "$5" "$6" "$7"
    },
    scopes_are_bytes: true,
    texts_are_bytes: false,
    before_reading: None,
    writers: WriterLocks { session: None, in_transaction: Some(LOCK) },
    creation: Creation { looks_first: true, lock: Some(CREATION) },
    duplicates_are_conflicts: true,
    busy: "another transaction held the table, or the lock of the key store's writers, for longer than five seconds",
    when_busy: "try again outside of transactions, and look for one that was left open",
};

/// Until the end of the transaction; the numbers are the first eight bytes of SHA-256 of
/// `fieldseal_keys`, in halves, and an advisory lock belongs to one database.
const CREATION: &str = "\
SET LOCAL lock_timeout = 5000;
SELECT pg_advisory_xact_lock(104119378, -1089461906)";

/// Writers wait, readers don't. At a level where each statement sees what was committed before it,
/// whatever the database's own is: a snapshot from before the lock would be an old one.
const LOCK: &str = "\
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = 5000;
LOCK TABLE fieldseal_keys IN SHARE ROW EXCLUSIVE MODE";
