//! A batch written: all of it in one transaction, or row by row where the database refuses it as a
//! whole.

use super::judged::{JudgedBatch, to_u64};
use super::read_back::{self, Undo};
use super::swap::{self, Change, Swap};
use crate::error::SweepError;
use crate::events::Problem;
use crate::plan::{Job, KeyRange, PlannedColumn, PlannedIndex, ProblemKind, RowKey, TablePlan};
use crate::sql::{Client, SqlError};

/// Writes batches.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) plan: &'a TablePlan,
    /// Whether each batch is read back before it's committed.
    pub(crate) reads_back: bool,
}

/// How much of a batch was written.
pub(crate) struct Written {
    /// Rows that were swapped.
    pub(crate) rows: u64,
    /// Values in them.
    pub(crate) values: u64,
    /// What was refused.
    pub(crate) problems: Vec<Problem>,
    pub(crate) advance: Advance,
}

/// What became of one row.
pub(crate) enum RowWritten {
    /// How many rows were swapped: none if another program was faster.
    Swapped(u64),
    /// It was left as it was.
    Refused(ProblemKind),
}

/// Whether the worker's progress was written down, and whether the range is still its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    /// It wasn't written down yet.
    Pending,
    /// It was, and the range is the worker's.
    Mine,
    /// The range belongs to another worker by now.
    Lost,
}

impl Writer<'_> {
    /// Writes a batch that follows `after`, and the progress by `advance`, in one transaction.
    /// `None` if the database refused something in it.
    pub(crate) fn write(
        self,
        client: &mut dyn Client,
        batch: &JudgedBatch,
        after: Option<&RowKey>,
        advance: &mut dyn FnMut(&mut dyn Client) -> Result<Advance, SqlError>,
    ) -> Result<Option<Written>, SqlError> {
        let done = client.transaction(|client| {
            let (mut rows, mut values) = (0, 0);
            for (columns, swaps) in &batch.swaps {
                let swapped = self.swap(client, columns, swaps)?;
                rows += swapped;
                values += swapped * to_u64(columns.len());
            }
            if self.reads_back && !self.decrypts() {
                let range = KeyRange { after, until: Some(&batch.last) };
                if read_back::count_kept(client, self.plan, range, batch.rows, batch.each())? < rows {
                    return Err(Undo::Altered);
                }
            }
            // If another program was faster somewhere, the batch is looked at again before it
            // counts as done.
            let advance = if rows == batch.changed_rows() { advance(client)? } else { Advance::Pending };
            Ok(Written { rows, values, problems: Vec::new(), advance })
        });
        match done {
            Ok(written) => Ok(Some(written)),
            Err(Undo::Altered | Undo::NotWritten) => Ok(None),
            Err(Undo::Sql(error)) if error.is_refusal() => Ok(None),
            Err(Undo::Sql(error)) => Err(error),
        }
    }

    fn swap(self, client: &mut dyn Client, columns: &[PlannedIndex], swaps: &[Swap]) -> Result<u64, Undo> {
        let change = Change::of(self.plan, columns);
        let swapped = swap::swap_all(client, self.plan, &change, swaps)?;
        if self.decrypts() {
            // Only rows that are written one by one tell which of them were swapped.
            if swapped < to_u64(swaps.len()) {
                return Err(Undo::Altered);
            }
            read_back::check_rows(client, self.plan, columns, &change, swaps)?;
        }
        Ok(swapped)
    }

    /// Writes each row by itself, by `write_row`: that is [`Self::write_row`], tried again where
    /// that may help.
    pub(crate) fn write_each<W>(self, batch: &JudgedBatch, mut write_row: W) -> Result<Written, SweepError>
    where
        W: FnMut(&[PlannedIndex], &Swap) -> Result<RowWritten, SweepError>,
    {
        let mut written = Written { rows: 0, values: 0, problems: Vec::new(), advance: Advance::Pending };
        for (columns, swap) in batch.each() {
            match write_row(columns, swap)? {
                RowWritten::Swapped(swapped) => {
                    written.rows += swapped;
                    written.values += swapped * to_u64(columns.len());
                }
                RowWritten::Refused(kind) if columns.len() == 1 => {
                    written.problems.extend(self.problems(columns, swap, &kind))
                }
                // If one column refuses its value, the others are written all the same.
                RowWritten::Refused(_) => {
                    for (column, swap) in columns.iter().zip(swap.apart()) {
                        match write_row(&[*column], &swap)? {
                            RowWritten::Swapped(swapped) => written.values += swapped,
                            RowWritten::Refused(kind) => {
                                written.problems.extend(self.problems(&[*column], &swap, &kind))
                            }
                        }
                    }
                }
            }
        }
        Ok(written)
    }

    /// Writes one row in a transaction of its own.
    pub(crate) fn write_row(
        self,
        client: &mut dyn Client,
        columns: &[PlannedIndex],
        swap: &Swap,
    ) -> Result<RowWritten, SqlError> {
        let (plan, change) = (self.plan, Change::of(self.plan, columns));
        let done = client.transaction(|client| {
            let swapped = swap::swap_one(client, plan, &change, swap)?;
            if swapped == 0 && swap::is_there(client, plan, &change, swap)? {
                return Err(Undo::NotWritten);
            }
            if swapped > 0 && (self.decrypts() || self.reads_back) {
                read_back::check_rows(client, plan, columns, &change, std::slice::from_ref(swap))?;
            }
            Ok(swapped)
        });
        match done {
            Ok(swapped) => Ok(RowWritten::Swapped(swapped)),
            Err(Undo::Altered) if self.decrypts() => Ok(RowWritten::Refused(ProblemKind::Altered)),
            Err(Undo::Altered) => Ok(RowWritten::Refused(ProblemKind::Rewritten)),
            Err(Undo::NotWritten) => Ok(RowWritten::Refused(ProblemKind::NotWritten)),
            Err(Undo::Sql(error)) if error.is_refusal() => Ok(RowWritten::Refused(ProblemKind::Refused(error))),
            Err(Undo::Sql(error)) => Err(error),
        }
    }

    const fn decrypts(self) -> bool {
        matches!(self.plan.job, Job::Decrypt { .. })
    }

    fn problems(self, columns: &[PlannedIndex], swap: &Swap, kind: &ProblemKind) -> Vec<Problem> {
        let key = || RowKey::new(swap.key(self.plan).to_vec());
        let of = |planned: &PlannedColumn| Problem::new(self.plan.table, &planned.column, key(), kind.clone());
        self.plan.planned(columns).map(of).collect()
    }
}
