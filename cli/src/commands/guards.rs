//! `fieldseal guards`: triggers that keep plaintext and refused keys out of sealed columns.

use super::sweep::Selection;
use super::{Context, Done};
use crate::dialect::{DialectName, dialect};
use crate::error::Error;
use crate::output::{Report, table};
use crate::target::{KeyStoreAt, Target};
use crate::words;
use clap::{Subcommand, ValueEnum};
use fieldseal::Dialect;
use fieldseal::guards::{Guard, KeyCheck, guard_check, guards, stray_guards};
use fieldseal::keys::{KeyRecord, KeyState};
use fieldseal_sweep::sql::{Client, SqlError, Table};
use serde::Serialize;

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

/// The guards of the chosen columns.
fn wanted(chosen: &Selection, keys: &KeyCheck, dialect: Dialect, target: &Target) -> Result<Vec<Guard>, Error> {
    let chosen = chosen.of(target)?;
    let schemas: Vec<_> = chosen.iter().map(|(schema, _)| *schema).collect();
    let is_chosen = |guard: &Guard| {
        chosen.iter().any(|(schema, columns)| {
            schema.sql_table == guard.table && columns.iter().any(|column| column.sql_name() == guard.column)
        })
    };
    Ok(guards(dialect, &schemas, keys).into_iter().filter(is_chosen).collect())
}

/// What the key store has to say of keys. `records` are only asked for if it isn't in the program's
/// database.
pub(crate) fn of_store(
    target: &Target,
    records: impl FnOnce() -> Result<Vec<KeyRecord>, Error>,
) -> Result<KeyCheck, Error> {
    match (target.key_store_at(), target.database()) {
        (Ok(KeyStoreAt::Table(store)), Ok(database)) if store.is(&database) => Ok(KeyCheck::InStore),
        // Only printing, for a database that is elsewhere.
        (Err(_), Err(_)) => Ok(KeyCheck::InStore),
        _ => {
            let closed = |state| matches!(state, KeyState::Retired | KeyState::Destroyed);
            let records = records()?.into_iter().filter(|record| closed(record.state));
            Ok(KeyCheck::Refusing(records.map(|record| record.id).collect()))
        }
    }
}

/// On a column that isn't there, SQLite makes a guard that refuses every write to the table.
fn check_columns(client: &mut dyn Client, guards: &[Guard]) -> Result<(), Error> {
    for guard in guards {
        let (table, column) = (words::plain(&guard.table), words::plain(&guard.column));
        let missing = match Table::describe(client, &guard.table)? {
            None => format!("the database has no table {table}"),
            Some(described) if described.column(&guard.column).is_none() => {
                format!("the table {table} has no column {column}")
            }
            Some(_) => continue,
        };
        return Err(Error::failed(missing)
            .why("a guard on it would refuse every write; nothing was changed")
            .hint(
                "compare the lock file with the database: `fieldseal doctor`; or choose with --table and --column",
            ));
    }
    Ok(())
}

fn print(guards: &[Guard], context: &Context<'_>) -> Result<Done, Error> {
    let statements = guards.iter().flat_map(|guard| &guard.create).cloned().collect();
    context.output.report(&Statements { statements })?;
    Ok(Done::All)
}

fn change(
    client: &mut dyn Client,
    guards: &[Guard],
    dry_run: bool,
    action: Action,
    context: &Context<'_>,
) -> Result<Done, Error> {
    for guard in guards.iter().filter(|_| !dry_run) {
        execute(client, if action == Action::Made { &guard.create } else { &guard.remove })?;
    }
    let columns = guards.iter().map(|guard| format!("{}.{}", guard.table, guard.column)).collect();
    context.output.report(&Changed { action, columns, triggers: Vec::new(), dry_run })?;
    Ok(Done::All)
}

