//! Sweeps over the tables whose columns [`fieldseal`] seals: what goes through all rows, to
//! re-encrypt, encrypt, decrypt or verify them while programs use them.
//!
//! A [`Sweep`] reads in the order of the primary key, in batches, and replaces a value only where
//! the old one still is, so that a program that writes at the same moment wins. It may be killed at
//! any moment; workers on any number of machines share one through the database. The command line
//! is a thin layer over this.
//!
//! [`sql`] has the statements that this is written in, on any of the databases, for tools that work
//! on rows too.
#![cfg_attr(doc, doc = include_str!("../guide.md"))]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch;
mod connection;
mod count;
mod error;
mod events;
mod ledger;
mod pace;
mod plan;
mod run;
mod settings;
pub mod sql;
mod waiting;

pub use count::Survey;
pub use error::SweepError;
pub use events::{Event, Problem, Progress, Report};
pub use ledger::{Running, migrations, running};
pub use plan::{Job, PlanError, ProblemKind, RowKey, SealedForm, TablePlan};
pub use run::Estimate;
pub use settings::Sweep;
