//! One pass over the table: its workers, each on a thread, and the events that they send.

use super::line::Line;
use super::worker::{Shared, Worker};
use crate::batch::{Judge, Writer, threads_for};
use crate::error::SweepError;
use crate::events::{Event, Report, TICK};
use crate::ledger::{Ledger, Meter};
use crate::pace::Pace;
use crate::plan::TablePlan;
use crate::settings::Sweep;
use crate::sql::{Database, SqlError};
use fieldseal::Keyring;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

/// What a pass is made of.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) sweep: &'a Sweep,
    pub(super) keyring: &'a Keyring,
    pub(super) database: &'a dyn Database,
    pub(super) plan: &'a TablePlan,
    pub(super) ledger: &'a Ledger,
    /// Whether each batch is read back before it's committed.
    pub(super) reads_back: bool,
}

impl Pass<'_> {
    pub(super) fn run(self, line: &mut Line<'_>) -> Result<Report, SweepError> {
        let Self { sweep, keyring, database, plan, ledger, reads_back } = self;
        let pace = Pace::new(sweep.limits.clone());
        let shared = Shared {
            judge: Judge { plan, keyring, threads: threads_for(sweep.workers) },
            writer: Writer { plan, reads_back },
            database,
            pace: &pace,
            batch: sweep.batch_on(plan.engine),
            stop: &sweep.stop,
            broken: AtomicBool::new(false),
        };
        thread::scope(|scope| {
            // The channel is bounded, so a slow listener slows the workers down.
            let (events, told) = mpsc::sync_channel(1024);
            let workers = (0..sweep.workers)
                .map(|_| {
                    let worker = Worker::new(&shared, ledger.for_worker()?, events.clone());
                    Ok(scope.spawn(move || worker.run()))
                })
                .collect::<Result<Vec<_>, SqlError>>()?;
            drop(events);
            let mut meter = Meter::new();
            loop {
                match told.recv_timeout(TICK) {
                    Ok(event) => line.tell(&event),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                // A progress that can't be read now is read the next time.
                if let Some(progress) = meter.read(|| line.once(|client| ledger.totals(client)).ok()) {
                    line.tell(&Event::Progress(progress));
                }
            }
            let mut report = Report::default();
            let mut failed = None;
            for worker in workers {
                match worker.join().unwrap_or(Err(SweepError::Panicked)) {
                    Ok(of_worker) => report.add(&of_worker),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            failed.map_or(Ok(report), Err)
        })
    }
}
