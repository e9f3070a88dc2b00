//! Scope and row together: what the values of one row have in common.

use crate::context::{RowId, Scope};

/// Which row a value belongs to: what the AAD of every value in the row has in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RowContext {
    /// The tenant, or the application.
    pub scope: Scope,
    /// The row.
    pub row: RowId,
}

impl RowContext {
    /// The context of a row in the application's scope.
    #[must_use]
    pub const fn of_row(row: RowId) -> Self {
        Self { scope: Scope::APPLICATION, row }
    }

    /// The same row in that scope.
    #[must_use]
    pub fn in_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}
