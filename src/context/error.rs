//! What can't be a scope or a row id.

/// Why a scope or row id was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// An empty tenant name would be the application's scope.
    #[error("the scope of a tenant is empty; give every tenant a name, number or UUID")]
    EmptyScope,
    /// The column binds values to their row, and no row was named.
    #[error(
        "the column binds its values to their row, and no row is named: give the row's id, or declare the column `unbound_row`"
    )]
    MissingRow,
    /// The tenant's name is too long.
    #[error("the scope of a tenant is longer than 65,535 bytes")]
    LongScope,
}
