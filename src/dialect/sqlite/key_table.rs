//! The key store's table on SQLite.

use crate::dialect::key_table::{Creation, KeyTable, WriterLocks, statements};

pub(super) const KEY_TABLE: KeyTable = KeyTable {
    statements: statements! {
        texts: "scope, state, commitment, wrapped",
        scope: "scope = ?1", columns: "pragma_table_info('fieldseal_keys') WHERE name",
        nulls_first: "",
        "?1" "?2" "?3" "?4" "?5" "?6" "?7"
    },
    // Of the databases' texts, only SQLite's can hold a NUL and compares byte by byte.
    scopes_are_bytes: false,
    texts_are_bytes: false,
    before_reading: None,
    writers: WriterLocks { session: None, in_transaction: Some(LOCK) },
    // The table isn't looked for first: SQLite knows no rights, and an index may be missing.
    creation: Creation { looks_first: false, lock: None },
    duplicates_are_conflicts: false,
    busy: "another process, or a transaction of this program, held the database for longer than the busy timeout",
    when_busy: "try again outside of transactions",
};

/// Takes the write lock without changing anything: the first statement of a transaction that was
/// begun as a reader. A reader that only wants to write later fails if another process wrote in
/// between; this one waits for its turn.
const LOCK: &str = "UPDATE fieldseal_keys SET revision = revision WHERE 0";
