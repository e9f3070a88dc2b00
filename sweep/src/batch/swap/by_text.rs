//! Many statements in one message, their values written out in hex: MySQL. A derived table, the
//! alternative, would be joined to the key by columns whose types and collations the server
//! chooses.

use super::by_params;
use super::change::{Change, Swap, compared};
use crate::plan::TablePlan;
use crate::sql::{Cell, Client, SqlError, identifier};
use std::fmt::Write as _;

/// Statements with more bytes than this are sent alone: servers take 16 MiB at least, unless
/// they're set up otherwise.
const MAX_TEXT: usize = 1 << 20;

pub(super) fn swap_all(
    client: &mut dyn Client,
    plan: &TablePlan,
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<u64, SqlError> {
    let (mut text, mut swapped) = (String::new(), 0);
    for swap in swaps {
        let Some(one) = written_out(plan, change, swap).filter(|one| one.len() <= MAX_TEXT) else {
            swapped += by_params::swap_one(client, plan, change, swap)?;
            continue;
        };
        if !text.is_empty() && text.len() + one.len() > MAX_TEXT {
            swapped += client.batch(&text)?;
            text.clear();
        }
        text.push_str(&one);
        text.push(';');
    }
    if !text.is_empty() {
        swapped += client.batch(&text)?;
    }
    Ok(swapped)
}

/// One row's statement; `None` if something in it can't be written out.
fn written_out(plan: &TablePlan, change: &Change<'_>, swap: &Swap) -> Option<String> {
    let mut text = format!("UPDATE {} SET ", plan.sql_table);
    for (at, (column, new)) in change.targets.iter().zip(&swap.new).enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(text, "{comma}{} = {}", identifier(plan.engine, &column.name), constant(new)?);
    }
    text.push_str(" WHERE ");
    for (at, (column, cell)) in plan.key.iter().zip(swap.key(plan)).enumerate() {
        let and = if at > 0 { " AND " } else { "" };
        let _ = write!(text, "{and}{} = {}", identifier(plan.engine, &column.name), constant(cell)?);
    }
    for (place, column) in &change.places {
        let column = compared(plan.engine, column);
        if swap.is_digested(plan, *place) {
            let _ = write!(text, " AND SHA2({column}, 256) = '{}'", swap.digest(*place));
            continue;
        }
        let old = match swap.old(*place) {
            Cell::Text(text) => constant(&Cell::Bytes(text.clone()))?,
            old => constant(old)?,
        };
        let _ = write!(text, " AND {column} <=> {old}");
    }
    Some(text)
}

/// A value in MySQL's SQL. In hex there is nothing to escape.
fn constant(cell: &Cell) -> Option<String> {
    Some(match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(integer) => integer.to_string(),
        Cell::Unsigned(integer) => integer.to_string(),
        Cell::Bytes(bytes) => format!("x'{}'", hex::encode(bytes)),
        Cell::Text(text) => format!("_utf8mb4 x'{}'", hex::encode(text)),
        Cell::Real(_) | Cell::Other => return None,
    })
}
