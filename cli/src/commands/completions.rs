//! `fieldseal completions`: completions for a shell.

use super::{Context, Done};
use crate::cli::Cli;
use crate::error::Error;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Prints completions for a shell
///
/// For bash: `fieldseal completions bash > ~/.local/share/bash-completion/completions/fieldseal`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "fieldseal", &mut script);
    context.output.print(&script)?;
    Ok(Done::All)
}
