//! One prepared statement, run for each row: SQLite, and MySQL where values must not be in the
//! statement's text.

use super::change::{Change, Swap, compared};
use crate::plan::TablePlan;
use crate::sql::{Cell, Class, Client, Engine, Param, SqlError, TableColumn, identifier};

/// One prepared statement, for each row.
pub(super) fn swap_all(
    client: &mut dyn Client,
    plan: &TablePlan,
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<u64, SqlError> {
    let (long, short): (Vec<_>, Vec<_>) = swaps.iter().partition(|swap| swap.has_digests(plan, change));
    let mut swapped = 0;
    if let Some(any) = short.first() {
        let mut params = short.iter().map(|swap| params_of_one(plan, change, swap));
        swapped += client.execute_each(&text_of_one(plan, change, any), &mut params)?;
    }
    for swap in long {
        swapped += swap_one(client, plan, change, swap)?;
    }
    Ok(swapped)
}

/// One row.
pub(super) fn swap_one(
    client: &mut dyn Client,
    plan: &TablePlan,
    change: &Change<'_>,
    swap: &Swap,
) -> Result<u64, SqlError> {
    client.execute(&text_of_one(plan, change, swap), &params_of_one(plan, change, swap))
}

/// The statement for one row on SQLite and MySQL. It's the same for all rows of a change, except
/// those that are compared by a digest.
fn text_of_one(plan: &TablePlan, change: &Change<'_>, swap: &Swap) -> String {
    let named = |column: &TableColumn| format!("{} = ?", identifier(plan.engine, &column.name));
    let is = if plan.engine == Engine::Sqlite { "IS" } else { "<=>" };
    let compared = change.places.iter().map(|(place, column)| match compared(plan.engine, column) {
        column if swap.is_digested(plan, *place) => format!("SHA2({column}, 256) = ?"),
        column => format!("{column} {is} ?"),
    });
    let targets: Vec<_> = change.targets.iter().map(|column| named(column)).collect();
    let conditions: Vec<_> = plan.key.iter().map(named).chain(compared).collect();
    format!("UPDATE {} SET {} WHERE {}", plan.sql_table, targets.join(", "), conditions.join(" AND "))
}

/// The parameters in the order of [`text_of_one`].
fn params_of_one<'a>(plan: &TablePlan, change: &Change<'_>, swap: &'a Swap) -> Vec<Param<'a>> {
    let mysql = plan.engine == Engine::Mysql;
    let mut params: Vec<Param<'a>> = swap.new.iter().chain(swap.key(plan)).map(Param::from).collect();
    params.extend(change.places.iter().map(|(place, column)| match swap.old(*place) {
        _ if swap.is_digested(plan, *place) => Cell::text(swap.digest(*place)).into(),
        Cell::Text(text) if mysql && matches!(column.class, Class::Text | Class::Other) => {
            Cell::Bytes(text.clone()).into()
        }
        old => old.into(),
    }));
    params
}
