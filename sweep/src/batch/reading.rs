//! What a sweep reads, in the order of the primary key.

use crate::plan::{KeyRange, RowKey, TablePlan};
use crate::sql::{Cell, Client, Engine, SqlError, Statement, TableColumn, all_of, identifier};
use fieldseal::dialect::Fault;
use std::ops::ControlFlow;

/// Rows of a plan, as they were read.
pub(crate) struct Batch {
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Whether there may be more in the range.
    pub(crate) is_cut: bool,
    /// How many bytes the values have.
    pub(crate) bytes: usize,
}

/// Where a batch ends, whichever comes first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    /// The most rows.
    pub(crate) rows: usize,
    /// The bytes of values after which no further row is taken.
    pub(crate) bytes: usize,
}

/// The next rows of a range.
pub(crate) fn read(
    client: &mut dyn Client,
    plan: &TablePlan,
    range: KeyRange<'_>,
    most: Most,
) -> Result<Batch, SqlError> {
    let mut statement = Statement::new(plan.engine, "SELECT ");
    statement
        .push(&named_apart(plan.engine, &plan.selected))
        .push(" FROM ")
        .push(&plan.sql_table)
        .range(plan, range);
    statement.push(" ORDER BY ").push(&plan.key_names("")).push(&format!(" LIMIT {}", most.rows));
    let mut batch = Batch { rows: Vec::new(), is_cut: false, bytes: 0 };
    client.query(&statement.text, &statement.params, &mut |row| {
        batch.bytes += row.iter().map(Cell::size).sum::<usize>();
        batch.rows.push(plan.normalised(row));
        batch.is_cut = batch.rows.len() >= most.rows || batch.bytes >= most.bytes;
        if batch.bytes >= most.bytes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if batch.rows.last().is_some_and(|last| range.after == Some(&plan.key_of(last))) {
        return Err(SqlError::new(Fault::Other, "the rows after a key end with that key again")
            .with_hint("look at the primary key's column: it has values that its type makes others of"));
    }
    Ok(batch)
}

/// The key of the `nth` row of a range, from 1; `None` if it has fewer.
pub(crate) fn boundary(
    client: &mut dyn Client,
    plan: &TablePlan,
    range: KeyRange<'_>,
    nth: u64,
) -> Result<Option<RowKey>, SqlError> {
    let mut statement = select_key(plan);
    statement.range(plan, range).push(" ORDER BY ").push(&plan.key_names(""));
    statement.push(&format!(" LIMIT 1 OFFSET {}", nth.saturating_sub(1)));
    key_of(client, plan, &statement)
}

/// The last key of the table.
pub(crate) fn last(client: &mut dyn Client, plan: &TablePlan) -> Result<Option<RowKey>, SqlError> {
    let mut statement = select_key(plan);
    statement.range(plan, KeyRange::default()).push(" ORDER BY ").push(&plan.key_names(" DESC")).push(" LIMIT 1");
    key_of(client, plan, &statement)
}

/// How many rows the table has.
pub(crate) fn count_rows(client: &mut dyn Client, plan: &TablePlan) -> Result<u64, SqlError> {
    client.count(&format!("SELECT count(*) FROM {}", all_of(plan.engine, &plan.sql_table)))
}

/// How many rows have no key: SQLite lets a primary key be NULL.
pub(crate) fn without_key(client: &mut dyn Client, plan: &TablePlan) -> Result<u64, SqlError> {
    let nullable = plan.key.iter().filter(|column| column.is_nullable);
    let is_null: Vec<_> =
        nullable.map(|column| format!("{} IS NULL", identifier(plan.engine, &column.name))).collect();
    if plan.engine != Engine::Sqlite || is_null.is_empty() {
        return Ok(0);
    }
    let sql = format!("SELECT count(*) FROM {} WHERE {}", plan.sql_table, is_null.join(" OR "));
    client.count(&sql)
}

/// The present values of those columns in a row; `None` if there is no such row.
pub(crate) fn cells(
    client: &mut dyn Client,
    plan: &TablePlan,
    columns: &[&TableColumn],
    key: &[Cell],
) -> Result<Option<Vec<Cell>>, SqlError> {
    let read: Vec<_> = columns.iter().map(|column| column.read(plan.engine)).collect();
    let mut statement =
        Statement::new(plan.engine, format!("SELECT {} FROM {} WHERE ", read.join(", "), plan.sql_table));
    for (at, (column, cell)) in plan.key.iter().zip(key).enumerate() {
        statement.push(if at > 0 { " AND " } else { "" }).push(&identifier(plan.engine, &column.name)).push(" = ");
        statement.bind_key(column, cell);
    }
    let row = client.row(&statement.text, &statement.params)?;
    Ok(row.map(|row| columns.iter().zip(row).map(|(column, cell)| column.normalised(cell)).collect()))
}

fn select_key<'a>(plan: &TablePlan) -> Statement<'a> {
    Statement::new(plan.engine, format!("SELECT {} FROM {}", named_apart(plan.engine, &plan.key), plan.sql_table))
}

/// Columns as they're read, under names that no column has. Otherwise `"id"::text` would be called
/// `id`, and `ORDER BY "id"` would sort by that text: slowly, and in another order than that of the
/// ranges.
fn named_apart(engine: Engine, columns: &[TableColumn]) -> String {
    let named = |(at, column): (usize, &TableColumn)| format!("{} AS fieldseal_{at}", column.read(engine));
    columns.iter().enumerate().map(named).collect::<Vec<_>>().join(", ")
}

fn key_of(
    client: &mut dyn Client,
    plan: &TablePlan,
    statement: &Statement<'_>,
) -> Result<Option<RowKey>, SqlError> {
    let row = client.row(&statement.text, &statement.params)?;
    let normalised =
        |row: Vec<Cell>| plan.key.iter().zip(row).map(|(column, cell)| column.normalised(cell)).collect();
    Ok(row.map(|row| RowKey::new(normalised(row))))
}
