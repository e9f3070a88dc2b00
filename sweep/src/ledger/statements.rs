//! What the statements on the ledger's tables have in common.

use crate::plan::{RowKey, TablePlan};
use crate::sql::{Cell, Client, Engine, Param, SqlError};
use fieldseal::dialect::Fault;

/// The database's clock, in milliseconds since 1970.
pub(super) const fn now(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        Engine::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        Engine::Mysql => "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
    }
}

/// Parameters as that database writes them. The statements here have no `?` elsewhere.
pub(super) fn in_dialect(engine: Engine, sql: &str) -> String {
    if engine != Engine::Postgres {
        return sql.to_owned();
    }
    let mut parts = sql.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |text, (at, part)| format!("{text}${}{part}", at + 1))
}

pub(super) fn execute(client: &mut dyn Client, sql: &str, params: &[Param<'_>]) -> Result<u64, SqlError> {
    client.execute(&in_dialect(client.engine(), sql), params)
}

/// A key from the ledger's tables; NULL stands for none.
pub(super) fn key(cell: &Cell, plan: &TablePlan) -> Result<Option<RowKey>, SqlError> {
    let Some(text) = cell.as_str() else { return Ok(None) };
    let key = RowKey::from_json(text).filter(|key| key.cells().len() == plan.key.len());
    key.map(Some).ok_or_else(damaged)
}

pub(super) fn damaged() -> SqlError {
    SqlError::new(Fault::Other, "the tables of the sweeps are damaged")
        .with_hint("delete the sweep's rows in fieldseal_sweeps and fieldseal_leases, and run it again")
}
