//! Whether the guards are there, and as they should be.

use super::wanted::wanted;
use crate::commands::sweep::Selection;
use crate::commands::{Context, Done};
use crate::error::Error;
use crate::output::{Report, table};
use crate::words;
use fieldseal::guards::{Guard, KeyCheck, guard_check, guards};
use fieldseal_sweep::sql::Client;
use serde::Serialize;

pub(super) fn check(
    client: &mut dyn Client,
    chosen: &Selection,
    keys: &KeyCheck,
    context: &Context<'_>,
) -> Result<Done, Error> {
    let dialect = client.dialect();
    let wanted = wanted(chosen, keys, dialect, &context.target)?;
    // All guards are checked, since those that weren't chosen would be taken for stray ones.
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

impl Checked {
    /// Whether there is no such guard, as opposed to one that is in the way or out of date.
    pub(crate) fn is_missing(&self) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.ends_with(MISSING))
    }
}

/// How a problem ends, in the words of [`guard_check`], if the guard isn't there.
const MISSING: &str = ": its guard is missing";

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
