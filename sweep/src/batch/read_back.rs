//! Values read back after they were written: triggers, rules and types can change them on the way
//! in.

use super::reading::{self, Most};
use super::swap::{Change, Swap};
use crate::plan::{Job, KeyRange, PlannedIndex, RowKey, TablePlan};
use crate::sql::{Cell, Client, Engine, SqlError, identifier, quoted};
use fieldseal::Dialect;
use fieldseal::dialect::Fault;
use std::collections::HashMap;

/// Why a transaction is rolled back.
pub(crate) enum Undo {
    /// The database stores something else than it was given.
    Altered,
    /// The database left the old value there, without an error.
    NotWritten,
    Sql(SqlError),
}

impl From<SqlError> for Undo {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

/// How many rows more than a batch's own are read back: others may insert a few into its range
/// meanwhile.
const INSERTED: usize = 10_000;

/// Whether something on the table may change what is written to it, so that each batch is read back
/// before it's committed.
///
/// # Errors
///
/// [`SqlError`]; on MySQL also if the table's engine has no transactions, so that a batch couldn't
/// be taken back.
pub(crate) fn is_needed(client: &mut dyn Client, table: &str) -> Result<bool, SqlError> {
    let (schema, name) = table.rsplit_once('.').map_or((None, table), |(schema, name)| (Some(schema), name));
    match client.engine() {
        Engine::Sqlite => {
            let schema =
                schema.map(|schema| format!("{}.", identifier(Engine::Sqlite, schema))).unwrap_or_default();
            let sql = format!(
                "SELECT count(*) FROM {schema}sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE \
                 AND name NOT LIKE 'fieldseal\\_guard\\_%' ESCAPE '\\'"
            );
            Ok(client.integer(&sql, &[name.into()])? != Some(0))
        }
        Engine::Postgres => {
            let sql = "SELECT (SELECT count(*) FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal \
                       AND t.tgname NOT LIKE 'fieldseal\\_guard\\_%' AND (t.tgrelid = to_regclass($1) \
                       OR t.tgrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(to_regclass($1)) p))) \
                       + (SELECT count(*) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = to_regclass($1) AND r.rulename <> '_RETURN')";
            Ok(client.integer(sql, &[quoted(Dialect::Postgres, table).as_str().into()])? != Some(0))
        }
        Engine::Mysql => {
            let sql = "SELECT e.transactions FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine \
                       WHERE t.table_schema = coalesce(?, DATABASE()) AND t.table_name = ?";
            let row = client.row(sql, &[schema.into(), name.into()])?.unwrap_or_default();
            if row.first().and_then(Cell::as_str) == Some("NO") {
                let what = format!(
                    "the engine of the table {table} has no transactions, so that nothing that goes wrong could be taken \
                     back"
                );
                return Err(SqlError::new(Fault::Other, what).with_hint("ALTER TABLE … ENGINE = InnoDB"));
            }
            // It takes a right of its own to see a table's triggers.
            Ok(true)
        }
    }
}

/// Reads the range of a batch back before it's committed, `rows` of which are the batch's: how many
/// have the new values.
pub(crate) fn count_kept<'s>(
    client: &mut dyn Client,
    plan: &TablePlan,
    range: KeyRange<'_>,
    rows: usize,
    swaps: impl Iterator<Item = (&'s [PlannedIndex], &'s Swap)>,
) -> Result<u64, SqlError> {
    let found = reading::read(client, plan, range, Most { rows: rows + INSERTED, bytes: usize::MAX })?.rows;
    let found: HashMap<String, Vec<Cell>> =
        found.into_iter().map(|row| (plan.key_of(&row).to_json(), row)).collect();
    let is_kept = |(columns, swap): &(&[PlannedIndex], &Swap)| {
        let row = found.get(&RowKey::new(swap.key(plan).to_vec()).to_json());
        let mut new = plan.planned(columns).zip(&swap.new);
        row.is_some_and(|row| new.all(|(planned, new)| is_same(new, TablePlan::cell(row, planned.target))))
    };
    Ok(u64::try_from(swaps.filter(is_kept).count()).unwrap_or(u64::MAX))
}

/// Reads back, one by one, rows that were all written.
pub(crate) fn check_rows(
    client: &mut dyn Client,
    plan: &TablePlan,
    columns: &[PlannedIndex],
    change: &Change<'_>,
    swaps: &[Swap],
) -> Result<(), Undo> {
    for swap in swaps {
        let found = reading::cells(client, plan, &change.targets, swap.key(plan))?;
        let Some(found) = found else { continue };
        let is_kept = plan.planned(columns).zip(swap.new.iter().zip(&found)).all(|(planned, (given, found))| {
            match plan.job {
                // A value that the column's type would change stays sealed.
                Job::Decrypt { .. } => plan.is_kept(planned, given, found),
                _ => is_same(given, found),
            }
        });
        if !is_kept {
            return Err(Undo::Altered);
        }
    }
    Ok(())
}

/// Whether both are the same sealed value, or both NULL.
fn is_same(given: &Cell, found: &Cell) -> bool {
    match (given.as_bytes(), found.as_bytes()) {
        (Some(given), Some(found)) => given == found,
        _ => given == found,
    }
}
