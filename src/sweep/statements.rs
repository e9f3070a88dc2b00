//! The statements of a sweep, as each database writes them: batches in the order of the primary key, and compare-and-swap.

use super::key::RowKey;
use super::plan::{Place, Plan};
use crate::sql::{Cell, Class, Client, Param, SqlError, TableColumn, quoted};
use crate::store::Dialect;
use std::fmt::Write as _;
use std::ops::ControlFlow;

/// A statement and its parameters, in order.
struct Statement {
    dialect: Dialect,
    text: String,
    params: Vec<Param>,
}

impl Statement {
    fn new(dialect: Dialect, text: impl Into<String>) -> Self {
        Self { dialect, text: text.into(), params: Vec::new() }
    }

    fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    fn bind(&mut self, param: impl Into<Param>) -> &mut Self {
        self.params.push(param.into());
        match self.dialect {
            Dialect::Postgres => {
                let _ = write!(self.text, "${}", self.params.len());
            }
            Dialect::Sqlite | Dialect::Mysql => self.text.push('?'),
        }
        self
    }

    /// A part of a key. On PostgreSQL it travels as text, whatever its type.
    fn bind_key(&mut self, column: &TableColumn, cell: &Cell) -> &mut Self {
        match self.dialect {
            Dialect::Postgres => {
                self.bind(Cell::text(as_text(cell).unwrap_or_default())).push("::text::").push(&column.type_name)
            }
            Dialect::Sqlite | Dialect::Mysql => self.bind(cell.clone()),
        }
    }

