//! What must hold on every database, on SQLite. `tests-crates/databases` has it on the servers, and
//! with every library.

mod behaviour;
