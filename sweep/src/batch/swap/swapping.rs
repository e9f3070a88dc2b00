//! Values replaced where the old ones still are, as each database does many of them at once.

use super::change::{Change, Swap};
use super::{by_lists, by_params, by_text};
use crate::batch::reading;
use crate::plan::{Job, TablePlan};
use crate::sql::{Client, Engine, SqlError};

/// Replaces values where the old ones are still there, and returns how many rows that was. Inside a
/// transaction.
pub(crate) fn swap_all(
    client: &mut dyn Client,
    plan: &TablePlan,
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<u64, SqlError> {
    match plan.engine {
        Engine::Sqlite => by_params::swap_all(client, plan, change, swaps),
        Engine::Postgres => by_lists::swap_all(client, plan, change, swaps),
        // Plaintext must not be in the text of statements: servers log them.
        Engine::Mysql if plan.job == Job::Reencrypt => by_text::swap_all(client, plan, change, swaps),
        Engine::Mysql => by_params::swap_all(client, plan, change, swaps),
    }
}

/// One row, by parameters.
pub(crate) fn swap_one(
    client: &mut dyn Client,
    plan: &TablePlan,
    change: &Change<'_>,
    swap: &Swap,
) -> Result<u64, SqlError> {
    if plan.engine == Engine::Postgres {
        return by_lists::swap_all(client, plan, change, std::slice::from_ref(swap));
    }
    by_params::swap_one(client, plan, change, swap)
}

/// Whether a row still has all that was read.
pub(crate) fn is_there(
    client: &mut dyn Client,
    plan: &TablePlan,
    change: &Change<'_>,
    swap: &Swap,
) -> Result<bool, SqlError> {
    let columns: Vec<_> = change.places.iter().map(|(_, column)| *column).collect();
    let found = reading::cells(client, plan, &columns, swap.key(plan))?;
    Ok(found
        .is_some_and(|found| change.places.iter().zip(&found).all(|((place, _), cell)| swap.old(*place) == cell)))
}
