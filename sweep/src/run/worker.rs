//! One worker of a sweep: claims ranges, reads batches, swaps values, writes down its progress.

use super::brake::Brake;
use crate::batch::{Advance, Ahead, Batch, Judge, JudgedBatch, Most, Writer, Written, reading, to_u64};
use crate::connection::Connection;
use crate::error::SweepError;
use crate::events::{Event, Problem, Report};
use crate::ledger::{Claim, Counts, Ledger, RangeLease};
use crate::pace::Pace;
use crate::plan::{KeyRange, RowKey};
use crate::sql::{Client, Database, SqlError};
use crate::waiting::{self, Waiting};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

/// About how many bytes of values a batch has.
pub(super) const BUDGET: usize = 2 << 20;

/// How often a batch is read again in which another program was faster. Values that are left then
/// wait for the next pass.
const ROUNDS: u32 = 8;

/// What the workers of a process share.
pub(super) struct Shared<'a> {
    pub(super) judge: Judge<'a>,
    pub(super) writer: Writer<'a>,
    pub(super) database: &'a dyn Database,
    pub(super) pace: &'a Pace,
    /// The most rows of a batch.
    pub(super) batch: usize,
    pub(super) stop: &'a AtomicBool,
    /// Whether a worker has given up: the others stop then.
    pub(super) broken: AtomicBool,
}

pub(super) struct Worker<'a> {
    shared: &'a Shared<'a>,
    ledger: Ledger,
    connection: Connection<'a>,
    events: SyncSender<Event>,
    report: Report,
    /// How many rows the next batch has.
    limit: usize,
}

/// How a batch ended.
struct BatchEnd {
    /// The last row that was looked at.
    last: RowKey,
    rows: usize,
    /// Whether there may be more in the range, and the lease still is this worker's.
    goes_on: bool,
}

