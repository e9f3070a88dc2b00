//! A sweep that runs: passes over the table, each with its workers.

mod brake;
mod estimate;
mod keyless;
mod line;
mod pass;
mod passes;
mod verify;
mod worker;

pub use estimate::Estimate;
