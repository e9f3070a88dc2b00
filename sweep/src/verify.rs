//! Opening values without changing any: all of a table, or a sample.

use super::brake::Pace;
use super::connection::{Connection, Waiting, sleep};
use super::judging;
use super::plan::Plan;
use super::progress::{Event, Problem, Progress, Report, TICK};
use super::run::SweepError;
use super::statements;
use super::verdict::Verdict;
use super::worker::BUDGET;
use fieldseal::Keyring;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A sample is read in blocks of so many rows.
const BLOCK: usize = 200;

/// All of a table is read in batches of so many.
const BATCH: usize = 2000;

/// Opens the values of about as many rows as the sample has, of so many in the table, in blocks that are spread over it.
pub(super) struct Verifying<'a> {
    pub(super) table: &'a str,
    pub(super) plan: &'a Plan,
    pub(super) keyring: &'a Keyring,
    pub(super) pace: &'a Pace,
    pub(super) stop: &'a AtomicBool,
    pub(super) sample: u64,
    pub(super) total: u64,
}

impl Verifying<'_> {
    pub(super) fn run(
        &self,
        connection: &mut Connection<'_>,
        observe: &mut (dyn FnMut(&Event) + Send),
    ) -> Result<Report, SweepError> {
        let Self { plan, keyring, sample, total, .. } = *self;
        let is_stopped = || self.stop.load(Ordering::Relaxed);
        let mut report = Report { passes: 1, left: Some(0), ..Report::default() };
        let (limit, threads) = (if sample < total { BLOCK } else { BATCH }, judging::threads(1));
        let block = u64::try_from(limit).unwrap_or(u64::MAX);
        // How many rows lie between the blocks.
        let gap = (total / sample.div_ceil(block).max(1)).saturating_sub(block);
        let (mut after, began, mut told) = (None, Instant::now(), Instant::now());
        loop {
            if is_stopped() {
                report.stopped = true;
                return Ok(report);
            }
            let batch_began = Instant::now();
            let tell = &mut |error| observe(&Event::Retrying(error));
            let batch = connection.retry(Waiting { is_stopped: &is_stopped, tell }, |client| {
                statements::read(client, plan, (after.as_ref(), None), self.pace.most(limit), BUDGET)
            })?;
            let Some(last) = batch.rows.last() else { return Ok(report) };
            after = Some(plan.key_of(last));
            let tell = &mut |error| observe(&Event::Retrying(error));
            let waiting = Waiting { is_stopped: &is_stopped, tell };
            let verdicts = judging::judge(plan, keyring, &batch.rows, threads, waiting)?;
            for (row, verdicts) in batch.rows.iter().zip(verdicts) {
                report.rows += 1;
                for (planned, verdict) in plan.columns.iter().zip(verdicts) {
                    match verdict {
                        Verdict::Null => report.null += 1,
                        Verdict::Done | Verdict::Write(_) => report.done += 1,
                        Verdict::Plaintext => report.plaintext += 1,
                        Verdict::Problem(kind) => {
                            report.failed += 1;
                            let (table, column) = (self.table.to_owned(), planned.column.sql_name().to_owned());
                            observe(&Event::Problem(Problem { table, column, key: plan.key_of(row), kind }));
                        }
                    }
                }
            }
            if !batch.is_cut {
                return Ok(report);
            }
            if told.elapsed() > TICK {
                told = Instant::now();
                let rate =
                    report.rows * 1000 / u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
                observe(&Event::Progress(Progress::new(report.rows, sample.min(total), 0, report.failed, rate)));
            }
            sleep(self.pace.pause(batch.rows.len(), batch_began.elapsed()), &is_stopped);
            if gap > 0 {
                let tell = &mut |error| observe(&Event::Retrying(error));
                let next = connection.retry(Waiting { is_stopped: &is_stopped, tell }, |client| {
                    statements::boundary(client, plan, (after.as_ref(), None), gap)
                })?;
                let Some(next) = next else { return Ok(report) };
                after = Some(next);
            }
        }
    }
}
