//! What a sweep reports while it runs, and at its end.

use crate::plan::{ProblemKind, RowKey};
use fieldseal::Column;
use std::fmt;
use std::time::Duration;

/// How often progress is reported.
pub(crate) const TICK: Duration = Duration::from_millis(500);

/// What happens in a sweep.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The sweep begins, goes on where it was, or joins other processes that run it.
    #[non_exhaustive]
    Started {
        /// The job and its columns: `reencrypt patients (name)`.
        job: String,
        /// How many rows the table has.
        total: u64,
        /// Whether the sweep had been begun before.
        joined: bool,
    },
    /// The database counts what there is to do, or what is left.
    #[non_exhaustive]
    Counting {
        /// The job.
        job: String,
    },
    /// How far the sweep is; about twice a second.
    Progress(Progress),
    /// A value was left as it was.
    Problem(Problem),
    /// The sweep waits, because the database or a replica is busy.
    Paused(String),
    /// A statement failed and is tried again.
    Retrying(String),
    /// The table is gone through again: values are left that were written meanwhile.
    #[non_exhaustive]
    Again {
        /// How many values are left.
        left: u64,
    },
}

/// How far a sweep is, the parts of all its processes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that the table had at the beginning.
    pub total: u64,
    /// Values that were replaced.
    pub changed: u64,
    /// Values that were left because of a problem.
    pub failed: u64,
    /// Rows a second, averaged over the last seconds.
    pub rate: u64,
    /// How much longer it takes at that rate.
    pub left: Option<Duration>,
}

impl Progress {
    /// With how much longer it takes.
    pub(crate) fn with_time_left(self) -> Self {
        let rows = self.total.saturating_sub(self.rows);
        Self { left: rows.checked_div(self.rate).map(Duration::from_secs), ..self }
    }
}

/// A value that was left as it was.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The table's name in the database.
    pub table: String,
    /// The column's name in the database.
    pub column: String,
    /// The row's primary key.
    pub key: RowKey,
    /// Why.
    pub kind: ProblemKind,
}

impl Problem {
    pub(crate) fn new(table: &str, column: &Column, key: RowKey, kind: ProblemKind) -> Self {
        Self { table: table.to_owned(), column: column.sql_name().to_owned(), key, kind }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} of row {}: {}", self.table, self.column, self.key, self.kind)
    }
}

/// What a sweep has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Rows that this process looked at, in its first pass over the table.
    pub rows: u64,
    /// Values that this process replaced.
    pub changed: u64,
    /// Values that are as the job wants them.
    pub done: u64,
    /// Values that are NULL, and stay that.
    pub null: u64,
    /// Values that are plaintext in a migrating column, which `reencrypt` and `verify` leave alone.
    pub plaintext: u64,
    /// Values that this process decrypted in place and that look sealed themselves. A later run
    /// can't tell them from sealed values whose key was lost, and reports them.
    pub lookalikes: u64,
    /// Values that were left because of a problem, each reported as an [`Event::Problem`].
    pub failed: u64,
    /// Values that are still to be done, counted in the database at the end; `None` if another
    /// process ends the sweep, or it was stopped.
    pub left: Option<u64>,
    /// How often the table was gone through.
    pub passes: u32,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether it was asked to stop before its end.
    pub stopped: bool,
}

impl Report {
    /// Whether all is done and nothing is left over.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.stopped && self.failed == 0 && self.left.is_none_or(|left| left == 0)
    }

    /// Adds another pass over the same rows. Its changes are added; of the failures the larger
    /// number counts, since most values fail in both.
    pub(crate) fn add_pass(&mut self, pass: &Self) {
        if self.passes == 0 {
            self.add(pass);
        } else {
            self.changed += pass.changed;
            self.lookalikes += pass.lookalikes;
            self.failed = self.failed.max(pass.failed);
            self.stopped |= pass.stopped;
        }
        self.passes += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.changed += other.changed;
        self.done += other.done;
        self.null += other.null;
        self.plaintext += other.plaintext;
        self.lookalikes += other.lookalikes;
        self.failed += other.failed;
        self.stopped |= other.stopped;
    }
}
