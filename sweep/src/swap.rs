//! Compare-and-swap: new values where the old ones still are, as each database does many of them at once.

use super::job::Job;
use super::plan::{Place, Plan};
use super::statements::{self, Statement, as_text};
use crate::sql::{Cell, Class, Client, Engine, Param, SqlError, TableColumn, identifier};
use sha2::{Digest as _, Sha256};
use smallvec::SmallVec;
use std::fmt::Write as _;

/// New values of one row, with the row as it was read.
#[derive(Debug)]
pub(super) struct Swap {
    row: Vec<Cell>,
    /// The new values, one for each of [`Change::targets`].
    pub(super) new: Values,
}

/// Few sealed columns change in a row; one, mostly.
pub(super) type Values = SmallVec<[Cell; 2]>;

impl Swap {
    pub(super) fn new(row: Vec<Cell>, new: Values) -> Self {
        Self { row, new }
    }

    /// The new values one by one.
    pub(super) fn apart(&self) -> impl Iterator<Item = Self> {
        self.new.iter().map(|new| Self::new(self.row.clone(), Values::from_iter([new.clone()])))
    }

    /// The row's primary key: what is read first.
    pub(super) fn key(&self, plan: &Plan) -> &[Cell] {
        self.row.get(..plan.key.len()).unwrap_or_default()
    }

    /// What must still be there.
    fn old(&self, place: Place) -> &Cell {
        Plan::cell(&self.row, place)
    }

    /// Whether that is compared by its SHA-256.
    fn is_digested(&self, plan: &Plan, place: Place) -> bool {
        plan.engine == Engine::Mysql && self.old(place).size() > MAX_COMPARED
    }

    /// As MySQL writes it.
    fn digest(&self, place: Place) -> String {
        hex::encode(Sha256::digest(self.old(place).as_bytes().unwrap_or_default()))
    }

    fn has_digests(&self, plan: &Plan, change: &Change<'_>) -> bool {
        change.places.iter().any(|(place, _)| self.is_digested(plan, *place))
    }
}

/// The columns that some rows of a batch get new values for, and those that must not have changed meanwhile.
pub(super) struct Change<'a> {
    places: Vec<(Place, &'a TableColumn)>,
    pub(super) targets: Vec<&'a TableColumn>,
}

impl<'a> Change<'a> {
    /// Of the planned columns with those numbers.
    pub(super) fn of(plan: &'a Plan, columns: &[usize]) -> Self {
        let planned = columns.iter().filter_map(|column| plan.columns.get(*column));
        let mut change = Change { places: Vec::new(), targets: Vec::new() };
        for column in planned {
            change.places.extend(column.places().filter_map(|at| Some((at, plan.selected.get(at.0)?))));
            change.targets.extend(plan.selected.get(column.target.0));
        }
        // A value is bound to its row id and scope: where a program changes those, the new value would be another row's. A key of
        // integers is compared already.
        for at in plan.bound_to() {
            let known = change.places.iter().any(|(place, _)| *place == at);
            let Some(column) = plan.selected.get(at.0).filter(|_| !known) else { continue };
            if at.0 >= plan.key.len() || column.class != Class::Integer {
                change.places.push((at, column));
            }
        }
        change
    }
}

/// Statements longer than this go alone, in bytes: servers take 16 MiB at least, unless they're set up otherwise.
const MAX_TEXT: usize = 1 << 20;

/// Old values longer than this are compared on MySQL by their SHA-256, in bytes: together with the new ones they could be longer than
/// what the server takes.
const MAX_COMPARED: usize = 1 << 16;

/// Replaces values where the old ones are still there, and returns how many rows that was. Inside a transaction.
pub(super) fn swap(
    client: &mut dyn Client,
    plan: &Plan,
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<u64, SqlError> {
    match plan.engine {
        Engine::Sqlite => swap_by_params(client, plan, change, swaps),
        Engine::Postgres => swap_by_lists(client, plan, change, swaps),
        // Plaintext doesn't belong into the text of statements, which servers log.
        Engine::Mysql if plan.job == Job::Reencrypt => swap_by_text(client, plan, change, swaps),
        Engine::Mysql => swap_by_params(client, plan, change, swaps),
    }
}

/// One prepared statement, for each row.
fn swap_by_params(
    client: &mut dyn Client,
    plan: &Plan,
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

/// One row, by parameters.
pub(super) fn swap_one(
    client: &mut dyn Client,
    plan: &Plan,
    change: &Change<'_>,
    swap: &Swap,
) -> Result<u64, SqlError> {
    if plan.engine == Engine::Postgres {
        return swap_by_lists(client, plan, change, std::slice::from_ref(swap));
    }
    client.execute(&text_of_one(plan, change, swap), &params_of_one(plan, change, swap))
}

/// Whether a row still has all that was read.
pub(super) fn is_there(
    client: &mut dyn Client,
    plan: &Plan,
    change: &Change<'_>,
    swap: &Swap,
) -> Result<bool, SqlError> {
    let columns: Vec<_> = change.places.iter().map(|(_, column)| *column).collect();
    let found = statements::cells(client, plan, &columns, swap.key(plan))?;
    Ok(found
        .is_some_and(|found| change.places.iter().zip(&found).all(|((place, _), cell)| swap.old(*place) == cell)))
}

/// The statement for one row on SQLite and MySQL: the same for all rows of a change but those with digests.
fn text_of_one(plan: &Plan, change: &Change<'_>, swap: &Swap) -> String {
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

/// In the order of [`text_of_one`].
fn params_of_one<'a>(plan: &Plan, change: &Change<'_>, swap: &'a Swap) -> Vec<Param<'a>> {
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

/// A column as it's compared, to the byte, with what was read.
fn compared(engine: Engine, column: &TableColumn) -> String {
    let name = identifier(engine, &column.name);
    match (engine, column.class) {
        // Whatever the column's collation; the types must be the same too.
        (Engine::Sqlite, _) => format!("{name} COLLATE BINARY"),
        (Engine::Mysql, Class::Text) => format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY)"),
        (Engine::Mysql, Class::Other) => format!("CAST({} AS BINARY)", column.read(engine)),
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
        let keys = swaps.iter().map(|swap| swap.key(plan).get(at).and_then(as_text)).collect();
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

fn list<'a>(statement: &mut Statement<'a>, column: &TableColumn, cells: impl Iterator<Item = Option<&'a Cell>>) {
    statement.push(", ");
    if column.class == Class::Bytes {
        let bytes = cells.map(|cell| cell.and_then(Cell::as_bytes)).collect();
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
