//! The values of a column by the states of the keys that they name.

use super::survey::Survey;
use super::tally::{Listed, Tally};
use crate::plan::{Job, PlannedColumn, SealedForm};
use crate::sql::{Client, SqlError, Table, TableColumn};
use fieldseal::__sweep;
use fieldseal::keys::{KeyId, KeyState};
use std::collections::HashMap;

/// More keys than this aren't listed in a statement: the values are grouped instead.
const LISTED: usize = 64;

/// The values under some of the keys.
fn sum(survey: &Survey, counts: &dyn Fn(&KeyId) -> bool) -> u64 {
    survey.by_key.iter().filter(|(id, _)| counts(id)).map(|(_, values)| values).sum()
}

/// How many values a column has of each sort that jobs treat differently.
pub(super) struct ByKeyState {
    pub(super) rows: u64,
    pub(super) null: u64,
    primary: u64,
    /// Under other keys that exist.
    other: u64,
    /// In a column that holds plaintext too: values that look sealed, under a key that doesn't
    /// exist.
    unknown: u64,
    /// How many keys that open values the sweep meets, or how many exist where that wasn't counted.
    pub(super) keys: u64,
}

impl ByKeyState {
    /// Counts a column's values, for a job on it.
    pub(super) fn of(
        client: &mut dyn Client,
        table: &Table,
        sealed: &TableColumn,
        (job, planned): (&Job, &PlannedColumn),
        states: &HashMap<KeyId, KeyState>,
    ) -> Result<Self, SqlError> {
        let form = SealedForm::of(&planned.column);
        if states.len() > LISTED {
            return Ok(Self::of_survey(&Survey::of(client, table, sealed, form)?, states));
        }
        let (primary, mut other): (Vec<_>, Vec<_>) = states.keys().copied().partition(|id| is_primary(states, id));
        let moves_what_is_migrating = *job == Job::Reencrypt && planned.column.is_migrating();
        // All values that aren't under a primary are still to be done then, and need no closer
        // look.
        if *job == Job::Reencrypt && !planned.column.is_migrating() {
            other.clear();
        }
        let tally = Tally::of(client, &table.name, sealed, form, &Listed { primary, other })?;
        let Tally { rows, null, primary, other } = tally;
        // Plaintext isn't part of the job, and a value whose key was lost is reported in each run.
        let unknown = if moves_what_is_migrating && rows > null + primary + other {
            sum(&Survey::of(client, table, sealed, form)?, &|id| !states.contains_key(id))
        } else {
            0
        };
        let keys = states.keys().filter(|id| opens(states, id)).count();
        Ok(Self { rows, null, primary, other, unknown, keys: u64::try_from(keys).unwrap_or(u64::MAX) })
    }

    fn of_survey(survey: &Survey, states: &HashMap<KeyId, KeyState>) -> Self {
        let keys = survey.by_key.keys().filter(|id| opens(states, id)).count();
        Self {
            rows: survey.rows,
            null: survey.null,
            primary: sum(survey, &|id| is_primary(states, id)),
            other: sum(survey, &|id| states.contains_key(id) && !is_primary(states, id)),
            unknown: sum(survey, &|id| !states.contains_key(id)),
            keys: u64::try_from(keys).unwrap_or(u64::MAX),
        }
    }

    /// How many values a job has to change, as far as the keys tell.
    pub(super) fn left(&self, job: &Job, planned: &PlannedColumn) -> u64 {
        let hidden = if __sweep::refuses_null(&planned.column) { self.null } else { 0 };
        let sealed = self.primary + self.other;
        // Values that are plaintext, damaged, or under a key that was lost.
        let foreign = self.rows.saturating_sub(self.null + sealed) + hidden;
        match job {
            Job::Verify => self.rows - self.null,
            Job::Decrypt { .. } => sealed,
            Job::Encrypt { .. } => foreign,
            Job::Reencrypt => self.other + if planned.column.is_migrating() { self.unknown } else { foreign },
        }
    }
}

fn is_primary(states: &HashMap<KeyId, KeyState>, id: &KeyId) -> bool {
    states.get(id) == Some(&KeyState::Primary)
}

fn opens(states: &HashMap<KeyId, KeyState>, id: &KeyId) -> bool {
    states.get(id).is_some_and(|state| state.opens())
}
