//! How much of a job is left, counted by the database.

use super::job::Job;
use super::plan::{Plan, PlanError, PlannedColumn};
use super::row::scope_of;
use super::run::SweepError;
use super::statements::all_of;
use super::survey::{Survey, Tally};
use crate::sql::{Client, Table, TableColumn, identifier};
use fieldseal::{__sweep, KeyId, KeyState, Keyring};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// What is to be done in a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) rows: u64,
    /// Values that aren't as the job wants them, as far as can be told without opening any.
    pub(super) values: u64,
    /// The most that they may be, where opening has to tell.
    pub(super) most: u64,
    /// Keys that are met.
    pub(super) keys: u64,
}

impl Left {
    /// Whether there surely is nothing to do.
    pub(super) fn is_nothing(&self, plan: &Plan) -> bool {
        let tells = match plan.job {
            // A suite, and what plaintext is, only shows by opening.
            Job::Reencrypt => plan.columns.iter().all(|planned| planned.column.previous_suite().is_none()),
            Job::Encrypt { .. } | Job::Decrypt { .. } | Job::Verify => false,
        };
        self.rows == 0 || (tells && self.values == 0)
    }
}

/// Whether counting tells all that is left: of two columns only opening tells whether they hold the same.
pub(super) fn is_exact(plan: &Plan) -> bool {
    plan.columns.iter().all(|planned| plan.other(planned).is_none())
}

pub(super) fn count(
    client: &mut dyn Client,
    keyring: &Keyring,
    plan: &Plan,
    table: &Table,
) -> Result<Left, SweepError> {
    let states = __sweep::stored_states(keyring)?;
    let mut left = Left::default();
    for planned in &plan.columns {
        let Some(sealed) = plan.sealed(planned) else { continue };
        let counts = Counts::of(client, table, sealed, (&plan.job, planned), &states)?;
        left.rows = counts.rows;
        let values = match plan.other(planned) {
            // A hidden NULL becomes NULL: that isn't left.
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
                client.integer(&sql, &[])?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
            }
            None => counts.left(&plan.job, planned),
        };
        left.values += values;
        // Of a change of suite each value may be under the old one, and what only looks sealed is sealed if that is asked for.
        let any = match plan.job {
            Job::Reencrypt => planned.column.previous_suite().is_some(),
            Job::Encrypt { from: None } => plan.seal_lookalikes,
            _ => false,
        };
        left.most += if any { counts.rows.saturating_sub(counts.null) } else { values };
        left.keys = left.keys.max(counts.keys);
    }
    Ok(left)
}

/// How many tenants of the table have no key yet, and never had one.
pub(super) fn new_tenants(client: &mut dyn Client, keyring: &Keyring, plan: &Plan) -> Result<u64, SweepError> {
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

/// Refuses to seal over what mostly looks sealed: the key store may be the wrong one, or was lost in part.
pub(super) fn check_unknown(
    client: &mut dyn Client,
    keyring: &Keyring,
    plan: &Plan,
    table: &Table,
) -> Result<(), SweepError> {
    let states = __sweep::stored_states(keyring)?;
    for planned in &plan.columns {
        let Some(sealed) = plan.sealed(planned) else { continue };
        let survey = Survey::of(client, table, sealed, Some(planned.column.is_base64()))?;
        let unknown = survey.by_key.iter().filter(|(id, _)| !states.contains_key(id));
        let values: u64 = unknown.map(|(_, values)| values).sum();
        if values > (survey.rows - survey.null) / 2 {
            let (table, column) = (table.name.clone(), sealed.name.clone());
            return Err(PlanError::UnknownKeys { table, column, values }.into());
        }
    }
    Ok(())
}

/// More keys than this aren't listed in a statement: the values are grouped instead.
const LISTED: usize = 64;

/// The values under some of the keys.
fn sum(survey: &Survey, counts: &dyn Fn(&KeyId) -> bool) -> u64 {
    survey.by_key.iter().filter(|(id, _)| counts(id)).map(|(_, values)| values).sum()
}

/// The values of a column, as far as jobs tell them apart.
struct Counts {
    rows: u64,
    null: u64,
    primary: u64,
    /// Under other keys that there are.
    other: u64,
    /// In a column that holds plaintext too: what looks sealed, and under no key that there is.
    unknown: u64,
    /// Keys that open and that are met, or are there.
    keys: u64,
}

impl Counts {
    fn of(
        client: &mut dyn Client,
        table: &Table,
        sealed: &TableColumn,
        (job, planned): (&Job, &PlannedColumn),
        states: &HashMap<KeyId, KeyState>,
    ) -> Result<Self, SweepError> {
        let base64 = planned.column.is_base64();
        let is_primary = |id: &KeyId| states.get(id) == Some(&KeyState::Primary);
        let opens = |id: &KeyId| states.get(id).is_some_and(|state| state.opens());
        if states.len() <= LISTED {
            let (primaries, mut others): (Vec<_>, Vec<_>) = states.keys().copied().partition(is_primary);
            // Whatever isn't under a primary is left then, and needs no closer look.
            if *job == Job::Reencrypt && !planned.column.is_migrating() {
                others.clear();
            }
            let tally = Tally::of(client, &table.name, sealed, base64, &[primaries, others])?;
            let under = |group: usize| tally.under.get(group).copied().unwrap_or(0);
            let keys = states.keys().filter(|id| opens(id)).count();
            let keys = u64::try_from(keys).unwrap_or(u64::MAX);
            let (primary, other) = (under(0), under(1));
            // Plaintext needs nothing done to it, and a value whose key was lost is said to be there each time.
            let is_open = *job == Job::Reencrypt && planned.column.is_migrating();
            let unknown = if is_open && tally.rows > tally.null + primary + other {
                let survey = Survey::of(client, table, sealed, Some(base64))?;
                sum(&survey, &|id| !states.contains_key(id))
            } else {
                0
            };
            return Ok(Self { rows: tally.rows, null: tally.null, primary, other, unknown, keys });
        }
        let survey = Survey::of(client, table, sealed, Some(base64))?;
        Ok(Self {
            rows: survey.rows,
            null: survey.null,
            primary: sum(&survey, &is_primary),
            other: sum(&survey, &|id| states.contains_key(id) && !is_primary(id)),
            unknown: sum(&survey, &|id| !states.contains_key(id)),
            keys: u64::try_from(survey.by_key.keys().filter(|id| opens(id)).count()).unwrap_or(u64::MAX),
        })
    }

    fn left(&self, job: &Job, planned: &PlannedColumn) -> u64 {
        let hidden = if __sweep::refuses_null(&planned.column) { self.null } else { 0 };
        let sealed = self.primary + self.other;
        // Plaintext, damaged, or under a key that was lost.
        let foreign = self.rows.saturating_sub(self.null + sealed) + hidden;
        match job {
            Job::Verify => self.rows - self.null,
            Job::Decrypt { .. } => sealed,
            Job::Encrypt { .. } => foreign,
            Job::Reencrypt => self.other + if planned.column.is_migrating() { self.unknown } else { foreign },
        }
    }
}
