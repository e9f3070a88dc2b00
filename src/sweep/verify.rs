//! Opening values without changing any: all of a table, or a sample.

use super::judging;
use super::plan::Plan;
use super::progress::{Event, Problem, Progress, Report};
use super::run::SweepError;
use super::statements;
use super::verdict::Verdict;
use crate::keyring::Keyring;
use crate::sql::Client;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A sample is read in blocks of so many rows.
const BLOCK: usize = 200;

/// All of a table is read in batches of so many.
const BATCH: usize = 2000;

/// Opens the values of about as many rows as the sample has, of so many in the table, in blocks that are spread over it.
pub(super) fn run(
    table: &str,
    plan: &Plan,
    keyring: &Keyring,
    client: &mut dyn Client,
    stop: &AtomicBool,
    (sample, total): (u64, u64),
    observe: &mut dyn FnMut(&Event),
) -> Result<Report, SweepError> {
    let mut report = Report { passes: 1, left: Some(0), ..Report::default() };
    let (limit, threads) = (if sample < total { BLOCK } else { BATCH }, judging::threads(1));
    let block = u64::try_from(limit).unwrap_or(u64::MAX);
    // How many rows lie between the blocks.
    let gap = (total / sample.div_ceil(block).max(1)).saturating_sub(block);
    let (mut after, begun, mut told) = (None, Instant::now(), Instant::now());
    loop {
        if stop.load(Ordering::Relaxed) {
            report.stopped = true;
            return Ok(report);
        }
        let batch = statements::read(client, plan, (after.as_ref(), None), limit, 2 << 20)?;
        let Some(last) = batch.rows.last() else { return Ok(report) };
        after = Some(plan.key_of(last));
        let verdicts = judging::judge(plan, keyring, &batch.rows, threads)
            .map_err(|error| SweepError::Keys(error.error().clone()))?;
        for (row, verdicts) in batch.rows.iter().zip(verdicts) {
            report.rows += 1;
            for (planned, verdict) in plan.columns.iter().zip(verdicts) {
                match verdict {
                    Verdict::Null => report.null += 1,
                    Verdict::Done | Verdict::Write(_) => report.done += 1,
                    Verdict::Plaintext => report.plaintext += 1,
                    Verdict::Problem(kind) => {
                        report.failed += 1;
                        let column = planned.column.sql_name().to_owned();
                        observe(&Event::Problem(Problem {
                            table: table.to_owned(),
                            column,
                            key: plan.key_of(row),
                            kind,
                        }));
                    }
                }
            }
        }
        if !batch.is_cut {
            return Ok(report);
        }
        if told.elapsed() > Duration::from_millis(500) {
            told = Instant::now();
            let rate = report.rows * 1000 / u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
            observe(&Event::Progress(Progress::new(report.rows, sample.min(total), 0, report.failed, rate)));
        }
        if gap > 0 {
            let Some(next) = statements::boundary(client, plan, (after.as_ref(), None), gap)? else {
                return Ok(report);
            };
            after = Some(next);
        }
    }
}
