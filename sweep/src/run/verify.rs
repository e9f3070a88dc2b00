//! Opening values without changing any: all of a table, or a sample.

use super::keyless::tell_of_rows_without_key;
use super::line::Line;
use super::worker::BUDGET;
use crate::batch::{Batch, Judge, Most, reading, threads_for};
use crate::error::SweepError;
use crate::events::{Event, Problem, Progress, Report, TICK};
use crate::pace::Pace;
use crate::plan::{KeyRange, RowKey, TablePlan, Verdict, Verdicts};
use crate::settings::Sweep;
use crate::waiting::sleep;
use fieldseal::Keyring;
use std::time::Instant;

/// A sample is read in blocks of so many rows.
const BLOCK: usize = 200;

/// All of a table is read in batches of so many.
const BATCH: usize = 2000;

/// Opens the values of a table, or of about as many rows as the sample has, in blocks that are
/// spread over it.
pub(super) struct Verifying<'a> {
    judge: Judge<'a>,
    pace: Pace,
    sample: Option<u64>,
}

/// How a table of so many rows is gone through.
struct Steps {
    /// How many rows are looked at, about.
    rows: u64,
    /// How many at a time.
    limit: usize,
    /// How many rows lie between one block and the next.
    gap: u64,
}

impl Steps {
    fn of(sample: Option<u64>, total: u64) -> Self {
        let sample = sample.unwrap_or(total);
        let limit = if sample < total { BLOCK } else { BATCH };
        let block = u64::try_from(limit).unwrap_or(u64::MAX);
        let gap = (total / sample.div_ceil(block).max(1)).saturating_sub(block);
        Self { rows: sample.min(total), limit, gap }
    }
}

impl<'a> Verifying<'a> {
    pub(super) fn of(sweep: &Sweep, keyring: &'a Keyring, plan: &'a TablePlan) -> Self {
        let judge = Judge { plan, keyring, threads: threads_for(1) };
        Self { judge, pace: Pace::new(sweep.limits.clone()), sample: sweep.sample }
    }

    pub(super) fn run(&self, line: &mut Line<'_>, report: &mut Report) -> Result<(), SweepError> {
        let plan = self.judge.plan;
        (report.passes, report.left) = (1, Some(0));
        let total = line.once(|client| reading::count_rows(client, plan))?;
        self.look_through(&Steps::of(self.sample, total), line, report)?;
        tell_of_rows_without_key(plan, report, line)?;
        if self.sample.is_none() && !report.stopped {
            let still = line.retry(|client| reading::count_rows(client, plan))?;
            // In the order of a damaged index there may be less than there is.
            report.left = Some(total.min(still).saturating_sub(report.rows));
        }
        Ok(())
    }

    fn look_through(&self, steps: &Steps, line: &mut Line<'_>, report: &mut Report) -> Result<(), SweepError> {
        let (plan, began) = (self.judge.plan, Instant::now());
        let (mut after, mut told) = (None::<RowKey>, began);
        loop {
            if line.is_stopped() {
                report.stopped = true;
                return Ok(());
            }
            let batch_began = Instant::now();
            let most = Most { rows: self.pace.most(steps.limit), bytes: BUDGET };
            let batch = line.retry(|client| reading::read(client, plan, KeyRange::after(after.as_ref()), most))?;
            let Some(last) = batch.rows.last() else { return Ok(()) };
            after = Some(plan.key_of(last));
            let verdicts = line.waiting(|waiting| self.judge.verdicts(&batch.rows, waiting))?;
            self.add(&batch, verdicts, line, report);
            if !batch.is_cut {
                return Ok(());
            }
            if told.elapsed() > TICK {
                told = Instant::now();
                line.tell(&Event::Progress(progress(report, steps.rows, began)));
            }
            let pause = self.pace.pause(batch.rows.len(), batch_began.elapsed());
            line.waiting(|waiting| sleep(pause, waiting.is_stopped));
            if steps.gap > 0 {
                let range = KeyRange::after(after.as_ref());
                let next = line.retry(|client| reading::boundary(client, plan, range, steps.gap))?;
                let Some(next) = next else { return Ok(()) };
                after = Some(next);
            }
        }
    }

    fn add(&self, batch: &Batch, verdicts: Vec<Verdicts>, line: &mut Line<'_>, report: &mut Report) {
        let plan = self.judge.plan;
        for (row, verdicts) in batch.rows.iter().zip(verdicts) {
            report.rows += 1;
            for (planned, verdict) in plan.columns.iter().zip(verdicts) {
                match verdict {
                    Verdict::Null => report.null += 1,
                    Verdict::Done | Verdict::Write(_) => report.done += 1,
                    Verdict::Plaintext => report.plaintext += 1,
                    Verdict::Problem(kind) => {
                        report.failed += 1;
                        let problem = Problem::new(plan.table, &planned.column, plan.key_of(row), kind);
                        line.tell(&Event::Problem(problem));
                    }
                }
            }
        }
    }
}

fn progress(report: &Report, total: u64, began: Instant) -> Progress {
    let rate = report.rows * 1000 / u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    Progress { rows: report.rows, total, changed: 0, failed: report.failed, rate, left: None }.with_time_left()
}
