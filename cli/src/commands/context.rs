//! What a command works with, and how it ends.

use crate::error::RESTORE;
use crate::output::Output;
use crate::target::{Stored, Target};
use fieldseal::keys::KeyRecord;

/// What a command works on, and where its output goes.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) target: Target,
    pub(crate) output: &'a Output,
}

impl Context<'_> {
    /// The records that can be read, after a warning of each that is damaged; and how the command
    /// ends if it does all that it can with them.
    pub(crate) fn warn_of_damage(&self, stored: Stored) -> (Vec<KeyRecord>, Done) {
        for error in &stored.damaged {
            self.output.warn(format!("a record in the key store is damaged: {error}; {RESTORE}"));
        }
        (stored.records, if stored.damaged.is_empty() { Done::All } else { Done::SomethingLeft })
    }
}

/// How a command that did its work went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// Nothing is left to do.
    All,
    /// Something was found, or left: the report says what.
    SomethingLeft,
}

impl Done {
    /// How two parts of one command went.
    pub(crate) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, Self::All) => Self::All,
            _ => Self::SomethingLeft,
        }
    }
}
