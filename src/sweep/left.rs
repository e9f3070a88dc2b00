//! How much of a job is left, counted by the database.

use super::job::Job;
use super::plan::{Plan, PlannedColumn};
use super::run::SweepError;
use super::survey::Survey;
use crate::keyring::Keyring;
use crate::keys::{KeyId, KeyState};
use crate::sql::{Client, Table, quoted};
use std::collections::{HashMap, HashSet};

/// What is to be done in a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) rows: u64,
    /// Values that aren't as the job wants them, as far as can be told without opening any.
    pub(super) values: u64,
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

pub(super) fn count(
    client: &mut dyn Client,
    keyring: &Keyring,
    plan: &Plan,
    table: &str,
) -> Result<Left, SweepError> {
    let states = keyring.states()?;
    let table = Table { name: table.to_owned(), columns: Vec::new(), key: Vec::new() };
    let (mut left, mut keys) = (Left::default(), HashSet::new());
    for planned in &plan.columns {
        let Some(sealed) = plan.sealed(planned) else { continue };
        let survey = Survey::of(client, &table, sealed, Some(planned.column.is_base64()))?;
        left.rows = survey.rows;
        left.values += match plan.other(planned) {
            Some((source, target)) => {
                let sql = format!(
                    "SELECT count(*) FROM {} WHERE {} IS NULL AND {} IS NOT NULL",
                    plan.sql_table,
                    quoted(plan.dialect, &target.name),
                    quoted(plan.dialect, &source.name)
                );
                client.integer(&sql, &[])?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
            }
            None => of_survey(&plan.job, planned, &survey, &states),
        };
        keys.extend(survey.by_key.into_keys().filter(|id| states.get(id).is_some_and(|state| state.opens())));
    }
    let primaries = states.values().filter(|state| **state == KeyState::Primary).count();
    left.keys = u64::try_from(keys.len().max(primaries.min(1))).unwrap_or(u64::MAX);
    Ok(left)
}

fn of_survey(job: &Job, planned: &PlannedColumn, survey: &Survey, states: &HashMap<KeyId, KeyState>) -> u64 {
    let sum = |counts: &dyn Fn(&KeyId) -> bool| -> u64 {
        survey.by_key.iter().filter(|(id, _)| counts(id)).map(|(_, values)| values).sum()
    };
    let is_known = |id: &KeyId| states.contains_key(id);
    let hidden = if planned.column.refuses_null() { survey.null } else { 0 };
    match job {
        Job::Verify => survey.rows - survey.null,
        Job::Decrypt { .. } => sum(&is_known),
        Job::Encrypt { .. } => survey.not_sealed + hidden + sum(&|id| !is_known(id)),
        Job::Reencrypt => {
            let stale = sum(&|id| states.get(id).is_some_and(|state| *state != KeyState::Primary));
            let foreign = survey.not_sealed + hidden + sum(&|id| !is_known(id));
            stale + if planned.column.is_migrating() { 0 } else { foreign }
        }
    }
}
