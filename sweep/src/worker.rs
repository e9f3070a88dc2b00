//! One worker of a sweep: claims ranges, reads batches, swaps values, writes down how far it is.

use super::brake::{Brake, Pace};
use super::connection::{self, Connection, Waiting};
use super::job::Job;
use super::key::RowKey;
use super::ledger::{Claim, Counts, Lease, Ledger};
use super::plan::Plan;
use super::progress::{Event, Problem, Report};
use super::run::SweepError;
use super::statements::{self, Batch};
use super::stored::{self, Broken};
use super::swap::{self, Change, Swap};
use super::verdict::ProblemKind;
use super::work::{Ahead, Judged, Work};
use crate::sql::{Client, Database, SqlError, SqlErrorKind};
use fieldseal::Keyring;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

/// How many bytes of values a batch has, more or less.
pub(super) const BUDGET: usize = 2 << 20;

/// How often a batch is looked at again in which somebody else was faster. What is left then waits for the next pass.
const ROUNDS: u32 = 8;

/// What the workers of a process share.
pub(super) struct Shared<'a> {
    pub(super) plan: &'a Plan,
    pub(super) table: &'a str,
    pub(super) keyring: &'a Keyring,
    pub(super) database: &'a dyn Database,
    pub(super) pace: &'a Pace,
    pub(super) batch: usize,
    /// Whether each batch is read back before it's committed.
    pub(super) reads_back: bool,
    /// How many threads a worker has for opening and sealing.
    pub(super) threads: usize,
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

