//! Scope and row together: what the values of one row have in common.

use crate::context::{RowId, Scope};

/// The scope and the row that a value belongs to: what the associated data of every value in the
/// row has in common.
///
/// ```
/// use fieldseal::{RowContext, RowId, Scope};
///
/// let row = RowContext::of_row(RowId::of(&7)).in_scope(Scope::tenant(42)?);
/// assert_eq!(row.scope.as_str(), "42");
/// # Ok::<(), fieldseal::context::ContextError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
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
