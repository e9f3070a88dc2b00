//! Leases on ranges of keys, in `fieldseal_leases`. A lease ends by the database's clock.

use super::statements::{damaged, execute, in_dialect, key, now};
use super::sweeps::{Counts, Ledger};
use crate::batch::reading;
use crate::plan::{KeyRange, RowKey, TablePlan};
use crate::sql::{Cell, Client, Param, SqlError};
use fieldseal::dialect::Fault;
use std::time::Duration;

/// What a worker is given to do.
#[derive(Debug)]
pub(crate) enum Claim {
    Range(RangeLease),
    /// All ranges belong to other workers: one may become free after this time.
    Wait(Duration),
    /// The sweep is over.
    Done,
}

/// The number of a range, in the order in which they were handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RangeNumber(i64);

/// A range of keys that is this worker's for a while.
#[derive(Debug)]
pub(crate) struct RangeLease {
    number: RangeNumber,
    /// The last key of the range that is done.
    pub(crate) after: Option<RowKey>,
    pub(crate) until: Option<RowKey>,
}

impl Ledger {
    /// Gives this worker a range: one whose lease has ended, or the next one that no worker had.
    pub(crate) fn claim(&self, client: &mut dyn Client, plan: &TablePlan) -> Result<Claim, SqlError> {
        client.transaction(|client| {
            let row = self.locked(client, "state, frontier, until_key, handed, exhausted")?;
            let [state, frontier, until, handed, exhausted] = row.as_slice() else {
                return Err(SqlError::new(Fault::Missing, "the sweep's row in fieldseal_sweeps is gone"));
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
            let number = RangeNumber(handed.integer().unwrap_or(0).saturating_add(1));
            let range = KeyRange { after: frontier.as_ref(), until: until.as_ref() };
            let end = reading::boundary(client, plan, range, self.range)?;
            let is_last = end.is_none() || end == until;
            let lease = RangeLease { number, after: frontier, until: end.or(until) };
            self.hand_out(client, &lease, is_last)?;
            Ok(Claim::Range(lease))
        })
    }

    /// Writes down a new range, and where the next one begins; the last one ends with the sweep.
    fn hand_out(&self, client: &mut dyn Client, lease: &RangeLease, is_last: bool) -> Result<(), SqlError> {
        let (after, until) = (lease.after.as_ref().map(RowKey::to_json), lease.until.as_ref().map(RowKey::to_json));
        let number: Param<'_> = lease.number.0.into();
        let insert = format!(
            "INSERT INTO fieldseal_leases (sweep, number, after_key, until_key, owner, expires, seen, changed, failed) \
             VALUES (?, ?, ?, ?, ?, {} + {}, 0, 0, 0)",
            now(client.engine()),
            self.lease.as_millis()
        );
        let name: Param<'_> = self.name.as_str().into();
        let (after, until): (Param<'_>, Param<'_>) = (after.as_deref().into(), until.as_deref().into());
        execute(
            client,
            &insert,
            &[name.clone(), number.clone(), after, until.clone(), self.owner.as_str().into()],
        )?;
        let update = "UPDATE fieldseal_sweeps SET frontier = ?, handed = ?, exhausted = ? WHERE name = ?";
        execute(client, update, &[until, number, i64::from(is_last).into(), name]).map(drop)
    }

    fn take_over(&self, client: &mut dyn Client, plan: &TablePlan) -> Result<Option<RangeLease>, SqlError> {
        let now = now(client.engine());
        let select = format!(
            "SELECT number, after_key, until_key FROM fieldseal_leases WHERE sweep = ? AND (expires < {now} OR expires > {now} + {}) \
             ORDER BY number LIMIT 1",
            // No lease is that long: another program wrote it.
            self.lease.as_millis().saturating_mul(10)
        );
        let Some(row) = client.row(&in_dialect(client.engine(), &select), &[self.name.as_str().into()])? else {
            return Ok(None);
        };
        let [number, after, until] = row.as_slice() else { return Ok(None) };
        let number = RangeNumber(number.integer().ok_or_else(damaged)?);
        let lease = RangeLease { number, after: key(after, plan)?, until: key(until, plan)? };
        let update = format!(
            "UPDATE fieldseal_leases SET owner = ?, expires = {now} + {} WHERE sweep = ? AND number = ?",
            self.lease.as_millis()
        );
        execute(client, &update, &[self.owner.as_str().into(), self.name.as_str().into(), lease.number.0.into()])?;
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

    /// How often a lease has to be extended.
    pub(crate) fn extend_every(&self) -> Duration {
        self.lease / 3
    }

    /// Keeps a lease.
    pub(crate) fn extend(&self, client: &mut dyn Client, lease: &RangeLease) -> Result<(), SqlError> {
        let sql = format!(
            "UPDATE fieldseal_leases SET expires = {} + {} WHERE sweep = ? AND number = ? AND owner = ?",
            now(client.engine()),
            self.lease.as_millis()
        );
        let params = [self.name.as_str().into(), lease.number.0.into(), self.owner.as_str().into()];
        execute(client, &sql, &params).map(drop)
    }

    /// Writes down how far a range is, and extends its lease. False if it belongs to another worker
    /// by now.
    pub(crate) fn advance(
        &self,
        client: &mut dyn Client,
        lease: &RangeLease,
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
            lease.number.0.into(),
            self.owner.as_str().into(),
        ];
        Ok(execute(client, &sql, &params)? == 1)
    }

    /// Ends a lease whose range is done.
    pub(crate) fn complete(&self, client: &mut dyn Client, lease: &RangeLease) -> Result<(), SqlError> {
        client.transaction(|client| {
            self.locked(client, "state")?;
            let mine: [Param<'_>; 3] = [self.name.as_str().into(), lease.number.0.into(), self.owner.as_str().into()];
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
    pub(crate) fn release(&self, client: &mut dyn Client, lease: &RangeLease) -> Result<(), SqlError> {
        let sql = "UPDATE fieldseal_leases SET expires = 0 WHERE sweep = ? AND number = ? AND owner = ?";
        let params = [self.name.as_str().into(), lease.number.0.into(), self.owner.as_str().into()];
        execute(client, sql, &params).map(drop)
    }
}
