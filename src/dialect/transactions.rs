//! The statements of a transaction.

/// The statements that begin and end a transaction, whatever the session's settings are.
#[derive(Debug)]
#[non_exhaustive]
pub struct Transactions {
    /// Begins one at the level that is set.
    pub begin: &'static str,
    /// Begins one that writes, in which each statement sees what was committed before it. It may
    /// take several statements.
    pub begin_writing: &'static str,
    /// Commits.
    pub commit: &'static str,
    /// Rolls back.
    pub rollback: &'static str,
}