/// What a batch came to.
struct Done {
    /// The last row that was looked at.
    cursor: RowKey,
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
            let (ledger, plan) = (self.ledger.clone(), self.shared.plan);
            match self.retry(|client| ledger.claim(client, plan))? {
                Claim::Range(lease) => self.range(&lease, &mut brake)?,
                Claim::Wait(time) => thread::sleep(time.min(Duration::from_millis(200))),
                Claim::Done => return Ok(self.report),
            }
        }
    }

    fn range(&mut self, lease: &Lease, brake: &mut Brake<'_>) -> Result<(), SweepError> {
        thread::scope(|helpers| self.batches(lease, brake, &mut Ahead::new(helpers)))
    }

    fn batches<'scope>(
        &mut self,
        lease: &Lease,
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
            let Some(done) = self.batch(lease, after.as_ref(), ahead)? else { break };
            self.rest(lease, self.shared.pace.pause(done.rows, begun.elapsed()))?;
            if !done.goes_on {
                break;
            }
            after = Some(done.cursor);
        }
        self.retry(|client| ledger.complete(client, lease))
    }

    /// One batch, again and again until nobody else was faster. `None` if there are no rows any more.
    fn batch<'scope>(
        &mut self,
        lease: &Lease,
        after: Option<&RowKey>,
        ahead: &mut Ahead<'scope, '_>,
    ) -> Result<Option<Done>, SweepError>
    where
        'a: 'scope,
    {
        let mut swapped = 0;
        for round in 1..=ROUNDS {
            let judged = match ahead.take(after) {
                Some(judged) => judged?,
                None => match self.read(lease, after)? {
                    Some(batch) => Some(self.shared.judged(batch, self.shared.threads, &self.events)?),
                    None => None,
                },
            };
            let Some(Judged { work, cursor, rows, is_cut }) = judged else { return Ok(None) };
            if round == 1 && is_cut && self.shared.threads > 1 && self.shared.pace.is_free() {
                let next = self.read(lease, Some(&cursor))?;
                ahead.judge(self.shared, &self.events, cursor.clone(), next);
            }
            let wanted = work.rows();
            let counts = |changed, refused: usize| Counts {
                seen: to_u64(rows),
                changed,
                failed: to_u64(work.problems.len() + refused),
            };
            let is_last = round == ROUNDS;
            let applied = match is_last {
                true => self.apply_each(&work)?,
                false => self.apply(&work, lease, (after, &cursor), counts(swapped + work.values(), 0))?,
            };
            let before = swapped;
            swapped += applied.values;
            if applied.rows < wanted && !is_last && applied.problems.is_empty() {
                continue;
            }
            let is_mine = match applied.is_mine {
                Some(is_mine) => is_mine,
                None => {
                    let (ledger, counts) = (self.ledger.clone(), counts(swapped, applied.problems.len()));
                    self.retry(|client| ledger.advance(client, lease, &cursor, counts))?
                }
            };
            self.settle(rows, work, applied.problems, (before, swapped));
            return Ok(Some(Done { cursor, rows, goes_on: is_cut && is_mine }));
        }
        Ok(None)
    }

    /// The next rows of a range; `None` if there are no more.
    fn read(&mut self, lease: &Lease, after: Option<&RowKey>) -> Result<Option<Batch>, SweepError> {
        let plan = self.shared.plan;
        let limit = self.shared.pace.most(self.limit);
        let range = (after, lease.until.as_ref());
        let batch = self.retry(|client| statements::read(client, plan, range, limit, BUDGET))?;
        if batch.rows.is_empty() {
            return Ok(None);
        }
        self.limit = (BUDGET / (batch.bytes / batch.rows.len()).max(1)).clamp(1, self.shared.batch);
        Ok(Some(batch))
    }

    fn settle(&mut self, rows: usize, work: Work, refused: Vec<Problem>, (before, swapped): (u64, u64)) {
        self.report.rows += to_u64(rows);
        // What was swapped in an earlier round of this batch was done when it was looked at again.
        self.report.done += work.done.saturating_sub(before);
        self.report.null += work.null;
        self.report.plaintext += work.plaintext;
        self.report.lookalikes += work.lookalikes;
        self.report.changed += swapped;
        for problem in work.problems.into_iter().chain(refused) {
            self.report.failed += 1;
            self.tell(Event::Problem(problem));
        }
    }

    /// Writes a batch and how far it is in one transaction; row by row if the database refuses it as a whole.
    fn apply(
        &mut self,
        work: &Work,
        lease: &Lease,
        (after, cursor): (Option<&RowKey>, &RowKey),
        counts: Counts,
    ) -> Result<Applied, SweepError> {
        let Shared { plan, reads_back, .. } = *self.shared;
        let (wanted, ledger) = (work.rows(), self.ledger.clone());
        let whole = self.retry(|client| {
            let done = client.transaction(|client| {
                let (mut rows, mut values) = (0, 0);
                for (columns, swaps) in &work.swaps {
                    let change = Change::of(plan, columns);
                    let swapped = swap::swap(client, plan, &change, swaps)?;
                    rows += swapped;
                    values += swapped * to_u64(columns.len());
                    if matches!(plan.job, Job::Decrypt { .. }) {
                        // Which rows were swapped is known one by one only.
                        if swapped < to_u64(swaps.len()) {
                            return Err(Broken::Altered);
                        }
                        stored::check_rows(client, plan, columns, &change, swaps)?;
                    }
                }
                if reads_back && !matches!(plan.job, Job::Decrypt { .. }) {
                    let range = (after, cursor, counts.seen.try_into().unwrap_or(usize::MAX));
                    if stored::kept(client, plan, range, work.each())? < rows {
                        return Err(Broken::Altered);
                    }
                }
                // Where somebody was faster the batch is looked at again before it counts as done.
                let is_done = rows == wanted;
                let is_mine = is_done.then(|| ledger.advance(client, lease, cursor, counts)).transpose()?;
                Ok(Applied { rows, values, problems: Vec::new(), is_mine })
            });
            match done {
                Ok(applied) => Ok(Some(applied)),
                Err(Broken::Altered | Broken::NotWritten) => Ok(None),
                Err(Broken::Sql(error)) if error.kind() == SqlErrorKind::Refused => Ok(None),
                Err(Broken::Sql(error)) => Err(error),
            }
        })?;
        match whole {
            Some(applied) => Ok(applied),
            None => self.apply_each(work),
        }
    }

    /// Writes each row in a transaction of its own.
    fn apply_each(&mut self, work: &Work) -> Result<Applied, SweepError> {
        let mut applied = Applied { rows: 0, values: 0, problems: Vec::new(), is_mine: None };
        for (columns, swap) in work.each() {
            match self.apply_one(columns, swap)? {
                Ok(swapped) => {
                    applied.rows += swapped;
                    applied.values += swapped * to_u64(columns.len());
                }
                Err(kind) if columns.len() == 1 => applied.problems.extend(self.problems(columns, swap, kind)),
                // What one column refuses doesn't keep the others from being written.
                Err(_) => {
                    for (column, swap) in columns.iter().zip(swap.apart()) {
                        match self.apply_one(&[*column], &swap)? {
                            Ok(swapped) => applied.values += swapped,
                            Err(kind) => applied.problems.extend(self.problems(&[*column], &swap, kind)),
                        }
                    }
                }
            }
        }
        Ok(applied)
    }

    /// Writes one row, and returns whether it was swapped, or why it wasn't.
    fn apply_one(&mut self, columns: &[usize], swap: &Swap) -> Result<Result<u64, ProblemKind>, SweepError> {
        let Shared { plan, reads_back, .. } = *self.shared;
        let change = Change::of(plan, columns);
        let is_decrypted = matches!(plan.job, Job::Decrypt { .. });
        self.retry(|client| {
            let done = client.transaction(|client| {
                let swapped = swap::swap_one(client, plan, &change, swap)?;
                if swapped == 0 && swap::is_there(client, plan, &change, swap)? {
                    return Err(Broken::NotWritten);
                }
                if swapped > 0 && (is_decrypted || reads_back) {
                    stored::check_rows(client, plan, columns, &change, std::slice::from_ref(swap))?;
                }
                Ok(swapped)
            });
            match done {
                Ok(swapped) => Ok(Ok(swapped)),
                Err(Broken::Altered) if is_decrypted => Ok(Err(ProblemKind::Altered)),
                Err(Broken::Altered) => Ok(Err(ProblemKind::Rewritten)),
                Err(Broken::NotWritten) => Ok(Err(ProblemKind::NotWritten)),
                Err(Broken::Sql(error)) if error.kind() == SqlErrorKind::Refused => {
                    Ok(Err(ProblemKind::Refused(error)))
                }
                Err(Broken::Sql(error)) => Err(error),
            }
        })
    }

    fn problems(&self, columns: &[usize], swap: &Swap, kind: ProblemKind) -> Vec<Problem> {
        let key = || RowKey::new(swap.key(self.shared.plan).to_vec());
        columns.iter().map(|column| self.shared.problem(*column, key(), kind.clone())).collect()
    }

    fn wait_for(&mut self, lease: &Lease, brake: &mut Brake<'_>) -> Result<(), SweepError> {
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

    /// A pause in which the lease stays this worker's.
    fn rest(&mut self, lease: &Lease, mut time: Duration) -> Result<(), SweepError> {
        let (ledger, step) = (self.ledger.clone(), self.ledger.lease() / 3);
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
        connection::sleep(time, &|| self.is_stopped());
    }

    fn is_stopped(&self) -> bool {
        self.shared.is_stopped()
    }

    fn tell(&self, event: Event) {
        tell(&self.events, event);
    }
}

impl Shared<'_> {
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.broken.load(Ordering::Relaxed)
    }
}

pub(super) fn tell(events: &SyncSender<Event>, event: Event) {
    // Nobody may be listening any more.
    let _ = events.send(event);
}

struct Applied {
    /// Rows that were swapped.
    rows: u64,
    /// Values in them.
    values: u64,
    problems: Vec<Problem>,
    /// Whether the lease still is this worker's; `None` if how far it is wasn't written down with the rows.
    is_mine: Option<bool>,
}

pub(super) fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
