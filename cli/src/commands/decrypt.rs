//! `fieldseal decrypt`: sealed values to plaintext.

use super::sweep::{Pace, Run, Selection};
use super::{Context, Done};
use crate::confirm::Deed;
use crate::error::Error;
use fieldseal_sweep::Job;

/// Opens sealed values to plaintext, in place or into another column; undoes `encrypt`
///
/// The plaintext is in the database then, in its logs, and in every backup from now on. What its
/// column's type would change stays sealed and is reported.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Selection,

    /// The column that gets the plaintext, by its name in the database, if it isn't the sealed
    /// column itself
    #[arg(long, value_name = "COLUMN")]
    into: Option<String>,

    /// Confirms it in a script: `plaintext`
    #[arg(long, value_name = "WORD")]
    yes_write: Option<String>,

    /// Works in place although the column isn't `migrating`: you vouch that no program is running,
    /// and that none will meet plaintext that it refuses
    #[arg(long, conflicts_with = "into")]
    program_stopped: bool,

    #[command(flatten)]
    pace: Pace,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    super::sweep::one_column_if(args.into.is_some(), &args.chosen, "--into")?;
    if !args.pace.is_dry_run() {
        let given = args.yes_write.as_deref();
        let what = "write plaintext into the database".to_owned();
        Deed { what, word: "plaintext", option: "--yes-write", given }.confirm()?;
    }
    let job = Job::Decrypt { into: args.into.clone() };
    let Args { chosen, program_stopped, pace, .. } = args;
    let program_stopped = *program_stopped;
    Run { job, chosen, pace, seal_lookalikes: false, program_stopped, sample: None }.run(context)
}
