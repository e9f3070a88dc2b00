//! `fieldseal kek`: the KEKs that data keys are wrapped under.

mod add;
mod copies;
mod estimate;
mod export_keyset;
mod list;
mod onto;
mod remove;
mod rotate;

pub(super) use copies::has_copies;

use super::{Context, Done};
use crate::error::Error;
use clap::Subcommand;

/// The KEKs that data keys are wrapped under
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Rotate(rotate::Args),
    Add(add::Args),
    Remove(remove::Args),
    List(list::Args),
    ExportKeyset(export_keyset::Args),
}

pub(super) fn run(command: Command, context: &Context<'_>) -> Result<Done, Error> {
    match command {
        Command::Rotate(args) => rotate::run(&args, context),
        Command::Add(args) => add::run(&args, context),
        Command::Remove(args) => remove::run(&args, context),
        Command::List(args) => list::run(&args, context),
        Command::ExportKeyset(args) => export_keyset::run(&args, context),
    }
}
