//! Sweeps: what goes through all rows of a table, to re-encrypt, encrypt, decrypt or verify them while programs use them.
//!
//! A [`Sweep`] reads in the order of the primary key, in batches, and replaces a value only where the old one still is, so that a
//! program that writes at the same moment wins. It may be killed at any moment; workers on any number of machines share one
//! through the database. `docs/cli.md` has the ways of working; the command line is a thin layer over this.

mod brake;
mod connection;
mod job;
mod judging;
mod key;
mod ledger;
mod left;
mod plaintext;
mod plan;
mod progress;
mod row;
mod run;
mod settings;
mod statements;
mod stored;
mod survey;
mod swap;
mod tables;
mod verdict;
mod verify;
mod work;
mod worker;

pub use job::Job;
pub use key::RowKey;
pub use plan::{Plan, PlanError};
pub use progress::{Event, Problem, Progress, Report};
pub use run::SweepError;
pub use settings::{Estimate, Sweep};
pub use survey::Survey;
pub use tables::{Running, migrations, running};
pub use verdict::ProblemKind;
