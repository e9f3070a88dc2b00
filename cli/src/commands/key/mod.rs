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
use fieldseal::keys::{KeyRecord, KeyState};

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

/// Refuses a tenant that was forgotten: a key for it would be a new beginning, which nobody means
/// by the name of an old one.
pub(super) fn check_not_forgotten(scope: &Scope, records: &[KeyRecord]) -> Result<(), Error> {
    let mut of_scope = records.iter().filter(|record| record.scope == *scope).peekable();
    if of_scope.peek().is_none() || of_scope.any(|record| record.state != KeyState::Destroyed) {
        return Ok(());
    }
    Err(Error::refused(format!("{scope} was forgotten: all of its keys are destroyed"))
        .why("nothing that was sealed for it can be read again")
        .hint("delete its rows; only if it begins anew, `fieldseal init --scope NAME` makes it a key"))
}
