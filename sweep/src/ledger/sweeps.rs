//! A sweep's row in `fieldseal_sweeps`: begun, joined, counted.

use super::statements::{execute, in_dialect, now};
use crate::batch::reading;
use crate::plan::TablePlan;
use crate::sql::{Cell, Client, Engine, SqlError};
use fieldseal::dialect::Fault;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// One sweep's rows in the tables.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    /// The SHA-256 of the job's text: all who run the same job share the sweep.
    pub(super) name: String,
    job: String,
    /// Which worker this is, drawn at random.
    pub(super) owner: String,
    /// How long a range stays a worker's after it was last heard of.
    pub(super) lease: Duration,
    /// How many rows a range has.
    pub(super) range: u64,
}

/// Whether a sweep was begun or joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    Anew,
    Joined,
}

/// How many rows were seen, and how many values were changed or failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) seen: u64,
    pub(crate) changed: u64,
    pub(crate) failed: u64,
}

/// How much all workers have done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) done: Counts,
    /// How many rows the table had at the beginning.
    pub(crate) rows: u64,
}

/// A time of the database's clock, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DatabaseTime(i64);

impl DatabaseTime {
    /// How much later this time is than the other.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Ledger {
    pub(crate) fn new(job: String, lease: Duration, range: u64) -> Result<Self, SqlError> {
        let name = hex::encode(Sha256::digest(job.as_bytes()));
        let mut owner = [0; 16];
        getrandom::fill(&mut owner)
            .map_err(|_| SqlError::new(Fault::Other, "the operating system's random generator failed"))?;
        Ok(Self { name, job, owner: hex::encode(owner), lease, range })
    }

    /// The same sweep for another worker.
    pub(crate) fn for_worker(&self) -> Result<Self, SqlError> {
        Self::new(self.job.clone(), self.lease, self.range)
    }

    /// Whether the sweep was begun and not ended.
    pub(crate) fn is_running(&self, client: &mut dyn Client) -> Result<bool, SqlError> {
        let sql = in_dialect(client.engine(), "SELECT state FROM fieldseal_sweeps WHERE name = ?");
        let row = client.row(&sql, &[self.name.as_str().into()])?;
        Ok(row.is_some_and(|row| row.first().and_then(Cell::as_str) == Some("running")))
    }

    /// Begins the sweep, unless it's running already: then it's joined.
    pub(crate) fn begin(&self, client: &mut dyn Client, plan: &TablePlan, total: u64) -> Result<Begun, SqlError> {
        client.transaction(|client| {
            let insert = match client.engine() {
                Engine::Mysql => {
                    "INSERT IGNORE INTO fieldseal_sweeps (name, job, state, handed, exhausted, total, seen, changed, failed, \
                     touched, started) VALUES (?, ?, 'new', 0, 0, 0, 0, 0, 0, 0, 0)"
                }
                _ => {
                    "INSERT INTO fieldseal_sweeps (name, job, state, handed, exhausted, total, seen, changed, failed, \
                     touched, started) VALUES (?, ?, 'new', 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT (name) DO NOTHING"
                }
            };
            execute(client, insert, &[self.name.as_str().into(), self.job.as_str().into()])?;
            if self.locked(client, "state")?.first().and_then(Cell::as_str) == Some("running") {
                return Ok(Begun::Joined);
            }
            let last = reading::last(client, plan)?.map(|key| key.to_json());
            let exhausted = i64::from(last.is_none());
            let sql = format!(
                "UPDATE fieldseal_sweeps SET state = 'running', frontier = NULL, until_key = ?, handed = 0, exhausted = ?, \
                 total = ?, seen = 0, changed = 0, failed = 0, touched = {now}, started = {now}, ended = NULL WHERE name = ?",
                now = now(client.engine())
            );
            let total = i64::try_from(total).unwrap_or(i64::MAX);
            execute(client, &sql, &[last.as_deref().into(), exhausted.into(), total.into(), self.name.as_str().into()])?;
            execute(client, "DELETE FROM fieldseal_leases WHERE sweep = ?", &[self.name.as_str().into()])?;
            Ok(Begun::Anew)
        })
    }

    /// What all workers have done together.
    pub(crate) fn totals(&self, client: &mut dyn Client) -> Result<Totals, SqlError> {
        let sweep = "SELECT seen, changed, failed, total FROM fieldseal_sweeps WHERE name = ?";
        let leases = "SELECT CAST(sum(seen) AS SIGNED), CAST(sum(changed) AS SIGNED), CAST(sum(failed) AS SIGNED) \
                      FROM fieldseal_leases WHERE sweep = ?";
        let leases = match client.engine() {
            Engine::Mysql => leases.to_owned(),
            _ => leases.replace("SIGNED", "BIGINT"),
        };
        let name = [self.name.as_str().into()];
        let sweep = client.row(&in_dialect(client.engine(), sweep), &name)?.unwrap_or_default();
        let leases = client.row(&in_dialect(client.engine(), &leases), &name)?.unwrap_or_default();
        let at = |row: &[Cell], at: usize| row.get(at).map_or(0, Cell::count);
        let sum = |column| at(&sweep, column) + at(&leases, column);
        let done = Counts { seen: sum(0), changed: sum(1), failed: sum(2) };
        Ok(Totals { done, rows: at(&sweep, 3) })
    }

    /// Leaves the present time in the sweep's row: what replicas are compared with.
    pub(crate) fn touch(&self, client: &mut dyn Client) -> Result<(), SqlError> {
        let sql = format!("UPDATE fieldseal_sweeps SET touched = {} WHERE name = ?", now(client.engine()));
        execute(client, &sql, &[self.name.as_str().into()]).map(drop)
    }

    /// The time that was left in the sweep's row, as this connection sees it; `None` if it doesn't
    /// see the row, or the row has no time yet.
    pub(crate) fn touched(&self, client: &mut dyn Client) -> Result<Option<DatabaseTime>, SqlError> {
        let sql = in_dialect(client.engine(), "SELECT touched FROM fieldseal_sweeps WHERE name = ?");
        let touched = client.integer(&sql, &[self.name.as_str().into()])?;
        Ok(touched.filter(|touched| *touched != 0).map(DatabaseTime))
    }

    /// Columns of the sweep's row, which is locked until the transaction ends.
    pub(super) fn locked(&self, client: &mut dyn Client, columns: &str) -> Result<Vec<Cell>, SqlError> {
        // On SQLite the transaction holds the write lock from its beginning.
        let lock = if client.engine() == Engine::Sqlite { "" } else { " FOR UPDATE" };
        let sql = format!("SELECT {columns} FROM fieldseal_sweeps WHERE name = ?{lock}");
        Ok(client.row(&in_dialect(client.engine(), &sql), &[self.name.as_str().into()])?.unwrap_or_default())
    }
}
