//! The words of a transaction.

/// What begins and ends a transaction, whatever the session's settings are.
#[derive(Debug)]
#[non_exhaustive]
pub struct Transactions {
    /// Begins one at the level that is set.
    pub begin: &'static str,
    /// Begins one that writes, in which each statement sees what was committed before it: perhaps
    /// several statements.
    pub begin_writing: &'static str,
    /// Makes what was done last.
    pub commit: &'static str,
    /// Undoes it.
    pub rollback: &'static str,
}