fn remove_strays(dry_run: bool, context: &Context<'_>) -> Result<Done, Error> {
    let client = &mut *context.target.sql()?.connect()?;
    let declared = guards(client.dialect(), &context.target.schemas()?, &KeyCheck::None);
    let rows = client.rows(&stray_guards(client.dialect(), &declared), &[])?;
    let texts =
        |at: usize| rows.iter().filter_map(move |row| row.get(at)?.as_str().map(str::to_owned)).collect::<Vec<_>>();
    if !dry_run {
        execute(client, &texts(1))?;
    }
    context.output.report(&Changed {
        action: Action::Removed,
        columns: Vec::new(),
        triggers: texts(0),
        dry_run,
    })?;
    Ok(Done::All)
}

/// All of them, or none. MySQL commits each by itself: there a guard is away for a moment when it's
/// made anew.
fn execute(client: &mut dyn Client, statements: &[String]) -> Result<(), Error> {
    let done = match client.dialect() {
        Dialect::Mysql => each(client, statements),
        _ => client.transaction(|client| each(client, statements)),
    };
    done.map_err(|error| {
        Error::from(error).hint("docs/guards.md has the rights that each database wants for triggers")
    })
}

fn each(client: &mut dyn Client, statements: &[String]) -> Result<(), SqlError> {
    statements.iter().try_for_each(|statement| client.batch(statement).map(drop))
}

fn check(
    client: &mut dyn Client,
    chosen: &Selection,
    keys: &KeyCheck,
    context: &Context<'_>,
) -> Result<Done, Error> {
    let dialect = client.dialect();
    let wanted = wanted(chosen, keys, dialect, &context.target)?;
    // All of them, or those that weren't chosen would be taken for nobody's.
    let mut checked = checked(client, &guards(dialect, &context.target.schemas()?, keys))?;
    if !chosen.is_all() {
        checked.retain(|checked| wanted.iter().any(|guard| guard.name == checked.guard));
    }
    let problems = checked.iter().any(|guard| guard.problem.is_some());
    context.output.report(&All { guards: checked })?;
    Ok(if problems { Done::SomethingLeft } else { Done::All })
}

/// Each guard, and what is wrong with it.
pub(crate) fn checked(client: &mut dyn Client, guards: &[Guard]) -> Result<Vec<Checked>, Error> {
    let rows = client.rows(&guard_check(client.dialect(), guards), &[])?;
    let mut checked = Vec::new();
    for row in rows {
        let text = |at: usize| row.get(at).and_then(|cell| cell.as_str()).map(str::to_owned);
        checked.push(Checked { guard: text(0).unwrap_or_default(), problem: text(1) });
    }
    checked.sort_by(|a, b| a.guard.cmp(&b.guard));
    Ok(checked)
}

#[derive(Serialize)]
pub(crate) struct Checked {
    pub(crate) guard: String,
    pub(crate) problem: Option<String>,
}

#[derive(Serialize)]
struct All {
    guards: Vec<Checked>,
}

impl Report for All {
    fn text(&self) -> String {
        let row = |guard: &Checked| {
            let problem = guard.problem.as_deref().map_or("in place".to_owned(), words::plain_long);
            vec![words::plain(&guard.guard), problem]
        };
        table(&["GUARD", "STATE"], self.guards.iter().map(row))
    }
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

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Made,
    Removed,
}

#[derive(Serialize)]
struct Changed {
    action: Action,
    columns: Vec<String>,
    /// What is removed of columns that aren't the lock file's: names of triggers, and of functions.
    triggers: Vec<String>,
    dry_run: bool,
}

impl Report for Changed {
    fn text(&self) -> String {
        let done = match (self.action, self.dry_run) {
            (Action::Made, false) => "guarded",
            (Action::Made, true) => "would be guarded",
            (Action::Removed, false) => "not guarded any more",
            (Action::Removed, true) => "would not be guarded any more",
        };
        if self.columns.is_empty() && self.triggers.is_empty() {
            return "there is no such guard\n".to_owned();
        }
        let column = |column: &String| format!("{done}: {}\n", words::plain(column));
        let removed = if self.dry_run { "would be removed" } else { "removed" };
        let trigger = |trigger: &String| format!("{removed}: {}\n", words::plain(trigger));
        self.columns.iter().map(column).chain(self.triggers.iter().map(trigger)).collect()
    }
}
