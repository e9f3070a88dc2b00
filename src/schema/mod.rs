//! What the models say of the database, and whether the code and the database still agree with it.
//! [`Schema`](crate::Schema) and [`SchemaLock`](crate::SchemaLock) are at the crate's root.

mod columns;
pub(crate) mod lock;

pub use crate::model::ContextColumn;
pub use columns::column_check;
pub use lock::LockError;
