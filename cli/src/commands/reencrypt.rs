//! `fieldseal reencrypt`: moves rows to the primary key.

use super::sweep::{Pace, Run, Selection};
use super::{Context, Done};
use crate::error::Error;
use fieldseal_sweep::Job;

/// Moves rows to the primary key of their scope, and to their column's suite, while programs use
/// them
///
/// A value is replaced only where the old one still is, so that a program that writes at the same
/// moment wins. It may be stopped and killed at any moment, and goes on where it was when it's run
/// again; several processes share the work. A value that can't be opened is reported and left.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Selection,
    #[command(flatten)]
    pace: Pace,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let run = Run {
        job: Job::Reencrypt,
        chosen: &args.chosen,
        pace: &args.pace,
        seal_lookalikes: false,
        program_stopped: false,
        sample: None,
    };
    run.run(context)
}
