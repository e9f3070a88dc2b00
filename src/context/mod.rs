//! What a sealed value is bound to: the types that name a tenant and a row. [`Scope`],
//! [`RowId`] and [`RowContext`] are at the crate's root.

mod aad;
mod error;
mod kind;
pub(crate) mod row_context;
pub(crate) mod row_id;
pub(crate) mod scope;

pub use error::ContextError;
pub use kind::ContextKind;
pub use row_id::AsRowId;
pub use scope::AsScope;

pub(crate) use aad::AadStart;
pub(crate) use row_context::RowContext;
pub(crate) use row_id::RowId;
pub(crate) use scope::Scope;
