//! `fieldseal encrypt`: plaintext to sealed values.

use super::sweep::{Pace, Run, Selection};
use super::{Context, Done};
use crate::error::Error;
use fieldseal_sweep::Job;

/// Seals plaintext, in place or out of another column, while programs use it
///
/// In place the program must read both: its columns are `migrating`. `--from` takes the plaintext
/// of another column and leaves it there; the program must write both meanwhile. docs/cli.md has
/// the whole way, step by step, and the way back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Selection,

    /// The column that has the plaintext, by its name in the database, if it isn't the sealed
    /// column itself
    #[arg(long, value_name = "COLUMN")]
    from: Option<String>,

    /// Takes what looks sealed but doesn't open for plaintext, and seals it too. Otherwise it's
    /// reported and left: it may be a sealed value that was damaged, or whose key was lost
    #[arg(long, conflicts_with = "from")]
    seal_lookalikes: bool,

    /// Works in place although the column isn't `migrating`: you vouch that no program is running,
    /// and that what isn't sealed there is the program's own plaintext. Whatever somebody else has
    /// put there becomes authentic
    #[arg(long, conflicts_with = "from")]
    program_stopped: bool,

    #[command(flatten)]
    pace: Pace,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    super::sweep::one_column_if(args.from.is_some(), &args.chosen, "--from")?;
    let job = Job::Encrypt { from: args.from.clone() };
    let Args { chosen, seal_lookalikes, program_stopped, pace, .. } = args;
    let (seal_lookalikes, program_stopped) = (*seal_lookalikes, *program_stopped);
    Run { job, chosen, pace, seal_lookalikes, program_stopped, sample: None }.run(context)
}
