//! Who does what in a sweep: leases on ranges of keys, in two tables beside the data, so that any number of processes share a
//! sweep and finish it when some of them die.
//!
//! `fieldseal_sweeps` has a row for each sweep, with the key up to which ranges were handed out; `fieldseal_leases` one for
//! each range that somebody is at, with how far they are. A lease ends by the database's clock. Whoever is late may go on
//! writing: values are swapped only where the old ones still are, so that two workers in one range do nothing twice.

use super::key::RowKey;
use super::plan::Plan;
use super::statements;
use crate::sql::{Cell, Client, Engine, Param, SqlError, SqlErrorKind};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// One sweep's rows in the tables.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    name: String,
    job: String,
    owner: String,
    lease: Duration,
    range: u64,
}

/// Whether a sweep was begun or joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    Anew,
    Joined,
}

/// What there is to do for a worker.
#[derive(Debug)]
pub(super) enum Claim {
    Range(Lease),
    /// All ranges are somebody else's: one may become free after this time.
    Wait(Duration),
    /// The sweep is over.
    Done,
}

/// A range of keys that nobody else is at, for a while.
#[derive(Debug)]
pub(super) struct Lease {
    number: i64,
    /// How far it's done.
    pub(super) after: Option<RowKey>,
    pub(super) until: Option<RowKey>,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) seen: u64,
    pub(super) changed: u64,
    pub(super) failed: u64,
}

impl Ledger {
    pub(super) fn new(job: String, lease: Duration, range: u64) -> Result<Self, SqlError> {
        let name = hex::encode(Sha256::digest(job.as_bytes()));
        let mut owner = [0; 16];
        getrandom::fill(&mut owner)
            .map_err(|_| SqlError::new(SqlErrorKind::Other, "the operating system's random generator failed"))?;
        Ok(Self { name, job, owner: hex::encode(owner), lease, range })
    }

    /// The same sweep for another worker.
    pub(super) fn for_worker(&self) -> Result<Self, SqlError> {
        Self::new(self.job.clone(), self.lease, self.range)
    }

    /// Whether somebody has begun it, and nobody has ended it.
    pub(super) fn is_running(&self, client: &mut dyn Client) -> Result<bool, SqlError> {
        let sql = in_dialect(client.engine(), "SELECT state FROM fieldseal_sweeps WHERE name = ?");
        let row = client.row(&sql, &[self.name.as_str().into()])?;
        Ok(row.is_some_and(|row| row.first().and_then(Cell::as_str) == Some("running")))
    }

