//! rusqlite's statements, for any model.

use super::client::Failed;
use fieldseal::rusqlite::NamedParams;
use fieldseal::value::SealedValue;
use rusqlite::{Connection, Result, Row, params_from_iter};

fn failed(error: rusqlite::Error) -> Failed {
    Failed::of(&error)
}

/// The names of the columns, without the colons of the parameters.
fn columns(params: &NamedParams<'_>) -> Vec<&'static str> {
    params.bind().into_iter().map(|(name, _)| name.strip_prefix(':').unwrap()).collect()
}

pub fn insert(conn: &Connection, table: &str, params: NamedParams<'_>, tail: &str) -> Result<usize, Failed> {
    let columns = columns(&params);
    let marks = columns.iter().map(|name| format!(":{name}")).collect::<Vec<_>>().join(", ");
    let sql = format!("INSERT INTO {table} ({}) VALUES ({marks}) {tail}", columns.join(", "));
    conn.execute(&sql, params.bind().as_slice()).map_err(failed)
}

pub fn update(conn: &Connection, table: &str, params: NamedParams<'_>) -> Result<usize, Failed> {
    let set: Vec<_> = columns(&params).iter().map(|name| format!("{name} = :{name}")).collect();
    let sql = format!("UPDATE {table} SET {} WHERE id = :id", set.join(", "));
    conn.execute(&sql, params.bind().as_slice()).map_err(failed)
}

pub fn set_from_excluded(params: &NamedParams<'_>) -> String {
    columns(params).iter().map(|name| format!("{name} = excluded.{name}")).collect::<Vec<_>>().join(", ")
}

pub fn in_transaction(
    conn: &mut Connection,
    run: impl FnOnce(&Connection) -> Result<usize, Failed>,
) -> Result<usize, Failed> {
    let transaction = conn.transaction().map_err(failed)?;
    let done = run(&transaction)?;
    transaction.commit().map_err(failed)?;
    Ok(done)
}

pub fn load<M>(
    conn: &Connection,
    table: &str,
    id: Option<i64>,
    open: impl Fn(&Row<'_>) -> Result<M>,
) -> Result<Vec<M>, Failed> {
    let sql = format!("SELECT * FROM {table} WHERE ?1 IS NULL OR id = ?1 ORDER BY id");
    let mut select = conn.prepare(&sql).map_err(failed)?;
    let rows = select.query_map([id], |row| open(row)).map_err(failed)?;
    rows.collect::<Result<_>>().map_err(failed)
}

pub fn delete(conn: &Connection, table: &str, id: i64) -> Result<usize, Failed> {
    conn.execute(&format!("DELETE FROM {table} WHERE id = ?1"), [id]).map_err(failed)
}

pub fn find(conn: &Connection, table: &str, column: &str, candidates: &[SealedValue]) -> Result<Vec<i64>, Failed> {
    let marks = vec!["?"; candidates.len()].join(", ");
    let sql = format!("SELECT id FROM {table} WHERE {column} IN ({marks}) ORDER BY id");
    let mut select = conn.prepare(&sql).map_err(failed)?;
    let rows = select.query_map(params_from_iter(candidates), |row| row.get(0)).map_err(failed)?;
    rows.collect::<Result<_>>().map_err(failed)
}
