//! What a database said of a statement, whichever library ran it, and what the store says then.
//!
//! A [`Fault`] is found by the dialect's codes, where the library passes them on: a server's texts
//! may be in any language. No text here holds a column's value.

use crate::dialect::{Dialect, Fault};
use crate::keys::{KeyId, MalformedRecord};
use crate::store::{Conflict, StoreError};
use std::error::Error;
use std::sync::Arc;

/// Why an operation did nothing.
#[derive(Debug)]
pub(in crate::store) enum Failed {
    Conflict(Conflict),
    /// The database kept a record from being added.
    NotStored(KeyId),
    Malformed(MalformedRecord),
    /// The table as a whole is damaged, or isn't a key store.
    Damaged(String),
    Said(Said),
}

impl From<Said> for Failed {
    fn from(said: Said) -> Self {
        Self::Said(said)
    }
}

impl Failed {
    /// `store` says which store it is.
    pub(in crate::store) fn of(self, store: &str, dialect: Dialect) -> StoreError {
        let store = store.to_owned();
        match self {
            Self::Conflict(conflict) => StoreError::Conflict(conflict),
            Self::NotStored(id) => StoreError::NotStored(id),
            Self::Malformed(error) => StoreError::malformed(store, error),
            Self::Damaged(message) => StoreError::damaged(store, message),
            Self::Said(said) => said.of(store, dialect),
        }
    }
}

/// What a database or its library said.
#[derive(Debug)]
pub(in crate::store) struct Said {
    /// `None` where the library doesn't tell, and the table has to be looked at.
    fault: Option<Fault>,
    text: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Said {
    /// From a library's error. `fault` is `None` if the error doesn't tell.
    pub(in crate::store) fn new(fault: Option<Fault>, error: impl Error + Send + Sync + 'static) -> Self {
        let text = match fault {
            // MySQL's text would quote the duplicate value.
            Some(Fault::Conflict | Fault::Duplicate) => "the database rolled the transaction back".to_owned(),
            _ => error.to_string(),
        };
        // It may be a table that a trigger uses which is missing.
        let fault = fault.map(|fault| match fault {
            Fault::Missing if !text.contains("fieldseal_keys") => Fault::Other,
            fault => fault,
        });
        Self { fault, text, source: Some(Arc::new(error)) }
    }

    /// Without a library's error behind it.
    pub(in crate::store) fn own(fault: Fault, text: impl Into<String>) -> Self {
        Self { fault: Some(fault), text: text.into(), source: None }
    }

    pub(super) fn fault(&self) -> Fault {
        self.fault.unwrap_or(Fault::Other)
    }

    /// Whether the fault is known.
    pub(super) const fn is_clear(&self) -> bool {
        self.fault.is_some()
    }

    /// The same with that fault, where the library didn't tell.
    pub(super) fn meaning(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// Marks a failure of COMMIT: unless the server said that it rolled back, the outcome is
    /// unknown.
    pub(super) fn of_commit(mut self) -> Self {
        if !matches!(self.fault, Some(Fault::Conflict | Fault::Duplicate | Fault::Busy)) {
            self.fault = Some(Fault::Uncertain);
        }
        self
    }

    /// Whether a new connection should be made.
    pub(super) fn may_be_the_connections(&self) -> bool {
        !matches!(
            self.fault(),
            Fault::Missing | Fault::Mismatched | Fault::Corrupt | Fault::Busy | Fault::Conflict | Fault::Duplicate
        )
    }

    fn of(self, store: String, dialect: Dialect) -> StoreError {
        let fault = self.fault();
        let Self { text, source, .. } = self;
        let unavailable = || StoreError::unavailable(&store, &text);
        let again = "try again: other transactions went first, time after time";
        let failed = match fault {
            Fault::Missing => StoreError::missing(&store).with_hint(format!(
                "apply `fieldseal::store::migration(Dialect::{dialect:?})`, or call `create_table` on the store once"
            )),
            Fault::Mismatched => StoreError::damaged(&store, "its table `fieldseal_keys` has other columns than it should")
                .with_hint("make the columns that `fieldseal::store::migration` makes"),
            Fault::Corrupt => StoreError::damaged(&store, &text),
            Fault::Denied => StoreError::denied(&store, &text),
            Fault::Busy => {
                let key_table = dialect.key_table();
                StoreError::unavailable(&store, format!("{text}: {}", key_table.busy)).with_hint(key_table.when_busy)
            }
            Fault::Conflict => unavailable().with_hint(again),
            Fault::Duplicate if dialect.key_table().duplicates_are_conflicts => unavailable().with_hint(again),
            Fault::Uncertain => StoreError::unavailable(&store, format!("{text}: the commit may or may not have been made"))
                .with_hint("load the keys again, and see"),
            _ => unavailable(),
        };
        failed.with_shared_source(source)
    }
}
