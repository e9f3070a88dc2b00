//! `fieldseal decrypt`: sealed values to plaintext.

use super::sweep::{Chosen, Pace, Run};
use super::{Context, Done};
use crate::confirm::Deed;
use crate::error::Error;
use fieldseal::sweep::Job;
use fieldseal::{Column, Schema};

/// Opens sealed values to plaintext, in place or into another column: the way back
///
/// The plaintext is in the database then, in its logs, and in every backup from now on. What its column's type would change stays
/// sealed and is reported.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Chosen,

    /// The column that gets the plaintext, by its name in the database, if it isn't the sealed column itself
    #[arg(long, value_name = "COLUMN")]
    into: Option<String>,

    /// Confirms it in a script: `plaintext`
    #[arg(long, value_name = "WORD")]
    yes_write: Option<String>,

    /// In place, although the lock file doesn't say `migrating`: the program is stopped, and won't meet plaintext that it refuses
    #[arg(long, conflicts_with = "into")]
    program_stopped: bool,

    #[command(flatten)]
    pace: Pace,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    super::sweep::one_column_if(args.into.is_some(), &args.chosen, "--into")?;
    if args.into.is_none() && !args.program_stopped {
        check_migrating(&args.chosen.of(&context.target)?)?;
    }
    if !args.pace.is_dry_run() {
        let given = args.yes_write.as_deref();
        let what = "write plaintext into the database".to_owned();
        Deed { what, word: "plaintext", option: "--yes-write", given }.confirm()?;
    }
    let job = Job::Decrypt { into: args.into.clone() };
    Run { job, chosen: &args.chosen, pace: &args.pace, seal_lookalikes: false, sample: None }.run(context)
}

/// In place a program goes on reading only if it takes plaintext too.
fn check_migrating(chosen: &[(Schema, Vec<&'static Column>)]) -> Result<(), Error> {
    let columns = chosen.iter().flat_map(|(_, columns)| columns);
    let Some(column) = columns.into_iter().find(|column| !column.is_migrating()) else { return Ok(()) };
    Err(Error::refused(format!("{}.{} is not migrating", column.table(), column.name()))
        .why("a program that runs refuses the plaintext that this would put there")
        .hint("declare it `migrating`, deploy that, and let the program's test write the lock file")
        .hint("or decrypt into another column: --into COLUMN; or stop the program: --program-stopped"))
}
