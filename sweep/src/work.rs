//! A batch between reading and writing: what becomes of its values, and the next one meanwhile.

use super::connection::Waiting;
use super::judging;
use super::key::RowKey;
use super::progress::{Event, Problem};
use super::run::SweepError;
use super::statements::Batch;
use super::swap::{Swap, Values};
use super::verdict::{ProblemKind, Verdict, Verdicts};
use super::worker::{Shared, tell, to_u64};
use crate::sql::Cell;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::mpsc::SyncSender;
use std::thread::{self, Scope, ScopedJoinHandle};

/// A batch as it's to be written.
#[derive(Default)]
pub(super) struct Work {
    /// By the planned columns that change: rows in which the same ones do are swapped together.
    pub(super) swaps: BTreeMap<Vec<usize>, Vec<Swap>>,
    pub(super) problems: Vec<Problem>,
    pub(super) done: u64,
    pub(super) null: u64,
    pub(super) plaintext: u64,
    pub(super) lookalikes: u64,
}

/// A batch that was read, and what is to be written.
pub(super) struct Judged {
    pub(super) work: Work,
    /// Its last row.
    pub(super) cursor: RowKey,
    pub(super) rows: usize,
    /// Whether there may be more in the range.
    pub(super) is_cut: bool,
}

impl Work {
    /// Each row, with the columns that change.
    pub(super) fn each(&self) -> impl Iterator<Item = (&Vec<usize>, &Swap)> {
        self.swaps.iter().flat_map(|(columns, swaps)| swaps.iter().map(move |swap| (columns, swap)))
    }

    pub(super) fn rows(&self) -> u64 {
        self.swaps.values().map(|swaps| to_u64(swaps.len())).sum()
    }

    pub(super) fn values(&self) -> u64 {
        self.swaps.iter().map(|(columns, swaps)| to_u64(columns.len() * swaps.len())).sum()
    }
}

impl Shared<'_> {
    /// Opens and seals a batch.
    pub(super) fn judged(
        &self,
        batch: Batch,
        threads: usize,
        events: &SyncSender<Event>,
    ) -> Result<Judged, SweepError> {
        let waiting =
            Waiting { is_stopped: &|| self.is_stopped(), tell: &mut |error| tell(events, Event::Retrying(error)) };
        let verdicts = judging::judge(self.plan, self.keyring, &batch.rows, threads, waiting)?;
        let cursor = batch.rows.last().map_or_else(|| RowKey::new(Vec::new()), |last| self.plan.key_of(last));
        let rows = batch.rows.len();
        Ok(Judged { work: self.work(batch.rows, verdicts), cursor, rows, is_cut: batch.is_cut })
    }

    fn work(&self, rows: Vec<Vec<Cell>>, verdicts: Vec<Verdicts>) -> Work {
        let mut work = Work::default();
        for (row, verdicts) in rows.into_iter().zip(verdicts) {
            let (mut columns, mut new) = (SmallVec::<[usize; 4]>::new(), Values::new());
            for (at, verdict) in verdicts.into_iter().enumerate() {
                match verdict {
                    Verdict::Null => work.null += 1,
                    Verdict::Done => work.done += 1,
                    Verdict::Plaintext => work.plaintext += 1,
                    Verdict::Write(cell) => {
                        work.lookalikes += u64::from(self.plan.leaves_a_lookalike(at, &cell));
                        columns.push(at);
                        new.push(cell);
                    }
                    Verdict::Problem(kind) => work.problems.push(self.problem(at, self.plan.key_of(&row), kind)),
                }
            }
            if columns.is_empty() {
                continue;
            }
            let swap = Swap::new(row, new);
            match work.swaps.get_mut(columns.as_slice()) {
                Some(swaps) => swaps.push(swap),
                None => drop(work.swaps.insert(columns.to_vec(), vec![swap])),
            }
        }
        work
    }

    pub(super) fn problem(&self, planned: usize, key: RowKey, kind: ProblemKind) -> Problem {
        let column = self.plan.columns.get(planned).map_or("", |planned| planned.column.sql_name());
        Problem { table: self.table.to_owned(), column: column.to_owned(), key, kind }
    }
}

/// The next batch: opened and sealed on a thread of its own while the one before it is written. What somebody changes meanwhile
/// isn't where it was read when it's to be swapped, and is read again.
pub(super) struct Ahead<'scope, 'env> {
    helpers: &'scope Scope<'scope, 'env>,
    next: Option<Next<'scope>>,
}

/// What comes after a row; nothing if there are no more.
type Next<'scope> = (RowKey, Option<ScopedJoinHandle<'scope, Result<Judged, SweepError>>>);

impl<'scope, 'env> Ahead<'scope, 'env> {
    pub(super) const fn new(helpers: &'scope Scope<'scope, 'env>) -> Self {
        Self { helpers, next: None }
    }

    /// Begins with what was read after a row.
    pub(super) fn judge(
        &mut self,
        shared: &'scope Shared<'scope>,
        events: &SyncSender<Event>,
        after: RowKey,
        batch: Option<Batch>,
    ) {
        let Some(batch) = batch else {
            self.next = Some((after, None));
            return;
        };
        let (threads, events) = ((shared.threads - 1).max(1), events.clone());
        let judged = move || shared.judged(batch, threads, &events);
        // Where the system has no thread to give, it's read again when it's its turn.
        let started = thread::Builder::new().spawn_scoped(self.helpers, judged);
        self.next = started.ok().map(|started| (after, Some(started)));
    }

    /// What comes after that row, if that is what was begun with.
    pub(super) fn take(&mut self, after: Option<&RowKey>) -> Option<Result<Option<Judged>, SweepError>> {
        let (_, started) = self.next.take_if(|(next, _)| after == Some(next))?;
        Some(match started {
            Some(started) => started.join().unwrap_or_else(|panic| resume_unwind(panic)).map(Some),
            None => Ok(None),
        })
    }
}
