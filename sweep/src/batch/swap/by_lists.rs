//! One statement for all rows, with a list for each key column, old and new value: PostgreSQL.

use super::change::{Change, Swap};
use crate::plan::TablePlan;
use crate::sql::{Cell, Class, Client, Param, SqlError, Statement, TableColumn, identifier};
use std::fmt::Write as _;

pub(super) fn swap_all(
    client: &mut dyn Client,
    plan: &TablePlan,
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<u64, SqlError> {
    let engine = plan.engine;
    let mut statement = Statement::new(engine, format!("UPDATE {} AS t SET ", plan.sql_table));
    for (at, column) in change.targets.iter().enumerate() {
        // An explicit cast would cut text that is too long; only what isn't text needs one.
        let cast = match column.class {
            Class::Bytes | Class::Text => String::new(),
            _ => format!("::{}", column.type_name),
        };
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(statement.text, "{comma}{} = v.n{at}{cast}", identifier(engine, &column.name));
    }
    statement.push(" FROM unnest(");
    let mut names = Vec::new();
    for at in 0..plan.key.len() {
        let keys = swaps.iter().map(|swap| swap.key(plan).get(at).and_then(Cell::to_postgres)).collect();
        statement.push(if at > 0 { ", " } else { "" }).bind(Param::Texts(keys)).push("::text[]");
        names.push(format!("k{at}"));
    }
    for (at, (place, column)) in change.places.iter().enumerate() {
        list(&mut statement, column, swaps.iter().map(|swap| Some(swap.old(*place))));
        names.push(format!("o{at}"));
    }
    for (at, column) in change.targets.iter().enumerate() {
        list(&mut statement, column, swaps.iter().map(|swap| swap.new.get(at)));
        names.push(format!("n{at}"));
    }
    let _ = write!(statement.text, ") AS v({}) WHERE ", names.join(", "));
    for (at, column) in plan.key.iter().enumerate() {
        let and = if at > 0 { " AND " } else { "" };
        let _ =
            write!(statement.text, "{and}t.{} = v.k{at}::{}", identifier(engine, &column.name), column.type_name);
    }
    for (at, (_, column)) in change.places.iter().enumerate() {
        let name = identifier(engine, &column.name);
        let _ = match column.class {
            Class::Bytes => write!(statement.text, " AND t.{name} IS NOT DISTINCT FROM v.o{at}"),
            // By way of the column's own type on both sides: `character(n)` loses its padding on
            // the way to text.
            _ => write!(
                statement.text,
                " AND t.{name}::text COLLATE \"C\" IS NOT DISTINCT FROM (v.o{at}::{})::text COLLATE \"C\"",
                column.type_name
            ),
        };
    }
    client.execute(&statement.text, &statement.params)
}

fn list<'a>(statement: &mut Statement<'a>, column: &TableColumn, cells: impl Iterator<Item = Option<&'a Cell>>) {
    statement.push(", ");
    if column.class == Class::Bytes {
        let bytes = cells.map(|cell| cell.and_then(Cell::as_bytes)).collect();
        statement.bind(Param::Blobs(bytes)).push("::bytea[]");
    } else {
        statement.bind(Param::Texts(cells.map(|cell| cell.and_then(Cell::to_postgres)).collect())).push("::text[]");
    }
}
