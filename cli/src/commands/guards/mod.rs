//! `fieldseal guards`: triggers that keep plaintext and refused keys out of sealed columns.

mod change;
mod check;
mod wanted;

pub(crate) use check::checked;
pub(crate) use wanted::of_store;

use super::sweep::Selection;
use super::{Context, Done};
use crate::dialect::{DialectName, dialect};
use crate::error::Error;
use crate::output::Report;
use crate::target::Target;
use change::{Action, change, check_columns, remove_strays};
use check::check;
use clap::{Subcommand, ValueEnum};
use fieldseal::guards::{Guard, KeyCheck};
use serde::Serialize;
use wanted::wanted;

/// Triggers that refuse plaintext and retired keys at the database, so that raw SQL can't bypass
/// the program
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prints the statements that make them
    Print(Print),
    /// Makes them; those that are there are made anew
    Apply(Apply),
    /// Shows which are there (exit code 3 if one is missing, disabled or out of date)
    Check(Check),
    /// Removes them
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Print {
    #[command(flatten)]
    chosen: Selection,

    #[command(flatten)]
    keys: KeysArg,

    /// The database that is written for, where no URL says it
    #[arg(long, value_name = "DATABASE")]
    dialect: Option<DialectName>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    chosen: Selection,

    #[command(flatten)]
    keys: KeysArg,

    /// Says what would be done, and changes nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    chosen: Selection,

    #[command(flatten)]
    keys: KeysArg,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    chosen: Selection,

    /// Removes those of columns that the lock file doesn't have, and no others: of columns that
    /// aren't sealed any more, or of another program's
    #[arg(long, conflicts_with_all = ["table", "column"])]
    stray: bool,

    /// Says what would be done, and changes nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
struct KeysArg {
    /// Which keys' values are let through
    #[arg(long, value_enum, default_value_t)]
    keys: Keys,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Keys {
    /// Those that the key store opens, as it is at each write, if it's a table of the same
    /// database; otherwise all but those that are retired or destroyed now
    #[default]
    Store,
    /// Any: guards look at the form alone
    Any,
}

pub(super) fn run(command: Command, context: &Context<'_>) -> Result<Done, Error> {
    let target = &context.target;
    match command {
        Command::Print(args) => {
            let dialect = dialect(args.dialect, target)?;
            print(&wanted(&args.chosen, &args.keys.of(target)?, dialect, target)?, context)
        }
        Command::Apply(args) => {
            let client = &mut *target.sql()?.connect()?;
            let guards = wanted(&args.chosen, &args.keys.of(target)?, client.dialect(), target)?;
            check_columns(client, &guards)?;
            change(client, &guards, args.dry_run, Action::Made, context)
        }
        Command::Check(args) => {
            let client = &mut *target.sql()?.connect()?;
            check(client, &args.chosen, &args.keys.of(target)?, context)
        }
        Command::Remove(args) if args.stray => remove_strays(args.dry_run, context),
        Command::Remove(args) => {
            let client = &mut *target.sql()?.connect()?;
            let guards = wanted(&args.chosen, &KeyCheck::None, client.dialect(), target)?;
            change(client, &guards, args.dry_run, Action::Removed, context)
        }
    }
}

impl KeysArg {
    fn of(&self, target: &Target) -> Result<KeyCheck, Error> {
        if self.keys == Keys::Any { Ok(KeyCheck::None) } else { of_store(target, || target.records()) }
    }
}

fn print(guards: &[Guard], context: &Context<'_>) -> Result<Done, Error> {
    let statements = guards.iter().flat_map(|guard| &guard.create).cloned().collect();
    context.output.report(&Statements { statements })?;
    Ok(Done::All)
}

#[derive(Serialize)]
struct Statements {
    statements: Vec<String>,
}

impl Report for Statements {
    fn text(&self) -> String {
        self.statements.iter().map(|statement| format!("{statement};\n\n")).collect()
    }
}
