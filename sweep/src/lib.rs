//! Sweeps over the tables whose columns [`fieldseal`] seals: what goes through all rows, to re-encrypt, encrypt, decrypt or verify
//! them while programs use them.
//!
//! A [`Sweep`] reads in the order of the primary key, in batches, and replaces a value only where the old one still is, so that a
//! program that writes at the same moment wins. It may be killed at any moment; workers on any number of machines share one
//! through the database. `docs/sweeps.md` says what is promised; the command line is a thin layer over this.
//!
//! [`sql`] has the statements that this is written in, on any of the databases, for tools that work on rows too.

#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![cfg_attr(docsrs, feature(doc_cfg))]

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
pub mod sql;
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

/// The code in the guides that need sweeps or their statements, compiled and run as it is printed.
#[cfg(all(doctest, feature = "sqlite"))]
mod guides {
    #[doc = include_str!("../../docs/sweeps.md")]
    struct Sweeps;
    #[doc = include_str!("../../docs/guards.md")]
    struct Guards;
}
