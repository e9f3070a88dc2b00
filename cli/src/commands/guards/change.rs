//! Guards made and removed.

use crate::commands::{Context, Done};
use crate::error::Error;
use crate::output::Report;
use crate::words;
use fieldseal::Dialect;
use fieldseal::guards::{Guard, KeyCheck, guards, stray_guards};
use fieldseal_sweep::sql::{Client, SqlError, Table};
use serde::Serialize;

/// On a column that isn't there, SQLite makes a guard that refuses every write to the table.
pub(super) fn check_columns(client: &mut dyn Client, guards: &[Guard]) -> Result<(), Error> {
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

pub(super) fn change(
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

pub(super) fn remove_strays(dry_run: bool, context: &Context<'_>) -> Result<Done, Error> {
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

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Made,
    Removed,
}

#[derive(Serialize)]
struct Changed {
    action: Action,
    columns: Vec<String>,
    /// The triggers and functions that are removed from columns which the lock file doesn't have.
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
