//! The statements that a sweep reads by, in the order of the primary key.

use super::key::RowKey;
use super::plan::Plan;
use crate::sql::{Cell, Client, Engine, Param, SqlError, SqlErrorKind, TableColumn, identifier};
use std::fmt::Write as _;
use std::ops::ControlFlow;

/// A statement and its parameters, in order.
pub(super) struct Statement<'a> {
    engine: Engine,
    pub(super) text: String,
    pub(super) params: Vec<Param<'a>>,
}

impl<'a> Statement<'a> {
    pub(super) fn new(engine: Engine, text: impl Into<String>) -> Self {
        Self { engine, text: text.into(), params: Vec::new() }
    }

    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(super) fn bind(&mut self, param: impl Into<Param<'a>>) -> &mut Self {
        self.params.push(param.into());
        match self.engine {
            Engine::Postgres => {
                let _ = write!(self.text, "${}", self.params.len());
            }
            Engine::Sqlite | Engine::Mysql => self.text.push('?'),
        }
        self
    }

    /// A part of a key. On PostgreSQL it travels as text, whatever its type.
    pub(super) fn bind_key(&mut self, column: &TableColumn, cell: &'a Cell) -> &mut Self {
        match self.engine {
            Engine::Postgres => {
                self.bind(Cell::text(as_text(cell).unwrap_or_default())).push("::text::").push(&column.type_name)
            }
            Engine::Sqlite | Engine::Mysql => self.bind(cell),
        }
    }

    /// `key > …` or `key <= …`, in the order of the primary key.
    fn compare(&mut self, key: &[TableColumn], op: Order, than: &'a RowKey) -> &mut Self {
        let names: Vec<_> = key.iter().map(|column| identifier(self.engine, &column.name)).collect();
        match self.engine {
            // MySQL makes no range of an index from a comparison of rows.
            Engine::Mysql => self.compare_parts(key, &names, op, than.cells()),
            Engine::Sqlite | Engine::Postgres => {
                let _ = write!(self.text, "({}) {} (", names.join(", "), op.whole());
                for (at, (column, cell)) in key.iter().zip(than.cells()).enumerate() {
                    if at > 0 {
                        self.push(", ");
                    }
                    self.bind_key(column, cell);
                }
                self.push(")");
            }
        }
        self
    }

    /// `a >= … AND (a > … OR (a = … AND …))`: the first part is what the index is used for.
    fn compare_parts(&mut self, key: &[TableColumn], names: &[String], op: Order, than: &'a [Cell]) {
        let ([column, columns @ ..], [name, names @ ..], [cell, cells @ ..]) = (key, names, than) else { return };
        if columns.is_empty() {
            self.push(name).push(" ").push(op.whole()).push(" ").bind_key(column, cell);
            return;
        }
        self.push("(").push(name).push(" ").push(op.or_equal()).push(" ").bind_key(column, cell);
        self.push(" AND (").push(name).push(" ").push(op.strict()).push(" ").bind_key(column, cell);
        self.push(" OR (").push(name).push(" = ").bind_key(column, cell).push(" AND ");
        self.compare_parts(columns, names, op, cells);
        self.push(")))");
    }

    fn range(&mut self, plan: &Plan, after: Option<&'a RowKey>, until: Option<&'a RowKey>) -> &mut Self {
        self.push(" WHERE ");
        for column in &plan.key {
            // SQLite's keys can be NULL, and nothing comes after or before that.
            if self.engine == Engine::Sqlite && column.is_nullable {
                self.push(&identifier(self.engine, &column.name)).push(" IS NOT NULL AND ");
            }
        }
        self.push("1 = 1");
        if let Some(after) = after {
            self.push(" AND ").compare(&plan.key, Order::After, after);
        }
        if let Some(until) = until {
            self.push(" AND ").compare(&plan.key, Order::UpTo, until);
        }
        self
    }
}

#[derive(Clone, Copy)]
enum Order {
    After,
    UpTo,
}

impl Order {
    const fn whole(self) -> &'static str {
        match self {
            Self::After => ">",
            Self::UpTo => "<=",
        }
    }

    const fn or_equal(self) -> &'static str {
        match self {
            Self::After => ">=",
            Self::UpTo => "<=",
        }
    }

    const fn strict(self) -> &'static str {
        match self {
            Self::After => ">",
            Self::UpTo => "<",
        }
    }
}

/// Rows of a plan, as they were read.
pub(super) struct Batch {
    pub(super) rows: Vec<Vec<Cell>>,
    /// Whether there may be more in the range.
    pub(super) is_cut: bool,
    /// How many bytes the values have.
    pub(super) bytes: usize,
}

