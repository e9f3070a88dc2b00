//! `fieldseal verify`: opens values.

use super::sweep::{Pace, Run, Selection};
use super::{Context, Done};
use crate::error::Error;
use fieldseal_sweep::Job;

/// Opens all sealed values, or a sample, and reports those that don't open; changes nothing
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Selection,

    /// Only about so many rows of each table, in blocks that are spread over it
    #[arg(long, value_name = "ROWS")]
    sample: Option<u64>,

    /// The most rows a second
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    rows_per_second: Option<u32>,

    /// How much of the time to work, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    duty: Option<u8>,

    /// Appends every value that doesn't open to that file, a line of JSON each
    #[arg(long, value_name = "PATH")]
    problems: Option<std::path::PathBuf>,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let pace = Pace::of_reader(args.rows_per_second, args.duty, args.problems.clone());
    Run {
        job: Job::Verify,
        chosen: &args.chosen,
        pace: &pace,
        seal_lookalikes: false,
        program_stopped: false,
        sample: args.sample,
    }
    .run(context)
}
