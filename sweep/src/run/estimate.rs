//! What a sweep would have to do, without doing any of it.

use crate::batch::{Most, reading};
use crate::connection::on_a_thread;
use crate::count::{Remaining, count_remaining, new_tenants};
use crate::error::SweepError;
use crate::plan::{Job, KeyRange, TablePlan};
use crate::settings::Sweep;
use crate::sql::{Client, Database, SqlError};
use fieldseal::Keyring;
use std::time::{Duration, Instant};

/// What a sweep would have to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Estimate {
    /// Rows in the table.
    pub rows: u64,
    /// Values that would be replaced, as far as the database can tell without a key.
    pub values: u64,
    /// KMS calls: one for each key that is met, in each process, and two for each tenant that gets
    /// its first key.
    pub kms_calls: u64,
    /// How long one worker would take: by the time that reading and sealing some rows took, and
    /// four times that for writing.
    pub time: Duration,
}

impl Sweep {
    /// What there is to do. Nothing is written.
    ///
    /// # Errors
    ///
    /// As for [`Self::run`].
    pub fn estimate(&self, keyring: &Keyring, database: &(dyn Database + '_)) -> Result<Estimate, SweepError> {
        on_a_thread(|| {
            let client = &mut *database.connect()?;
            let (mut plan, table) = self.planned(client)?;
            plan.makes_keys = false;
            let remaining = count_remaining(client, keyring, &plan, &table)?;
            let sample = Sample::measure(client, keyring, &plan, self.batch_on(plan.engine))?;
            // A new key is wrapped, and unwrapped to be used.
            let new =
                if matches!(self.job, Job::Encrypt { .. }) { new_tenants(client, keyring, &plan)? } else { 0 };
            let Remaining { rows, most, keys, .. } = remaining;
            Ok(Estimate { rows, values: most, kms_calls: keys + 2 * new, time: sample.time_for(&plan, &remaining) })
        })
    }
}

/// How long some rows took to be read, opened and sealed.
struct Sample {
    /// At least one row is read.
    rows: u64,
    micros: u64,
}

impl Sample {
    fn measure(
        client: &mut dyn Client,
        keyring: &Keyring,
        plan: &TablePlan,
        rows: usize,
    ) -> Result<Self, SqlError> {
        // Its keys are loaded before the time counts.
        let range = KeyRange::default();
        for row in &reading::read(client, plan, range, Most { rows: 1, bytes: 1 })?.rows {
            plan.verdicts(keyring, row);
        }
        let begun = Instant::now();
        let sample = reading::read(client, plan, range, Most { rows, bytes: 4 << 20 })?;
        for row in &sample.rows {
            plan.verdicts(keyring, row);
        }
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(Self { rows: u64::try_from(sample.rows.len()).unwrap_or(1).max(1), micros })
    }

    /// Writing takes four times as long.
    fn time_for(&self, plan: &TablePlan, remaining: &Remaining) -> Duration {
        let reads = remaining.rows.saturating_mul(self.micros) / self.rows;
        let columns = u64::try_from(plan.columns.len()).unwrap_or(1).max(1);
        let writes = if plan.job.writes() {
            remaining.most.saturating_mul(self.micros * 4) / self.rows / columns
        } else {
            0
        };
        Duration::from_micros(reads.saturating_add(writes))
    }
}
