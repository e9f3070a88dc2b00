//! `fieldseal key`: the data keys.

mod destroy;
mod list;
mod reactivate;
mod retire;
mod rotate;

use super::{Context, Done, readable};
use crate::error::Error;
use clap::Subcommand;
use fieldseal::Scope;

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

/// The scope of a tenant, by its name.
pub(super) fn tenant(name: &str) -> Result<Scope, Error> {
    Scope::tenant(name).map_err(|error| Error::usage("that is no tenant's name").why(error.to_string()))
}
