//! What went wrong with a statement, whichever library ran it.
//!
//! A fault is known by its SQLSTATE or number where the library tells it: a server's texts are in its administrator's
//! language. SQLite's are always the same. No text here holds a column's value.

use crate::keys::{KeyId, MalformedRecord};
use crate::store::{Conflict, Dialect, StoreError};
use std::error::Error;
use std::sync::Arc;

/// Why an operation did nothing.
#[derive(Debug)]
pub(in crate::store) enum Failed {
    Conflict(Conflict),
    /// The database kept a record from being added.
    NotStored(KeyId),
    Malformed(MalformedRecord),
    /// The table as a whole.
    Damaged(String),
    Fault(Fault),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Failed {
    /// `store` says which store it is.
    pub(in crate::store) fn of(self, store: &str, dialect: Dialect) -> StoreError {
        let store = store.to_owned();
        match self {
            Self::Conflict(conflict) => StoreError::Conflict(conflict),
            Self::NotStored(id) => StoreError::NotStored(id),
            Self::Malformed(error) => StoreError::Malformed { store, error },
            Self::Damaged(message) => StoreError::Damaged { store, message },
            Self::Fault(fault) => fault.of(store, dialect),
        }
    }
}

/// What a database or its library said.
#[derive(Debug)]
pub(in crate::store) struct Fault {
    pub(in crate::store) kind: Kind,
    text: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What follows from a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "no library alone has all of them")]
pub(in crate::store) enum Kind {
    /// The table isn't there.
    Missing,
    /// It has other columns.
    OtherTable,
    /// The database is damaged.
    Corrupt,
    /// A lock wasn't given in time.
    Busy,
    /// Rolled back because of another transaction: from the beginning it can succeed, or meet a conflict.
    Again,
    /// The connection is gone, or can't be trusted any more.
    Lost,
    /// COMMIT failed: what it committed may or may not be there.
    Uncertain,
    /// Anything else.
    Other,
    /// The library doesn't tell; the table has to be looked at.
    Unclear,
}

impl Fault {
    pub(in crate::store) fn new(kind: Kind, error: impl Error + Send + Sync + 'static) -> Self {
        let text = match kind {
            // MySQL's text quotes the value that was there twice.
            Kind::Again => "the database rolled the transaction back".to_owned(),
            _ => error.to_string(),
        };
        Self { kind, text, source: Some(Arc::new(error)) }
    }

    /// Without a library's error behind it.
    pub(in crate::store) fn own(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    /// COMMIT failed: unless the server said that it rolled back, nobody knows.
    pub(super) fn of_commit(mut self) -> Self {
        if !matches!(self.kind, Kind::Again | Kind::Busy) {
            self.kind = Kind::Uncertain;
        }
        self
    }

    fn of(self, store: String, dialect: Dialect) -> StoreError {
        let Self { kind, text, source } = self;
        let hint = match kind {
            Kind::Missing => {
                let hint = format!(
                    "apply `fieldseal::store::migration(Dialect::{dialect:?})`, or call `create_table` on the store once"
                );
                return StoreError::Missing { store, hint };
            }
            Kind::OtherTable => {
                let message =
                    "its table `fieldseal_keys` has other columns than `fieldseal::store::migration` makes";
                return StoreError::Damaged { store, message: message.to_owned() };
            }
            Kind::Corrupt => return StoreError::Damaged { store, message: text },
            Kind::Busy if dialect == Dialect::Sqlite => {
                ": another process, or a transaction of this program, held the database for longer than the busy \
                 timeout; try again outside of transactions"
            }
            Kind::Busy => {
                ": another transaction held the table, or the lock of the key store's writers, for longer than five \
                 seconds; try again outside of transactions, and look for one that was left open"
            }
            Kind::Again => ": in favour of others, time after time; try again",
            Kind::Uncertain => ": the commit may or may not have been made; load the keys again",
            Kind::Lost | Kind::Other | Kind::Unclear => "",
        };
        StoreError::Unavailable { store, message: format!("{text}{hint}"), source }
    }
}

impl Kind {
    /// SQLite's texts are the same whichever library passes them on, and hold no values.
    #[cfg(any(feature = "rusqlite", feature = "diesel-sqlite", feature = "sqlx-sqlite"))]
    pub(in crate::store) fn of_sqlite(text: &str) -> Self {
        let says = |what: &str| text.contains(what);
        if says("no such table: fieldseal_keys") || says("no such table: main.fieldseal_keys") {
            Self::Missing
        } else if says("no such column") || says("has no column named") {
            Self::OtherTable
        } else if says("database disk image is malformed") || says("file is not a database") {
            Self::Corrupt
        } else if says("database is locked") || says("database table is locked") {
            Self::Busy
        } else {
            Self::Other
        }
    }

    /// PostgreSQL's error codes: appendix A of its manual.
    #[cfg(feature = "sqlx-postgres")]
    pub(in crate::store) fn of_sqlstate(code: &str) -> Self {
        match code {
            // undefined_table
            "42P01" => Self::Missing,
            // undefined_column, undefined_function (of another type than ours), datatype_mismatch
            "42703" | "42883" | "42804" => Self::OtherTable,
            // lock_not_available
            "55P03" => Self::Busy,
            // unique_violation, serialization_failure, deadlock_detected
            "23505" | "40001" | "40P01" => Self::Again,
            // connection_exception, operator_intervention
            _ if code.starts_with("08") || code.starts_with("57P") => Self::Lost,
            _ => Self::Other,
        }
    }

    /// MySQL's and MariaDB's error numbers.
    #[cfg(feature = "sqlx-mysql")]
    pub(in crate::store) const fn of_mysql(number: u16) -> Self {
        match number {
            // ER_NO_SUCH_TABLE
            1146 => Self::Missing,
            // ER_BAD_FIELD_ERROR
            1054 => Self::OtherTable,
            // ER_LOCK_WAIT_TIMEOUT
            1205 => Self::Busy,
            // ER_DUP_ENTRY, ER_LOCK_DEADLOCK, ER_CHECKREAD (MariaDB with innodb_snapshot_isolation)
            1062 | 1213 | 1020 => Self::Again,
            // ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED of MariaDB
            1053 | 1927 => Self::Lost,
            _ => Self::Other,
        }
    }

    /// Whether the connection is to be made anew.
    pub(in crate::store) const fn may_be_the_connections(self) -> bool {
        matches!(self, Self::Lost | Self::Uncertain | Self::Other | Self::Unclear)
    }
}