    /// `key > …` or `key <= …`, in the order of the primary key.
    fn compare(&mut self, key: &[TableColumn], op: Order, than: &RowKey) -> &mut Self {
        let names: Vec<_> = key.iter().map(|column| quoted(self.dialect, &column.name)).collect();
        match self.dialect {
            // MySQL makes no range of an index from a comparison of rows.
            Dialect::Mysql => self.compare_parts(key, &names, op, than.cells()),
            Dialect::Sqlite | Dialect::Postgres => {
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
    fn compare_parts(&mut self, key: &[TableColumn], names: &[String], op: Order, than: &[Cell]) {
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

    fn range(&mut self, plan: &Plan, after: Option<&RowKey>, until: Option<&RowKey>) -> &mut Self {
        self.push(" WHERE ");
        for column in &plan.key {
            // SQLite's keys can be NULL, and nothing comes after or before that.
            if self.dialect == Dialect::Sqlite && column.is_nullable {
                self.push(&quoted(self.dialect, &column.name)).push(" IS NOT NULL AND ");
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
    let mut statement = Statement::new(plan.dialect, "SELECT ");
    let read: Vec<_> = plan.selected.iter().map(|column| column.read(plan.dialect, None)).collect();
    statement.push(&read.join(", ")).push(" FROM ").push(&plan.sql_table).range(plan, after, until);
    statement.push(" ORDER BY ").push(&plan.key_names("")).push(&format!(" LIMIT {limit}"));
    let mut batch = Batch { rows: Vec::new(), is_cut: false, bytes: 0 };
    client.query(&statement.text, &statement.params, &mut |row| {
        batch.bytes += row.iter().map(Cell::size).sum::<usize>();
        batch.rows.push(plan.normalised(row));
        batch.is_cut = batch.rows.len() >= limit || batch.bytes >= budget;
        if batch.bytes >= budget { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(batch)
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
    let rows = client.integer(&format!("SELECT count(*) FROM {}", plan.sql_table), &[])?;
    Ok(rows.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0))
}

/// How many rows SQLite has under no key at all.
pub(super) fn without_key(client: &mut dyn Client, plan: &Plan) -> Result<u64, SqlError> {
    let nullable = plan.key.iter().filter(|column| column.is_nullable);
    let is_null: Vec<_> =
        nullable.map(|column| format!("{} IS NULL", quoted(plan.dialect, &column.name))).collect();
    if plan.dialect != Dialect::Sqlite || is_null.is_empty() {
        return Ok(0);
    }
    let sql = format!("SELECT count(*) FROM {} WHERE {}", plan.sql_table, is_null.join(" OR "));
    Ok(client.integer(&sql, &[])?.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0))
}

/// What is in a row's targets now; `None` if there is no such row.
pub(super) fn targets(
    client: &mut dyn Client,
    plan: &Plan,
    change: &Change<'_>,
    key: &RowKey,
) -> Result<Option<Vec<Cell>>, SqlError> {
    let read: Vec<_> = change.targets.iter().map(|column| column.read(plan.dialect, None)).collect();
    let mut statement =
        Statement::new(plan.dialect, format!("SELECT {} FROM {} WHERE ", read.join(", "), plan.sql_table));
    for (at, (column, cell)) in plan.key.iter().zip(key.cells()).enumerate() {
        statement.push(if at > 0 { " AND " } else { "" }).push(&quoted(plan.dialect, &column.name)).push(" = ");
        statement.bind_key(column, cell);
    }
    let row = client.row(&statement.text, &statement.params)?;
    Ok(row.map(|row| change.targets.iter().zip(row).map(|(column, cell)| column.normalised(cell)).collect()))
}

fn select_key(plan: &Plan) -> Statement {
    let read: Vec<_> = plan.key.iter().map(|column| column.read(plan.dialect, None)).collect();
    Statement::new(plan.dialect, format!("SELECT {} FROM {}", read.join(", "), plan.sql_table))
}

fn key_of(client: &mut dyn Client, plan: &Plan, statement: &Statement) -> Result<Option<RowKey>, SqlError> {
    let row = client.row(&statement.text, &statement.params)?;
    let normalised =
        |row: Vec<Cell>| plan.key.iter().zip(row).map(|(column, cell)| column.normalised(cell)).collect();
    Ok(row.map(|row| RowKey::new(normalised(row))))
}

/// New values of one row, with what they replace.
#[derive(Debug)]
pub(super) struct Swap {
    pub(super) key: RowKey,
    /// What must still be there, a cell for each of [`Change::places`].
    pub(super) old: Vec<Cell>,
    /// The new values, one for each of [`Change::targets`].
    pub(super) new: Vec<Cell>,
}

/// The columns that some rows of a batch get new values for, and those that must not have changed meanwhile.
pub(super) struct Change<'a> {
    pub(super) places: Vec<&'a TableColumn>,
    pub(super) targets: Vec<&'a TableColumn>,
}

impl<'a> Change<'a> {
    /// Of the planned columns with those numbers.
    pub(super) fn of(plan: &'a Plan, columns: impl Iterator<Item = usize> + Clone) -> Self {
        let planned = columns.filter_map(|column| plan.columns.get(column));
        let mut change = Change { places: Vec::new(), targets: Vec::new() };
        for column in planned {
            change.places.extend(column.places().filter_map(|Place(at)| plan.selected.get(at)));
            change.targets.extend(plan.selected.get(column.target.0));
        }
        change
    }
}

/// Statements longer than this go alone, in bytes: servers take 16 MiB at least, unless they're set up otherwise.
const MAX_TEXT: usize = 1 << 20;

/// Replaces values where the old ones are still there, and returns how many rows that was. Inside a transaction.
pub(super) fn swap(
    client: &mut dyn Client,
    plan: &Plan,
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<u64, SqlError> {
    match plan.dialect {
        Dialect::Sqlite => {
            let mut swapped = 0;
            for swap in swaps {
                swapped += swap_one(client, plan, change, swap)?;
            }
            Ok(swapped)
        }
        Dialect::Postgres => swap_by_lists(client, plan, change, swaps),
        Dialect::Mysql => swap_by_text(client, plan, change, swaps),
    }
}

/// One row, by parameters.
pub(super) fn swap_one(
    client: &mut dyn Client,
    plan: &Plan,
    change: &Change<'_>,
    swap: &Swap,
) -> Result<u64, SqlError> {
    if plan.dialect == Dialect::Postgres {
        return swap_by_lists(client, plan, change, std::slice::from_ref(swap));
    }
    let mut statement = Statement::new(plan.dialect, format!("UPDATE {} SET ", plan.sql_table));
    for (at, (column, new)) in change.targets.iter().zip(&swap.new).enumerate() {
        statement.push(if at > 0 { ", " } else { "" }).push(&quoted(plan.dialect, &column.name)).push(" = ");
        statement.bind(new.clone());
    }
    statement.push(" WHERE ");
    for (at, (column, cell)) in plan.key.iter().zip(swap.key.cells()).enumerate() {
        statement.push(if at > 0 { " AND " } else { "" }).push(&quoted(plan.dialect, &column.name)).push(" = ");
        statement.bind_key(column, cell);
    }
    for (column, old) in change.places.iter().zip(&swap.old) {
        statement.push(" AND ").push(&compared(plan.dialect, column));
        let op = if plan.dialect == Dialect::Sqlite { " IS " } else { " <=> " };
        let is_text = plan.dialect == Dialect::Mysql && matches!(column.class, Class::Text | Class::Other);
        statement.push(op).bind(match old {
            Cell::Text(text) if is_text => Cell::Bytes(text.clone()),
            old => old.clone(),
        });
    }
    client.execute(&statement.text, &statement.params)
}

/// A column as it's compared, to the byte, with what was read.
fn compared(dialect: Dialect, column: &TableColumn) -> String {
    let name = quoted(dialect, &column.name);
    match (dialect, column.class) {
        // Whatever the column's collation; the types must be the same too.
        (Dialect::Sqlite, _) => format!("{name} COLLATE BINARY"),
        (Dialect::Mysql, Class::Text) => format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY)"),
        (Dialect::Mysql, Class::Other) => format!("CAST({} AS BINARY)", column.read(dialect, None)),
        _ => name,
    }
}

/// PostgreSQL: one statement for all rows, with a list for each key column, old and new value.
fn swap_by_lists(
    client: &mut dyn Client,
    plan: &Plan,
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<u64, SqlError> {
    let dialect = plan.dialect;
    let mut statement = Statement::new(dialect, format!("UPDATE {} AS t SET ", plan.sql_table));
    for (at, column) in change.targets.iter().enumerate() {
        // An explicit cast would cut text that is too long; only what isn't text needs one.
        let cast = match column.class {
            Class::Bytes | Class::Text => String::new(),
            _ => format!("::{}", column.type_name),
        };
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(statement.text, "{comma}{} = v.n{at}{cast}", quoted(dialect, &column.name));
    }
    statement.push(" FROM unnest(");
    let mut names = Vec::new();
    for at in 0..plan.key.len() {
        let keys = swaps.iter().map(|swap| swap.key.cells().get(at).and_then(as_text)).collect();
        statement.push(if at > 0 { ", " } else { "" }).bind(Param::Texts(keys)).push("::text[]");
        names.push(format!("k{at}"));
    }
    for (at, column) in change.places.iter().enumerate() {
        list(&mut statement, column, swaps.iter().map(|swap| swap.old.get(at)));
        names.push(format!("o{at}"));
    }
    for (at, column) in change.targets.iter().enumerate() {
        list(&mut statement, column, swaps.iter().map(|swap| swap.new.get(at)));
        names.push(format!("n{at}"));
    }
    let _ = write!(statement.text, ") AS v({}) WHERE ", names.join(", "));
    for (at, column) in plan.key.iter().enumerate() {
        let and = if at > 0 { " AND " } else { "" };
        let _ = write!(statement.text, "{and}t.{} = v.k{at}::{}", quoted(dialect, &column.name), column.type_name);
    }
    for (at, column) in change.places.iter().enumerate() {
        let name = quoted(dialect, &column.name);
        let _ = match column.class {
            Class::Bytes => write!(statement.text, " AND t.{name} IS NOT DISTINCT FROM v.o{at}"),
            // By way of the column's own type on both sides: `character(n)` loses its padding on the way to text.
            _ => write!(
                statement.text,
                " AND t.{name}::text COLLATE \"C\" IS NOT DISTINCT FROM (v.o{at}::{})::text COLLATE \"C\"",
                column.type_name
            ),
        };
    }
    client.execute(&statement.text, &statement.params)
}

fn list<'a>(statement: &mut Statement, column: &TableColumn, cells: impl Iterator<Item = Option<&'a Cell>>) {
    statement.push(", ");
    if column.class == Class::Bytes {
        let bytes = cells.map(|cell| cell.and_then(Cell::as_bytes).map(<[u8]>::to_vec)).collect();
        statement.bind(Param::Blobs(bytes)).push("::bytea[]");
    } else {
        statement.bind(Param::Texts(cells.map(|cell| cell.and_then(as_text)).collect())).push("::text[]");
    }
}

/// MySQL: many statements in one message, their values written out in hex. A derived table would have to be joined to the
/// key by columns whose types and collations the server decides.
fn swap_by_text(
    client: &mut dyn Client,
    plan: &Plan,
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<u64, SqlError> {
    let (mut text, mut swapped) = (String::new(), 0);
    for swap in swaps {
        let Some(one) = written_out(plan, change, swap).filter(|one| one.len() <= MAX_TEXT) else {
            swapped += swap_one(client, plan, change, swap)?;
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
fn written_out(plan: &Plan, change: &Change<'_>, swap: &Swap) -> Option<String> {
    let mut text = format!("UPDATE {} SET ", plan.sql_table);
    for (at, (column, new)) in change.targets.iter().zip(&swap.new).enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(text, "{comma}{} = {}", quoted(plan.dialect, &column.name), constant(new)?);
    }
    text.push_str(" WHERE ");
    for (at, (column, cell)) in plan.key.iter().zip(swap.key.cells()).enumerate() {
        let and = if at > 0 { " AND " } else { "" };
        let _ = write!(text, "{and}{} = {}", quoted(plan.dialect, &column.name), constant(cell)?);
    }
    for (column, old) in change.places.iter().zip(&swap.old) {
        let old = match old {
            Cell::Text(text) => constant(&Cell::Bytes(text.clone()))?,
            old => constant(old)?,
        };
        let _ = write!(text, " AND {} <=> {old}", compared(plan.dialect, column));
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

/// As PostgreSQL reads it.
fn as_text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null | Cell::Other => None,
        Cell::Integer(integer) => Some(integer.to_string()),
        Cell::Unsigned(integer) => Some(integer.to_string()),
        Cell::Real(real) => Some(real.to_string()),
        Cell::Text(text) => String::from_utf8(text.clone()).ok(),
        Cell::Bytes(bytes) => Some(format!("\\x{}", hex::encode(bytes))),
    }
}