impl<'a> Worker<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, ledger: Ledger, events: SyncSender<Event>) -> Self {
        let connection = Connection::to(shared.database);
        Self { shared, ledger, connection, events, report: Report::default(), limit: shared.batch }
    }

    /// Works until there is nothing left.
    pub(super) fn run(self) -> Result<Report, SweepError> {
        let broken = &self.shared.broken;
        self.work_through().inspect_err(|_| broken.store(true, Ordering::Relaxed))
    }

    fn work_through(mut self) -> Result<Report, SweepError> {
        let mut brake = Brake::new(self.shared.pace);
        loop {
            if self.is_stopped() {
                self.report.stopped = true;
                return Ok(self.report);
            }
            let (ledger, plan) = (self.ledger.clone(), self.shared.judge.plan);
            match self.retry(|client| ledger.claim(client, plan))? {
                Claim::Range(lease) => self.range(&lease, &mut brake)?,
                Claim::Wait(time) => thread::sleep(time.min(Duration::from_millis(200))),
                Claim::Done => return Ok(self.report),
            }
        }
    }

    fn range(&mut self, lease: &RangeLease, brake: &mut Brake<'_>) -> Result<(), SweepError> {
        thread::scope(|helpers| self.batches(lease, brake, &mut Ahead::new(helpers)))
    }

    fn batches<'scope>(
        &mut self,
        lease: &RangeLease,
        brake: &mut Brake<'_>,
        ahead: &mut Ahead<'scope, '_>,
    ) -> Result<(), SweepError>
    where
        'a: 'scope,
    {
        let (ledger, mut after) = (self.ledger.clone(), lease.after.clone());
        loop {
            self.wait_for(lease, brake)?;
            if self.is_stopped() {
                return self.retry(|client| ledger.release(client, lease));
            }
            let begun = Instant::now();
            let Some(end) = self.batch(lease, after.as_ref(), ahead)? else { break };
            self.rest(lease, self.shared.pace.pause(end.rows, begun.elapsed()))?;
            if !end.goes_on {
                break;
            }
            after = Some(end.last);
        }
        self.retry(|client| ledger.complete(client, lease))
    }

    /// Does one batch, and again while another program was faster. `None` if there are no more
    /// rows.
    fn batch<'scope>(
        &mut self,
        lease: &RangeLease,
        after: Option<&RowKey>,
        ahead: &mut Ahead<'scope, '_>,
    ) -> Result<Option<BatchEnd>, SweepError>
    where
        'a: 'scope,
    {
        let mut swapped = 0;
        for round in 1..=ROUNDS {
            let judged = match ahead.take(after) {
                Some(judged) => judged?,
                None => match self.read(lease, after)? {
                    Some(batch) => Some(self.shared.judged(batch, self.shared.judge, &self.events)?),
                    None => None,
                },
            };
            let Some(batch) = judged else { return Ok(None) };
            if round == 1 && batch.is_cut && self.shared.judge.threads > 1 && self.shared.pace.is_free() {
                self.begin_next(lease, &batch, ahead)?;
            }
            let is_last = round == ROUNDS;
            let written = match is_last {
                true => self.write_each(&batch)?,
                false => self.write(lease, after, &batch, swapped)?,
            };
            let before = swapped;
            swapped += written.values;
            if written.rows < batch.changed_rows() && !is_last && written.problems.is_empty() {
                continue;
            }
            let advance = match written.advance {
                Advance::Pending => {
                    let (ledger, counts) = (self.ledger.clone(), counts(&batch, swapped, written.problems.len()));
                    self.retry(|client| advance(&ledger, client, lease, &batch.last, counts))?
                }
                known => known,
            };
            let end = BatchEnd {
                last: batch.last.clone(),
                rows: batch.rows,
                goes_on: batch.is_cut && advance == Advance::Mine,
            };
            self.settle(batch, written.problems, Swapped { before, now: swapped });
            return Ok(Some(end));
        }
        Ok(None)
    }

    /// Reads the batch after this one, and has it judged while this one is written.
    fn begin_next<'scope>(
        &mut self,
        lease: &RangeLease,
        batch: &JudgedBatch,
        ahead: &mut Ahead<'scope, '_>,
    ) -> Result<(), SweepError>
    where
        'a: 'scope,
    {
        let next = self.read(lease, Some(&batch.last))?;
        let (shared, events) = (self.shared, self.events.clone());
        // The writing takes one thread.
        let judge = Judge { threads: (shared.judge.threads - 1).max(1), ..shared.judge };
        ahead.start(batch.last.clone(), next.map(|next| move || shared.judged(next, judge, &events)));
        Ok(())
    }

    /// The next rows of a range; `None` if there are no more.
    fn read(&mut self, lease: &RangeLease, after: Option<&RowKey>) -> Result<Option<Batch>, SweepError> {
        let plan = self.shared.judge.plan;
        let most = Most { rows: self.shared.pace.most(self.limit), bytes: BUDGET };
        let range = KeyRange { after, until: lease.until.as_ref() };
        let batch = self.retry(|client| reading::read(client, plan, range, most))?;
        if batch.rows.is_empty() {
            return Ok(None);
        }
        self.limit = (BUDGET / (batch.bytes / batch.rows.len()).max(1)).clamp(1, self.shared.batch);
        Ok(Some(batch))
    }

    fn settle(&mut self, batch: JudgedBatch, refused: Vec<Problem>, swapped: Swapped) {
        self.report.rows += to_u64(batch.rows);
        // Values that were swapped in an earlier round of this batch counted as done when it was
        // read again.
        self.report.done += batch.done.saturating_sub(swapped.before);
        self.report.null += batch.null;
        self.report.plaintext += batch.plaintext;
        self.report.lookalikes += batch.lookalikes;
        self.report.changed += swapped.now;
        for problem in batch.problems.into_iter().chain(refused) {
            self.report.failed += 1;
            self.tell(Event::Problem(problem));
        }
    }

    /// Writes a batch and the progress in one transaction, or row by row if the database refuses it
    /// as a whole. `swapped` values of it were written in earlier rounds.
    fn write(
        &mut self,
        lease: &RangeLease,
        after: Option<&RowKey>,
        batch: &JudgedBatch,
        swapped: u64,
    ) -> Result<Written, SweepError> {
        let (writer, ledger) = (self.shared.writer, self.ledger.clone());
        let counts = counts(batch, swapped + batch.changed_values(), 0);
        let whole = self.retry(|client| {
            writer.write(client, batch, after, &mut |client| advance(&ledger, client, lease, &batch.last, counts))
        })?;
        match whole {
            Some(written) => Ok(written),
            None => self.write_each(batch),
        }
    }

    /// Writes each row in a transaction of its own.
    fn write_each(&mut self, batch: &JudgedBatch) -> Result<Written, SweepError> {
        let writer = self.shared.writer;
        writer.write_each(batch, |columns, swap| self.retry(|client| writer.write_row(client, columns, swap)))
    }

    fn wait_for(&mut self, lease: &RangeLease, brake: &mut Brake<'_>) -> Result<(), SweepError> {
        let ledger = self.ledger.clone();
        while let Some(reason) = self.retry(|client| brake.reason(client, &ledger))? {
            if self.is_stopped() {
                break;
            }
            self.tell(Event::Paused(reason));
            self.rest(lease, Duration::from_secs(1))?;
        }
        Ok(())
    }

    /// Pauses, and extends the lease meanwhile.
    fn rest(&mut self, lease: &RangeLease, mut time: Duration) -> Result<(), SweepError> {
        let (ledger, step) = (self.ledger.clone(), self.ledger.extend_every());
        while time > step && !self.is_stopped() {
            self.sleep(step);
            time -= step;
            self.retry(|client| ledger.extend(client, lease))?;
        }
        self.sleep(time);
        Ok(())
    }

    fn retry<T>(&mut self, work: impl FnMut(&mut dyn Client) -> Result<T, SqlError>) -> Result<T, SweepError> {
        let (shared, events) = (self.shared, &self.events);
        let waiting = Waiting {
            is_stopped: &|| shared.is_stopped(),
            tell: &mut |error| tell(events, Event::Retrying(error)),
        };
        self.connection.retry(waiting, work)
    }

    fn sleep(&self, time: Duration) {
        waiting::sleep(time, &|| self.is_stopped());
    }

    fn is_stopped(&self) -> bool {
        self.shared.is_stopped()
    }

    fn tell(&self, event: Event) {
        tell(&self.events, event);
    }
}

