//! What a sealed value is bound to: the types that name a tenant and a row. [`Scope`],
//! [`RowId`] and [`RowContext`] are at the crate's root.

mod kind;
pub(crate) mod place;

pub use kind::ContextKind;
pub(crate) use place::{AadStart, RowContext, RowId, Scope};
pub use place::{AsRowId, AsScope, ContextError};
