//! One batch of rows: read, judged on threads, swapped, read back.

mod ahead;
mod judged;
mod judging;
mod range;
pub(crate) mod read_back;
pub(crate) mod reading;
mod swap;
mod writing;

pub(crate) use ahead::Ahead;
pub(crate) use judged::{JudgedBatch, to_u64};
pub(crate) use judging::{Judge, threads_for};
pub(crate) use reading::{Batch, Most};
pub(crate) use writing::{Advance, Writer, Written};