impl Shared<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.broken.load(Ordering::Relaxed)
    }

    /// Opens and seals a batch.
    fn judged(
        &self,
        batch: Batch,
        judge: Judge<'_>,
        events: &SyncSender<Event>,
    ) -> Result<JudgedBatch, SweepError> {
        let waiting =
            Waiting { is_stopped: &|| self.is_stopped(), tell: &mut |error| tell(events, Event::Retrying(error)) };
        JudgedBatch::of(batch, judge, waiting)
    }
}

fn tell(events: &SyncSender<Event>, event: Event) {
    // The receiver may be gone already.
    let _ = events.send(event);
}

/// How many values of a batch were swapped in the rounds before, and with the last one.
struct Swapped {
    before: u64,
    now: u64,
}

fn counts(batch: &JudgedBatch, changed: u64, refused: usize) -> Counts {
    Counts { seen: to_u64(batch.rows), changed, failed: to_u64(batch.problems.len() + refused) }
}

fn advance(
    ledger: &Ledger,
    client: &mut dyn Client,
    lease: &RangeLease,
    last: &RowKey,
    counts: Counts,
) -> Result<Advance, SqlError> {
    let is_mine = ledger.advance(client, lease, last, counts)?;
    Ok(if is_mine { Advance::Mine } else { Advance::Lost })
}