    /// Begins the sweep, unless it's running already: then it's joined.
    pub(super) fn begin(&self, client: &mut dyn Client, plan: &Plan, total: u64) -> Result<Begun, SqlError> {
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
            let last = statements::last(client, plan)?.map(|key| key.to_json());
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

    /// Gives this worker a range: one whose owner is late, or the next that nobody had.
    pub(super) fn claim(&self, client: &mut dyn Client, plan: &Plan) -> Result<Claim, SqlError> {
        client.transaction(|client| {
            let row = self.locked(client, "state, frontier, until_key, handed, exhausted")?;
            let [state, frontier, until, handed, exhausted] = row.as_slice() else {
                return Err(SqlError::new(SqlErrorKind::Missing, "the sweep's row in fieldseal_sweeps is gone"));
            };
            if state.as_str() != Some("running") {
                return Ok(Claim::Done);
            }
            if let Some(lease) = self.take_over(client, plan)? {
                return Ok(Claim::Range(lease));
            }
            if exhausted.integer() != Some(0) {
                return self.wait_or_end(client);
            }
            let (frontier, until) = (key(frontier, plan)?, key(until, plan)?);
            let number = handed.integer().unwrap_or(0).saturating_add(1);
            let end = statements::boundary(client, plan, (frontier.as_ref(), until.as_ref()), self.range)?;
            self.hand_out(client, number, frontier, end, until).map(Claim::Range)
        })
    }

    /// `end` is where the range ends; `None` for the last one, which ends with the sweep.
    fn hand_out(
        &self,
        client: &mut dyn Client,
        number: i64,
        after: Option<RowKey>,
        end: Option<RowKey>,
        until: Option<RowKey>,
    ) -> Result<Lease, SqlError> {
        let is_last = end.is_none() || end == until;
        let lease = Lease { number, after, until: end.or(until) };
        let (after, until) = (lease.after.as_ref().map(RowKey::to_json), lease.until.as_ref().map(RowKey::to_json));
        let insert = format!(
            "INSERT INTO fieldseal_leases (sweep, number, after_key, until_key, owner, expires, seen, changed, failed) \
             VALUES (?, ?, ?, ?, ?, {} + {}, 0, 0, 0)",
            now(client.engine()),
            self.lease.as_millis()
        );
        let name: Param<'_> = self.name.as_str().into();
        let (after, until): (Param<'_>, Param<'_>) = (after.as_deref().into(), until.as_deref().into());
        execute(client, &insert, &[name.clone(), number.into(), after, until.clone(), self.owner.as_str().into()])?;
        let update = "UPDATE fieldseal_sweeps SET frontier = ?, handed = ?, exhausted = ? WHERE name = ?";
        execute(client, update, &[until, number.into(), i64::from(is_last).into(), name])?;
        Ok(lease)
    }

    fn take_over(&self, client: &mut dyn Client, plan: &Plan) -> Result<Option<Lease>, SqlError> {
        let now = now(client.engine());
        let select = format!(
            "SELECT number, after_key, until_key FROM fieldseal_leases WHERE sweep = ? AND (expires < {now} OR expires > {now} + {}) \
             ORDER BY number LIMIT 1",
            // Nobody's lease is that long: somebody else wrote it.
            self.lease.as_millis().saturating_mul(10)
        );
        let Some(row) = client.row(&in_dialect(client.engine(), &select), &[self.name.as_str().into()])? else {
            return Ok(None);
        };
        let [number, after, until] = row.as_slice() else { return Ok(None) };
        let number = number.integer().ok_or_else(damaged)?;
        let lease = Lease { number, after: key(after, plan)?, until: key(until, plan)? };
        let update = format!(
            "UPDATE fieldseal_leases SET owner = ?, expires = {now} + {} WHERE sweep = ? AND number = ?",
            self.lease.as_millis()
        );
        execute(client, &update, &[self.owner.as_str().into(), self.name.as_str().into(), lease.number.into()])?;
        Ok(Some(lease))
    }

    fn wait_or_end(&self, client: &mut dyn Client) -> Result<Claim, SqlError> {
        let now = now(client.engine());
        let select = format!("SELECT min(expires) - {now} FROM fieldseal_leases WHERE sweep = ?");
        let soonest = client.row(&in_dialect(client.engine(), &select), &[self.name.as_str().into()])?;
        if let Some(left) = soonest.and_then(|row| row.first().and_then(Cell::integer)) {
            let left = u64::try_from(left).unwrap_or(0);
            return Ok(Claim::Wait(Duration::from_millis(left.clamp(10, 1000))));
        }
        let end = format!("UPDATE fieldseal_sweeps SET state = 'done', ended = {now} WHERE name = ?");
        execute(client, &end, &[self.name.as_str().into()])?;
        Ok(Claim::Done)
    }

    pub(super) const fn lease(&self) -> Duration {
        self.lease
    }

    /// Keeps a lease.
    pub(super) fn extend(&self, client: &mut dyn Client, lease: &Lease) -> Result<(), SqlError> {
        let sql = format!(
            "UPDATE fieldseal_leases SET expires = {} + {} WHERE sweep = ? AND number = ? AND owner = ?",
            now(client.engine()),
            self.lease.as_millis()
        );
        let params = [self.name.as_str().into(), lease.number.into(), self.owner.as_str().into()];
        execute(client, &sql, &params).map(drop)
    }

    /// Writes down how far a lease is, and extends it. False if it's somebody else's by now.
    pub(super) fn advance(
        &self,
        client: &mut dyn Client,
        lease: &Lease,
        after: &RowKey,
        counts: Counts,
    ) -> Result<bool, SqlError> {
        let sql = format!(
            "UPDATE fieldseal_leases SET after_key = ?, expires = {} + {}, seen = seen + ?, changed = changed + ?, \
             failed = failed + ? WHERE sweep = ? AND number = ? AND owner = ?",
            now(client.engine()),
            self.lease.as_millis()
        );
        let after = after.to_json();
        let count = |count: u64| Param::from(i64::try_from(count).unwrap_or(i64::MAX));
        let params = [
            after.as_str().into(),
            count(counts.seen),
            count(counts.changed),
            count(counts.failed),
            self.name.as_str().into(),
            lease.number.into(),
            self.owner.as_str().into(),
        ];
        Ok(execute(client, &sql, &params)? == 1)
    }

    /// Ends a lease whose range is done.
    pub(super) fn complete(&self, client: &mut dyn Client, lease: &Lease) -> Result<(), SqlError> {
        client.transaction(|client| {
            self.locked(client, "state")?;
            let mine: [Param<'_>; 3] = [self.name.as_str().into(), lease.number.into(), self.owner.as_str().into()];
            let select = "SELECT seen, changed, failed FROM fieldseal_leases WHERE sweep = ? AND number = ? AND owner = ?";
            let Some(row) = client.row(&in_dialect(client.engine(), select), &mine)? else { return Ok(()) };
            let [seen, changed, failed] = row.as_slice() else { return Ok(()) };
            let count = |cell: &Cell| Param::from(cell.integer().unwrap_or(0));
            let add = "UPDATE fieldseal_sweeps SET seen = seen + ?, changed = changed + ?, failed = failed + ? WHERE name = ?";
            execute(client, add, &[count(seen), count(changed), count(failed), self.name.as_str().into()])?;
            let delete = "DELETE FROM fieldseal_leases WHERE sweep = ? AND number = ? AND owner = ?";
            execute(client, delete, &mine).map(drop)
        })
    }

    /// Gives a lease back before its range is done.
    pub(super) fn release(&self, client: &mut dyn Client, lease: &Lease) -> Result<(), SqlError> {
        let sql = "UPDATE fieldseal_leases SET expires = 0 WHERE sweep = ? AND number = ? AND owner = ?";
        let params = [self.name.as_str().into(), lease.number.into(), self.owner.as_str().into()];
        execute(client, sql, &params).map(drop)
    }

    /// What all workers have done together, and how many rows there were at the beginning.
    pub(super) fn counts(&self, client: &mut dyn Client) -> Result<(Counts, u64), SqlError> {
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
        let at = |row: &[Cell], at: usize| {
            row.get(at).and_then(Cell::integer).and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
        };
        let sum = |column| at(&sweep, column) + at(&leases, column);
        Ok((Counts { seen: sum(0), changed: sum(1), failed: sum(2) }, at(&sweep, 3)))
    }

    /// Leaves the present time in the sweep's row, and returns it, in milliseconds: what replicas are compared with.
    pub(super) fn touch(&self, client: &mut dyn Client) -> Result<i64, SqlError> {
        let sql = format!("UPDATE fieldseal_sweeps SET touched = {} WHERE name = ?", now(client.engine()));
        execute(client, &sql, &[self.name.as_str().into()])?;
        self.touched(client)
    }

    /// The time that was left in the sweep's row, as this connection sees it; 0 if it doesn't see the row.
    pub(super) fn touched(&self, client: &mut dyn Client) -> Result<i64, SqlError> {
        let sql = in_dialect(client.engine(), "SELECT touched FROM fieldseal_sweeps WHERE name = ?");
        Ok(client.integer(&sql, &[self.name.as_str().into()])?.unwrap_or(0))
    }

    /// Columns of the sweep's row, which nobody else changes before the transaction ends.
    fn locked(&self, client: &mut dyn Client, columns: &str) -> Result<Vec<Cell>, SqlError> {
        // SQLite's transactions began with the write lock.
        let lock = if client.engine() == Engine::Sqlite { "" } else { " FOR UPDATE" };
        let sql = format!("SELECT {columns} FROM fieldseal_sweeps WHERE name = ?{lock}");
        Ok(client.row(&in_dialect(client.engine(), &sql), &[self.name.as_str().into()])?.unwrap_or_default())
    }
}

/// The database's clock, in milliseconds since 1970.
pub(super) const fn now(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        Engine::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        Engine::Mysql => "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
    }
}

/// Parameters as that database writes them. The statements here have no `?` elsewhere.
fn in_dialect(engine: Engine, sql: &str) -> String {
    if engine != Engine::Postgres {
        return sql.to_owned();
    }
    let mut parts = sql.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |text, (at, part)| format!("{text}${}{part}", at + 1))
}

fn execute(client: &mut dyn Client, sql: &str, params: &[Param<'_>]) -> Result<u64, SqlError> {
    client.execute(&in_dialect(client.engine(), sql), params)
}

/// A key that was kept; NULL is none.
fn key(cell: &Cell, plan: &Plan) -> Result<Option<RowKey>, SqlError> {
    let Some(text) = cell.as_str() else { return Ok(None) };
    let key = RowKey::from_json(text).filter(|key| key.cells().len() == plan.key.len());
    key.map(Some).ok_or_else(damaged)
}

fn damaged() -> SqlError {
    let what = "the tables of the sweeps are damaged: delete the sweep's rows in fieldseal_sweeps and fieldseal_leases, and run it again";
    SqlError::new(SqlErrorKind::Other, what)
}
