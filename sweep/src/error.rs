//! What ends a sweep before its end.

use crate::plan::PlanError;
use crate::sql::SqlError;
use fieldseal::KeyringError;

/// A sweep that could not go on. What it has done is done, and running it again goes on from there.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The job can't be done on the table.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// The database failed, for longer than a minute if it's something that passes.
    #[error("{0}")]
    Sql(#[from] SqlError),
    /// The KMS or the key store can't be reached, for longer than a minute.
    #[error("{0}")]
    Keys(#[from] KeyringError),
    /// A worker panicked.
    #[error("a worker of the sweep panicked: its message is on stderr")]
    Panicked,
}

impl SweepError {
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
