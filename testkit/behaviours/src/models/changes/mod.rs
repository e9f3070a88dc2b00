//! Columns and keys that change while values are read and written.

pub mod histories;
pub mod migrating;
pub mod suites;
