//! What a job means for a table, and what becomes of each value: worked out without touching the
//! database.

mod checks;
mod context;
mod error;
mod job;
mod key;
mod lookalike;
mod plaintext;
mod problem;
mod table_plan;
mod verdict;

pub(crate) use context::scope_of;
pub use error::PlanError;
pub use job::Job;
pub(crate) use job::Task;
pub(crate) use key::KeyRange;
pub use key::RowKey;
pub use lookalike::SealedForm;
pub(crate) use lookalike::{SHORTEST, key_named_by};
pub use problem::ProblemKind;
pub use table_plan::TablePlan;
pub(crate) use table_plan::{ColumnIndex, PlannedColumn, PlannedIndex};
pub(crate) use verdict::{Verdict, Verdicts};
