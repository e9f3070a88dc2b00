//! `fieldseal key`: the data keys.

mod destroy;
mod list;
mod reactivate;
mod retire;
mod rotate;

use super::{Context, Done, readable};
use crate::error::Error;
use clap::Subcommand;

/// The data keys
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Rotate(rotate::Args),
    Retire(retire::Args),
    Reactivate(reactivate::Args),
    Destroy(destroy::Args),
}

pub(super) fn run(command: Command, context: &Context<'_>) -> Result<Done, Error> {
    match command {
        Command::List(args) => list::run(&args, context),
        Command::Rotate(args) => rotate::run(&args, context),
        Command::Retire(args) => retire::run(&args, context),
        Command::Reactivate(args) => reactivate::run(&args, context),
        Command::Destroy(args) => destroy::run(&args, context),
    }
}
