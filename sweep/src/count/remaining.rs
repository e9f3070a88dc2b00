//! How much of a job is left, counted by the database.

use super::key_states::ByKeyState;
use super::survey::Survey;
use crate::error::SweepError;
use crate::plan::{Job, PlanError, SealedForm, TablePlan, scope_of};
use crate::sql::{Client, Table, all_of, identifier};
use fieldseal::{__sweep, Keyring};
use std::ops::ControlFlow;

/// How much a job has to do in a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Remaining {
    pub(crate) rows: u64,
    /// Values that aren't as the job wants them, as far as can be told without opening any.
    pub(crate) values: u64,
    /// The most that it may be, where only opening tells.
    pub(crate) most: u64,
    /// Keys that the sweep meets.
    pub(crate) keys: u64,
}

impl Remaining {
    /// Whether there surely is nothing to do.
    pub(crate) fn is_nothing(&self, plan: &TablePlan) -> bool {
        let tells = match plan.job {
            // Only opening shows a value's suite, and what is plaintext.
            Job::Reencrypt => plan.columns.iter().all(|planned| planned.column.previous_suite().is_none()),
            Job::Encrypt { .. } | Job::Decrypt { .. } | Job::Verify => false,
        };
        self.rows == 0 || (tells && self.values == 0)
    }
}

/// Whether counting tells all that is left. With two columns it doesn't: only opening tells whether
/// they hold the same.
pub(crate) fn tells_all(plan: &TablePlan) -> bool {
    plan.columns.iter().all(|planned| plan.other(planned).is_none())
}

/// Counts what a job has to do, on the server.
pub(crate) fn count_remaining(
    client: &mut dyn Client,
    keyring: &Keyring,
    plan: &TablePlan,
    table: &Table,
) -> Result<Remaining, SweepError> {
    let states = __sweep::stored_states(keyring)?;
    let mut remaining = Remaining::default();
    for planned in &plan.columns {
        let Some(sealed) = plan.sealed(planned) else { continue };
        let counts = ByKeyState::of(client, table, sealed, (&plan.job, planned), &states)?;
        remaining.rows = counts.rows;
        let values = match plan.other(planned) {
            // A NULL may have been a hidden NULL, so it isn't counted as left.
            Some(_) if planned.column.hides_null() && matches!(plan.job, Job::Decrypt { .. }) => 0,
            Some((source, target)) => {
                let mut sql = format!(
                    "SELECT count(*) FROM {} WHERE {} IS NULL",
                    all_of(plan.engine, &plan.sql_table),
                    identifier(plan.engine, &target.name)
                );
                if !planned.column.hides_null() {
                    sql += &format!(" AND {} IS NOT NULL", identifier(plan.engine, &source.name));
                }
                client.count(&sql)?
            }
            None => counts.left(&plan.job, planned),
        };
        remaining.values += values;
        // While the suite changes, each value may be under the old one; and lookalikes are sealed
        // only if that is asked for.
        let any = match plan.job {
            Job::Reencrypt => planned.column.previous_suite().is_some(),
            Job::Encrypt { from: None } => plan.seal_lookalikes,
            _ => false,
        };
        remaining.most += if any { counts.rows.saturating_sub(counts.null) } else { values };
        remaining.keys = remaining.keys.max(counts.keys);
    }
    Ok(remaining)
}

/// How many tenants of the table have no key yet, and never had one.
pub(crate) fn new_tenants(client: &mut dyn Client, keyring: &Keyring, plan: &TablePlan) -> Result<u64, SweepError> {
    let Some((column, kind)) = plan.scope_column() else { return Ok(0) };
    let (known, mut new) = (__sweep::stored_scopes(keyring)?, 0);
    let sql = format!("SELECT DISTINCT {} AS fieldseal_0 FROM {}", column.read(plan.engine), plan.sql_table);
    client.query(&sql, &[], &mut |row| {
        let cell = row.into_iter().next().map(|cell| column.normalised(cell));
        let scope = cell.and_then(|cell| scope_of(kind, &cell).ok());
        new += u64::from(scope.is_some_and(|scope| !known.contains(&scope)));
        ControlFlow::Continue(())
    })?;
    Ok(new)
}

/// Refuses to seal over what mostly looks sealed: the key store may be the wrong one, or was lost
/// in part.
pub(crate) fn check_unknown_keys(
    client: &mut dyn Client,
    keyring: &Keyring,
    plan: &TablePlan,
    table: &Table,
) -> Result<(), SweepError> {
    let states = __sweep::stored_states(keyring)?;
    for planned in &plan.columns {
        let Some(sealed) = plan.sealed(planned) else { continue };
        let survey = Survey::of(client, table, sealed, SealedForm::of(&planned.column))?;
        let unknown = survey.by_key.iter().filter(|(id, _)| !states.contains_key(id));
        let values: u64 = unknown.map(|(_, values)| values).sum();
        if values > (survey.rows - survey.null) / 2 {
            let (table, column) = (table.name.clone(), sealed.name.clone());
            return Err(PlanError::UnknownKeys { table, column, values }.into());
        }
    }
    Ok(())
}
