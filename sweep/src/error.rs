//! What ends a sweep before its end.

use crate::plan::PlanError;
use crate::sql::SqlError;
use fieldseal::KeyringError;
use std::fmt;

/// A sweep that could not go on. What it has done is done, and running it again goes on from there.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The job can't be done on the table.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The database failed, for longer than a minute if it's something that passes.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The KMS or the key store can't be reached, for longer than a minute.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// A worker panicked.
    #[error("a worker of the sweep panicked")]
    Panicked,
}

impl fmt::Debug for SweepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}; hint: {}", self.hint())
    }
}

impl SweepError {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Plan(error) => error.hint(),
            Self::Sql(error) => error.hint(),
            Self::Keys(error) => error.hint(),
            Self::Panicked => "read the panic's message on stderr",
        }
    }

    /// Whether trying again later may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Sql(error) => error.is_transient(),
            Self::Keys(error) => error.is_transient(),
            Self::Plan(_) | Self::Panicked => false,
        }
    }
}
