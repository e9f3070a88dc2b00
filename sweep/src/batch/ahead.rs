//! The next batch, opened and sealed on a thread of its own while the one before it is written.

use super::judged::JudgedBatch;
use crate::error::SweepError;
use crate::plan::RowKey;
use std::panic::resume_unwind;
use std::thread::{self, Scope, ScopedJoinHandle};

/// The batch that comes after a row, begun before its turn. A value that another program changes
/// meanwhile fails to be swapped, and is read again.
pub(crate) struct Ahead<'scope, 'env> {
    helpers: &'scope Scope<'scope, 'env>,
    next: Option<Next<'scope>>,
}

struct Next<'scope> {
    after: RowKey,
    /// Holds `None` if there are no more rows.
    batch: Option<ScopedJoinHandle<'scope, Result<JudgedBatch, SweepError>>>,
}

impl<'scope, 'env> Ahead<'scope, 'env> {
    pub(crate) const fn new(helpers: &'scope Scope<'scope, 'env>) -> Self {
        Self { helpers, next: None }
    }

    /// Begins to judge the rows after that one; with `None` there are no more.
    pub(crate) fn start<F>(&mut self, after: RowKey, judging: Option<F>)
    where
        F: FnOnce() -> Result<JudgedBatch, SweepError> + Send + 'scope,
    {
        let Some(judging) = judging else {
            self.next = Some(Next { after, batch: None });
            return;
        };
        // If no thread can be started, the batch is read again when its turn comes.
        let started = thread::Builder::new().spawn_scoped(self.helpers, judging);
        self.next = started.ok().map(|started| Next { after, batch: Some(started) });
    }

    /// The batch that was begun, if it is the one after that row.
    pub(crate) fn take(&mut self, after: Option<&RowKey>) -> Option<Result<Option<JudgedBatch>, SweepError>> {
        let next = self.next.take_if(|next| after == Some(&next.after))?;
        Some(match next.batch {
            Some(started) => started.join().unwrap_or_else(|panic| resume_unwind(panic)).map(Some),
            None => Ok(None),
        })
    }
}