/// The next rows after `after`, up to `until`: at most `limit`, and no more once they have `budget` bytes.
pub(super) fn read(
    client: &mut dyn Client,
    plan: &Plan,
    (after, until): (Option<&RowKey>, Option<&RowKey>),
    limit: usize,
    budget: usize,
) -> Result<Batch, SqlError> {
    let mut statement = Statement::new(plan.engine, "SELECT ");
    statement
        .push(&named_apart(plan.engine, &plan.selected))
        .push(" FROM ")
        .push(&plan.sql_table)
        .range(plan, after, until);
    statement.push(" ORDER BY ").push(&plan.key_names("")).push(&format!(" LIMIT {limit}"));
    let mut batch = Batch { rows: Vec::new(), is_cut: false, bytes: 0 };
    client.query(&statement.text, &statement.params, &mut |row| {
        batch.bytes += row.iter().map(Cell::size).sum::<usize>();
        batch.rows.push(plan.normalised(row));
        batch.is_cut = batch.rows.len() >= limit || batch.bytes >= budget;
        if batch.bytes >= budget { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if batch.rows.last().is_some_and(|last| after == Some(&plan.key_of(last))) {
        let what = "the rows after a key end with that key again: the primary key's column has values that it makes others of";
        return Err(SqlError::new(SqlErrorKind::Other, what));
    }
    Ok(batch)
}

/// A table to count all of. An index may hold something else, in a file that somebody damaged or made: SQLite reads the table itself.
pub(super) fn all_of(engine: Engine, quoted_table: &str) -> String {
    match engine {
        Engine::Sqlite => format!("{quoted_table} NOT INDEXED"),
        Engine::Postgres | Engine::Mysql => quoted_table.to_owned(),
    }
}

/// The key of the `nth` row after `after`, from 1; `None` if there are fewer up to `until`.
pub(super) fn boundary(
    client: &mut dyn Client,
    plan: &Plan,
    (after, until): (Option<&RowKey>, Option<&RowKey>),
    nth: u64,
) -> Result<Option<RowKey>, SqlError> {
    let mut statement = select_key(plan);
    statement.range(plan, after, until).push(" ORDER BY ").push(&plan.key_names(""));
    statement.push(&format!(" LIMIT 1 OFFSET {}", nth.saturating_sub(1)));
    key_of(client, plan, &statement)
}

/// The last key of the table.
pub(super) fn last(client: &mut dyn Client, plan: &Plan) -> Result<Option<RowKey>, SqlError> {
    let mut statement = select_key(plan);
    statement.range(plan, None, None).push(" ORDER BY ").push(&plan.key_names(" DESC")).push(" LIMIT 1");
    key_of(client, plan, &statement)
}

/// How many rows the table has.
pub(super) fn count(client: &mut dyn Client, plan: &Plan) -> Result<u64, SqlError> {
    let rows = client.integer(&format!("SELECT count(*) FROM {}", all_of(plan.engine, &plan.sql_table)), &[])?;
    Ok(rows.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0))
}

/// How many rows SQLite has under no key at all.
pub(super) fn without_key(client: &mut dyn Client, plan: &Plan) -> Result<u64, SqlError> {
    let nullable = plan.key.iter().filter(|column| column.is_nullable);
    let is_null: Vec<_> =
        nullable.map(|column| format!("{} IS NULL", identifier(plan.engine, &column.name))).collect();
    if plan.engine != Engine::Sqlite || is_null.is_empty() {
        return Ok(0);
    }
    let sql = format!("SELECT count(*) FROM {} WHERE {}", plan.sql_table, is_null.join(" OR "));
    Ok(client.integer(&sql, &[])?.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0))
}

/// What is in those columns of a row now; `None` if there is no such row.
pub(super) fn cells(
    client: &mut dyn Client,
    plan: &Plan,
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

fn select_key<'a>(plan: &Plan) -> Statement<'a> {
    Statement::new(plan.engine, format!("SELECT {} FROM {}", named_apart(plan.engine, &plan.key), plan.sql_table))
}

/// Columns as they're read, under names of their own: `ORDER BY "id"` would go by what `"id"::text` is called, and that is the
/// order of texts, in which the table is sorted anew for each batch and ranges have other rows.
fn named_apart(engine: Engine, columns: &[TableColumn]) -> String {
    let named = |(at, column): (usize, &TableColumn)| format!("{} AS fieldseal_{at}", column.read(engine));
    columns.iter().enumerate().map(named).collect::<Vec<_>>().join(", ")
}

fn key_of(client: &mut dyn Client, plan: &Plan, statement: &Statement<'_>) -> Result<Option<RowKey>, SqlError> {
    let row = client.row(&statement.text, &statement.params)?;
    let normalised =
        |row: Vec<Cell>| plan.key.iter().zip(row).map(|(column, cell)| column.normalised(cell)).collect();
    Ok(row.map(|row| RowKey::new(normalised(row))))
}

/// As PostgreSQL reads it.
pub(super) fn as_text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null | Cell::Other => None,
        Cell::Integer(integer) => Some(integer.to_string()),
        Cell::Unsigned(integer) => Some(integer.to_string()),
        Cell::Real(real) => Some(real.to_string()),
        Cell::Text(text) => String::from_utf8(text.clone()).ok(),
        Cell::Bytes(bytes) => Some(format!("\\x{}", hex::encode(bytes))),
    }
}
