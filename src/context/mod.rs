//! What a sealed value is bound to: the types that name a tenant and a row. [`Scope`](crate::Scope),
//! [`RowId`](crate::RowId) and [`RowContext`](crate::RowContext) are at the crate's root.

pub(crate) mod place;

pub(crate) use place::{AadStart, RowContext, RowId, Scope};
pub use place::{AsRowId, AsScope, ContextError};
