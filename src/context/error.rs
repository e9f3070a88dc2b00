//! What can't be a scope or a row id.

/// Why a scope or row id was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// An empty tenant name would be the application's scope.
    #[error("the scope of a tenant is empty")]
    EmptyScope,
    /// The column binds values to their row, and no row was named.
    #[error("the column binds its values to their row, and no row is named")]
    MissingRow,
    /// The tenant's name is too long.
    #[error("the scope of a tenant is longer than 65,535 bytes")]
    LongScope,
}

impl ContextError {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::EmptyScope => "give every tenant a name, number or UUID",
            Self::MissingRow => "give the row's id, or declare the column `unbound_row`",
            Self::LongScope => "name tenants by something shorter, a number or UUID say",
        }
    }
}
