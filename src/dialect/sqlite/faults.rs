//! What SQLite's result codes and messages mean: <https://www.sqlite.org/rescode.html>.

use crate::dialect::Fault;

/// An extended code has the primary one in its lowest byte.
const PRIMARY: i32 = 0xFF;

const SQLITE_PERM: i32 = 3;
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_NOMEM: i32 = 7;
const SQLITE_READONLY: i32 = 8;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_TOOBIG: i32 = 18;
const SQLITE_CONSTRAINT: i32 = 19;
const SQLITE_MISMATCH: i32 = 20;
const SQLITE_AUTH: i32 = 23;
const SQLITE_NOTADB: i32 = 26;

/// The file was moved since it was opened: opening it anew helps.
const SQLITE_READONLY_DBMOVED: i32 = SQLITE_READONLY | (4 << 8);
const SQLITE_CONSTRAINT_PRIMARYKEY: i32 = SQLITE_CONSTRAINT | (6 << 8);
const SQLITE_CONSTRAINT_UNIQUE: i32 = SQLITE_CONSTRAINT | (8 << 8);
const SQLITE_CONSTRAINT_ROWID: i32 = SQLITE_CONSTRAINT | (10 << 8);

pub(in crate::dialect) fn of_code(code: i32, message: &str) -> Fault {
    match code {
        SQLITE_READONLY_DBMOVED => return Fault::Lost,
        SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_ROWID => {
            return Fault::Duplicate;
        }
        _ => {}
    }
    match code & PRIMARY {
        SQLITE_PERM | SQLITE_READONLY | SQLITE_AUTH => Fault::Denied,
        SQLITE_BUSY | SQLITE_LOCKED => Fault::Busy,
        SQLITE_CORRUPT | SQLITE_NOTADB => Fault::Corrupt,
        SQLITE_NOMEM | SQLITE_FULL => Fault::Full,
        SQLITE_CANTOPEN => Fault::Lost,
        SQLITE_CONSTRAINT | SQLITE_TOOBIG | SQLITE_MISMATCH => Fault::Refused,
        _ => of_message(message).unwrap_or(Fault::Other),
    }
}

/// SQLite's messages are always in English.
pub(in crate::dialect) fn of_message(message: &str) -> Option<Fault> {
    const SAYS: [(&str, Fault); 19] = [
        ("no such table", Fault::Missing),
        ("no such view", Fault::Missing),
        ("no such trigger", Fault::Missing),
        ("no such index", Fault::Missing),
        ("no such column", Fault::Mismatched),
        ("has no column named", Fault::Mismatched),
        ("database disk image is malformed", Fault::Corrupt),
        ("file is not a database", Fault::Corrupt),
        ("database is locked", Fault::Busy),
        ("database table is locked", Fault::Busy),
        ("attempt to write a readonly database", Fault::Denied),
        ("access permission denied", Fault::Denied),
        ("not authorized", Fault::Denied),
        ("authorization denied", Fault::Denied),
        ("database or disk is full", Fault::Full),
        ("out of memory", Fault::Full),
        ("unable to open database file", Fault::Lost),
        ("UNIQUE constraint failed", Fault::Duplicate),
        ("constraint failed", Fault::Refused),
    ];
    SAYS.iter().find(|(says, _)| message.contains(says)).map(|(_, fault)| *fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_messages_agree() {
        for (code, message, fault) in [
            (1, "no such table: fieldseal_keys", Fault::Missing),
            (1, "no such column: revision", Fault::Mismatched),
            (1, "near \"x\": syntax error", Fault::Other),
            (SQLITE_BUSY | (2 << 8), "database is locked", Fault::Busy),
            (SQLITE_LOCKED, "database table is locked: t", Fault::Busy),
            (SQLITE_READONLY | (6 << 8), "attempt to write a readonly database", Fault::Denied),
            (SQLITE_AUTH, "not authorized", Fault::Denied),
            (SQLITE_CORRUPT, "database disk image is malformed", Fault::Corrupt),
            (SQLITE_NOTADB, "file is not a database", Fault::Corrupt),
            (SQLITE_FULL, "database or disk is full", Fault::Full),
            (SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: t.id", Fault::Duplicate),
            (SQLITE_CONSTRAINT | (1 << 8), "CHECK constraint failed: state", Fault::Refused),
        ] {
            assert_eq!(of_code(code, message), fault, "{message}");
            assert_eq!(of_message(message).unwrap_or(Fault::Other), fault, "{message}");
        }
        assert_eq!(of_code(SQLITE_READONLY_DBMOVED, "attempt to write a readonly database"), Fault::Lost);
    }
}
