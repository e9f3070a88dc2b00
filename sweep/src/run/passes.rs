//! Running a sweep to its end: passes over the table, until nothing is left that one more would
//! change.

use super::keyless::tell_of_rows_without_key;
use super::line::Line;
use super::pass::Pass;
use super::verify::Verifying;
use crate::batch::read_back;
use crate::connection::on_a_thread;
use crate::count::{Remaining, check_unknown_keys, count_remaining, tells_all};
use crate::error::SweepError;
use crate::events::{Event, Report};
use crate::ledger::{Begun, Ledger, create_tables};
use crate::plan::Job;
use crate::settings::Sweep;
use crate::sql::{Database, Engine, Table};
use fieldseal::{__sweep, Keyring};
use std::time::Instant;

/// How often the table is gone through when values are left that were written meanwhile.
const PASSES: u32 = 4;

impl Sweep {
    /// Runs the job to its end, or joins other processes that run it. It blocks, on threads of its
    /// own: from async code call it in `spawn_blocking`.
    ///
    /// # Errors
    ///
    /// [`SweepError`]. Run it again, and it goes on where it was.
    pub fn run(
        &self,
        keyring: &Keyring,
        database: &(dyn Database + '_),
        mut observe: impl FnMut(&Event) + Send,
    ) -> Result<Report, SweepError> {
        let begun = Instant::now();
        let mut report =
            on_a_thread(|| self.run_on(keyring, database, &mut Line::to(database, &self.stop, &mut observe)))?;
        report.elapsed = begun.elapsed();
        Ok(report)
    }

    fn run_on(
        &self,
        keyring: &Keyring,
        database: &dyn Database,
        line: &mut Line<'_>,
    ) -> Result<Report, SweepError> {
        // The first connection isn't tried again: what is wrong with the URL or the table is
        // reported at once.
        let (mut plan, table) = line.once(|client| self.planned(client))?;
        let mut report = Report::default();
        if self.job == Job::Verify {
            Verifying::of(self, keyring, &plan).run(line, &mut report)?;
            return Ok(report);
        }
        // A tenant without a key may have one whose record can't be read.
        plan.makes_keys &= !matches!(self.job, Job::Encrypt { .. }) || !__sweep::hides_scopes(keyring)?;
        let reads_back = line.once(|client| read_back::is_needed(client, plan.table))?;
        line.once(create_tables)?;
        let job = self.task().to_string();
        let ledger = Ledger::new(job.clone(), self.lease, self.range)?;
        tell_of_rows_without_key(&plan, &mut report, line)?;
        if self.job == (Job::Encrypt { from: None }) && !self.seal_lookalikes {
            line.retry(|client| check_unknown_keys(client, keyring, &plan, &table))?;
        }
        let pass = Pass { sweep: self, keyring, database, plan: &plan, ledger: &ledger, reads_back };
        Passes { pass, table: &table, job }.run(line, &mut report)?;
        Ok(report)
    }
}

/// One pass after another.
struct Passes<'a> {
    pass: Pass<'a>,
    table: &'a Table,
    /// Progress is reported now and then.
    job: String,
}

impl Passes<'_> {
    fn run(self, line: &mut Line<'_>, report: &mut Report) -> Result<(), SweepError> {
        let Pass { plan, ledger, .. } = self.pass;
        let mut before = None;
        while report.passes < PASSES {
            let Some(rows) = self.rows_to_begin_with(before, line)? else {
                report.left = Some(0);
                return Ok(());
            };
            let joined = line.retry(|client| ledger.begin(client, plan, rows))? == Begun::Joined;
            let total = line.retry(|client| ledger.totals(client))?.rows;
            line.tell(&Event::Started { job: self.job.clone(), total, joined });
            report.add_pass(&self.pass.run(line)?);
            if report.stopped {
                return Ok(());
            }
            let after = self.remaining(line)?;
            let all = line.retry(|client| ledger.totals(client))?.done;
            report.failed = report.failed.max(all.failed);
            let values = after.values.saturating_sub(report.lookalikes);
            // Where counting doesn't tell, the sweep ends after a whole pass of this process that
            // found nothing to change. The ledger's counts of other processes may be older.
            let is_known = tells_all(plan) || (!joined && all.changed == 0);
            report.left = is_known.then_some(values);
            // Values that failed are counted among what is left of a re-encryption, and mostly so
            // in other jobs.
            let only_failed = plan.job == Job::Reencrypt && values <= all.failed;
            if is_known && (values == 0 || only_failed || all.changed == 0) {
                break;
            }
            if values > 0 && report.passes < PASSES {
                line.tell(&Event::Again { left: values });
            }
            before = Some(after);
        }
        if plan.engine == Engine::Sqlite {
            // Replaced values are overwritten in the file. The write-ahead log beside it still has
            // them, and is emptied unless another connection reads from it.
            let _ = line.once(|client| client.batch("PRAGMA wal_checkpoint(TRUNCATE)"));
        }
        Ok(())
    }

    /// How many rows a pass that is begun now has; `None` if there surely is nothing to do. A sweep
    /// that runs already has the number in the ledger.
    fn rows_to_begin_with(
        &self,
        before: Option<Remaining>,
        line: &mut Line<'_>,
    ) -> Result<Option<u64>, SweepError> {
        if line.retry(|client| self.pass.ledger.is_running(client))? {
            return Ok(Some(0));
        }
        if let Some(Remaining { rows, .. }) = before {
            return Ok(Some(rows));
        }
        let remaining = self.remaining(line)?;
        Ok((!remaining.is_nothing(self.pass.plan)).then_some(remaining.rows))
    }

    fn remaining(&self, line: &mut Line<'_>) -> Result<Remaining, SweepError> {
        line.tell(&Event::Counting { job: self.job.clone() });
        let Pass { keyring, plan, .. } = self.pass;
        line.retry(|client| count_remaining(client, keyring, plan, self.table))
    }
}
