//! The verdicts of a batch, on more than one thread where there are more: opening and sealing take
//! as long as reading and writing.

use crate::error::SweepError;
use crate::plan::{ProblemKind, TablePlan, Verdict, Verdicts};
use crate::sql::Cell;
use crate::waiting::Waiting;
use fieldseal::__sweep::Tried;
use fieldseal::keyring::LoadError;
use fieldseal::{ErrorKind, Keyring};
use std::iter;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

/// The fewest rows that a thread is started for: with fewer it takes longer to start than they do.
const FEWEST: usize = 200;

/// The most threads for one batch. With more of them the database would be the slowest part.
const MOST: usize = 4;

/// How many threads each of so many workers can have for this.
pub(crate) fn threads_for(workers: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    (cores / workers.max(1)).clamp(1, MOST)
}

/// Finds the verdicts of rows.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) plan: &'a TablePlan,
    pub(crate) keyring: &'a Keyring,
    /// On how many threads, 1 for the caller's alone.
    pub(crate) threads: usize,
}

impl Judge<'_> {
    /// What becomes of each planned column of each row, in their order. A KMS or key store that
    /// can't be reached is waited for: that is no reason to leave rows out.
    pub(crate) fn verdicts(self, rows: &[Vec<Cell>], waiting: Waiting<'_>) -> Result<Vec<Verdicts>, SweepError> {
        let pauses = iter::repeat(Duration::from_secs(1));
        let verdicts = waiting.again(pauses, Duration::ZERO, || self.on_threads(rows).map_err(Tried::Again));
        verdicts.map_err(|error| SweepError::Keys(error.error().clone()))
    }

    fn on_threads(self, rows: &[Vec<Cell>]) -> Result<Vec<Verdicts>, LoadError> {
        let each = rows.len().div_ceil(self.threads.max(1)).max(FEWEST);
        let mut parts = rows.chunks(each);
        let mine = parts.next().unwrap_or_default();
        thread::scope(|scope| {
            let start = |rows| {
                let started = thread::Builder::new().spawn_scoped(scope, move || self.on_this_thread(rows));
                (rows, started)
            };
            let others: Vec<_> = parts.map(start).collect();
            let mut verdicts = self.on_this_thread(mine)?;
            for (rows, started) in others {
                verdicts.extend(match started {
                    Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic))?,
                    // No thread could be started.
                    Err(_) => self.on_this_thread(rows)?,
                });
            }
            Ok(verdicts)
        })
    }

    fn on_this_thread(self, rows: &[Vec<Cell>]) -> Result<Vec<Verdicts>, LoadError> {
        let verdicts = rows.iter().map(|row| {
            let verdicts = self.plan.verdicts(self.keyring, row);
            verdicts.iter().find_map(not_loaded).map_or(Ok(()), |error| Err(error.clone()))?;
            Ok(verdicts)
        });
        verdicts.collect()
    }
}

fn not_loaded(verdict: &Verdict) -> Option<&LoadError> {
    match verdict {
        Verdict::Problem(ProblemKind::Value(ErrorKind::LoadFailed(error))) => {
            error.error().is_transient().then_some(error)
        }
        _ => None,
    }
}
