//! `fieldseal man`: manual pages.

use super::{Context, Done};
use crate::cli::Cli;
use crate::error::Error;
use clap::CommandFactory as _;
use std::io;
use std::path::PathBuf;

/// Prints the manual page, or writes a page for each command
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder that a page for each command is written to
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let failed = |error: io::Error| Error::failed("the manual pages can't be written").why(error.to_string());
    if let Some(dir) = &args.dir {
        std::fs::create_dir_all(dir)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
            .map_err(failed)?;
        context.output.say(format!("the pages are in {}", dir.display()));
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(failed)?;
        context.output.print(&page)?;
    }
    Ok(Done::All)
}
