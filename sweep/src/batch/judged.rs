//! A batch between reading and writing: what becomes of its values.

use super::judging::Judge;
use super::reading::Batch;
use super::swap::{Swap, Values};
use crate::error::SweepError;
use crate::events::Problem;
use crate::plan::{PlannedIndex, RowKey, TablePlan, Verdict, Verdicts};
use crate::sql::Cell;
use crate::waiting::Waiting;
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// A batch that was read, and what is to be written.
pub(crate) struct JudgedBatch {
    /// The new values, by the planned columns that change: rows in which the same columns change
    /// are swapped together.
    pub(crate) swaps: BTreeMap<Vec<PlannedIndex>, Vec<Swap>>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) done: u64,
    pub(crate) null: u64,
    pub(crate) plaintext: u64,
    pub(crate) lookalikes: u64,
    /// The key of its last row.
    pub(crate) last: RowKey,
    /// How many rows it has.
    pub(crate) rows: usize,
    /// Whether there may be more in the range.
    pub(crate) is_cut: bool,
}

impl JudgedBatch {
    /// Opens and seals a batch.
    pub(crate) fn of(batch: Batch, judge: Judge<'_>, waiting: Waiting<'_>) -> Result<Self, SweepError> {
        let verdicts = judge.verdicts(&batch.rows, waiting)?;
        let last = batch.rows.last().map_or_else(|| RowKey::new(Vec::new()), |last| judge.plan.key_of(last));
        let mut judged = Self {
            swaps: BTreeMap::new(),
            problems: Vec::new(),
            done: 0,
            null: 0,
            plaintext: 0,
            lookalikes: 0,
            last,
            rows: batch.rows.len(),
            is_cut: batch.is_cut,
        };
        for (row, verdicts) in batch.rows.into_iter().zip(verdicts) {
            judged.add(judge.plan, row, verdicts);
        }
        Ok(judged)
    }

    fn add(&mut self, plan: &TablePlan, row: Vec<Cell>, verdicts: Verdicts) {
        let (mut columns, mut new) = (SmallVec::<[PlannedIndex; 4]>::new(), Values::new());
        for ((at, planned), verdict) in plan.numbered().zip(verdicts) {
            match verdict {
                Verdict::Null => self.null += 1,
                Verdict::Done => self.done += 1,
                Verdict::Plaintext => self.plaintext += 1,
                Verdict::Write(cell) => {
                    self.lookalikes += u64::from(plan.leaves_a_lookalike(planned, &cell));
                    columns.push(at);
                    new.push(cell);
                }
                Verdict::Problem(kind) => {
                    self.problems.push(Problem::new(plan.table, &planned.column, plan.key_of(&row), kind));
                }
            }
        }
        if columns.is_empty() {
            return;
        }
        let swap = Swap::new(row, new);
        match self.swaps.get_mut(columns.as_slice()) {
            Some(swaps) => swaps.push(swap),
            None => drop(self.swaps.insert(columns.to_vec(), vec![swap])),
        }
    }

    /// Each row that changes, with the columns that do.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&[PlannedIndex], &Swap)> {
        self.swaps.iter().flat_map(|(columns, swaps)| swaps.iter().map(move |swap| (columns.as_slice(), swap)))
    }

    /// How many rows change.
    pub(crate) fn changed_rows(&self) -> u64 {
        self.swaps.values().map(|swaps| to_u64(swaps.len())).sum()
    }

    /// How many values change.
    pub(crate) fn changed_values(&self) -> u64 {
        self.swaps.iter().map(|(columns, swaps)| to_u64(columns.len() * swaps.len())).sum()
    }
}

pub(crate) fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
