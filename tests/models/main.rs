//! Models: what the derive makes of a struct, in the code around it, for diesel and for rusqlite,
//! and the schema lock.

mod diesel_attributes;
// Public, since it has public models and looks for lints of what is public and out of reach.
pub mod hygiene;
mod schema_lock;
mod shadowing;
mod through_diesel;
mod through_rusqlite;
