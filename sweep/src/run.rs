//! Running a sweep: passes over the table, each with its workers.

use super::brake::Pace;
use super::connection::{Connection, Waiting};
use super::job::Job;
use super::judging;
use super::key::RowKey;
use super::ledger::{Begun, Ledger};
use super::left::{self, Left};
use super::plan::{Plan, PlanError};
use super::progress::{Event, Meter, Problem, Report, TICK};
use super::settings::Sweep;
use super::statements;
use super::stored;
use super::tables;
use super::verdict::ProblemKind;
use super::verify::Verifying;
use super::worker::{Shared, Worker};
use crate::sql::{Cell, Database, Engine, SqlError};
use fieldseal::{__sweep, Keyring, KeyringError};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

/// How often the table is gone through when values are left that were written meanwhile.
const PASSES: u32 = 4;

/// A sweep that could not go on. What it has done is done, and running it again goes on from there.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The job can't be done on the table.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// The database failed, for longer than a minute if it's something that passes.
    #[error("{0}")]
    Sql(#[from] SqlError),
    /// The KMS or the key store can't be reached, for longer than a minute.
    #[error("{0}")]
    Keys(#[from] KeyringError),
    /// A worker panicked.
    #[error("a worker of the sweep panicked: its message is on stderr")]
    Panicked,
}

impl SweepError {
    /// Whether trying again later may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Sql(error) => error.is_transient(),
            Self::Keys(error) => error.is_transient(),
            Self::Plan(_) | Self::Panicked => false,
        }
    }
}

/// So many problems are told once, whatever the number of passes.
const TOLD: usize = 100_000;

impl Sweep {
    /// Runs the job to its end, or joins those that are at it. It blocks, on threads of its own: from async code call it in
    /// `spawn_blocking`.
    ///
    /// # Errors
    ///
    /// [`SweepError`]. Run it again, and it goes on where it was.
    pub fn run(
        &self,
        keyring: &Keyring,
        database: &(dyn Database + '_),
        mut observe: impl FnMut(&Event) + Send,
    ) -> Result<Report, SweepError> {
        let begun = Instant::now();
        let mut report = on_a_thread(|| self.run_here(keyring, database, &mut observe))?;
        report.elapsed = begun.elapsed();
        Ok(report)
    }

    fn run_here(
        &self,
        keyring: &Keyring,
        database: &dyn Database,
        observe: &mut (dyn FnMut(&Event) + Send),
    ) -> Result<Report, SweepError> {
        let mut connection = Connection::to(database);
        // Once, before anything is waited for: what is wrong with the URL or the table is said at once.
        let (mut plan, table) = connection.once(|client| self.planned(client))?;
        let is_stopped = || self.stop.load(Ordering::Relaxed);
        if self.job == Job::Verify {
            return self.verify(keyring, &mut connection, &plan, observe);
        }
        // A tenant without a key may have one whose record can't be read.
        plan.makes_keys &= !matches!(self.job, Job::Encrypt { .. }) || !__sweep::hides_scopes(keyring)?;
        let reads_back = connection.once(|client| stored::may_be_altered(client, self.schema.sql_table))?;
        connection.once(tables::create_tables)?;
        let ledger = Ledger::new(self.task().to_string(), self.lease, self.range)?;
        let mut report = Report::default();
        let mut told = HashSet::new();
        let observe = &mut |event: &Event| match event {
            Event::Problem(problem) if told.len() < TOLD && !told.insert(fingerprint(problem)) => {}
            event => observe(event),
        };
        macro_rules! retry {
            ($work:expr) => {{
                let tell = &mut |error| observe(&Event::Retrying(error));
                connection.retry(Waiting { is_stopped: &is_stopped, tell }, $work)?
            }};
        }
        let without_key = retry!(|client| statements::without_key(client, &plan));
        self.tell_of_keys(without_key, &plan, &mut report, observe);
        if self.job == (Job::Encrypt { from: None }) && !self.seal_lookalikes {
            retry!(|client| left::check_unknown(client, keyring, &plan, &table));
        }
        let mut left = None;
        while report.passes < PASSES {
            let total = match left {
                _ if retry!(|client| ledger.is_running(client)) => 0,
                Some(Left { rows, .. }) => rows,
                None => {
                    observe(&Event::Counting { job: self.task().to_string() });
                    let before = retry!(|client| left::count(client, keyring, &plan, &table));
                    if before.is_nothing(&plan) {
                        report.left = Some(0);
                        return Ok(report);
                    }
                    before.rows
                }
            };
            let joined = retry!(|client| ledger.begin(client, &plan, total)) == Begun::Joined;
            let (_, total) = retry!(|client| ledger.counts(client));
            observe(&Event::Started { job: self.task().to_string(), total, joined });
            let pass = self.pass(keyring, (database, reads_back), &plan, (&ledger, &mut connection), observe)?;
            report.add_pass(&pass);
            if report.stopped {
                return Ok(report);
            }
            observe(&Event::Counting { job: self.task().to_string() });
            let after = retry!(|client| left::count(client, keyring, &plan, &table));
            let (all, _) = retry!(|client| ledger.counts(client));
            report.failed = report.failed.max(all.failed);
            let values = after.values.saturating_sub(report.lookalikes);
            // Where counting doesn't tell, a whole pass of one's own does that finds nothing to change: what others say to have done
            // is theirs, and may be old.
            let is_known = left::is_exact(&plan) || (!joined && all.changed == 0);
            report.left = is_known.then_some(values);
            // Those that failed are among what is left of a re-encryption, and mostly so elsewhere.
            let only_failed = self.job == Job::Reencrypt && values <= all.failed;
            if is_known && (values == 0 || only_failed || all.changed == 0) {
                break;
            }
            if values > 0 && report.passes < PASSES {
                observe(&Event::Again { left: values });
            }
            left = Some(after);
        }
        if plan.engine == Engine::Sqlite {
            // What was replaced is overwritten in the file; the log beside it still has it, and is emptied unless somebody reads.
            let _ = connection.once(|client| client.batch("PRAGMA wal_checkpoint(TRUNCATE)"));
        }
        Ok(report)
    }

    fn verify(
        &self,
        keyring: &Keyring,
        connection: &mut Connection<'_>,
        plan: &Plan,
        observe: &mut (dyn FnMut(&Event) + Send),
    ) -> Result<Report, SweepError> {
        let total = connection.once(|client| statements::count(client, plan))?;
        let verifying = Verifying {
            table: self.schema.sql_table,
            plan,
            keyring,
            pace: &Pace::new(self.limits.clone()),
            stop: &self.stop,
            sample: self.sample.unwrap_or(total),
            total,
        };
        let mut report = verifying.run(connection, observe)?;
        let is_stopped = || self.stop.load(Ordering::Relaxed);
        let tell = &mut |error| observe(&Event::Retrying(error));
        let waiting = Waiting { is_stopped: &is_stopped, tell };
        let without_key = connection.retry(waiting, |client| statements::without_key(client, plan))?;
        self.tell_of_keys(without_key, plan, &mut report, observe);
        if self.sample.is_none() && !report.stopped {
            let tell = &mut |error| observe(&Event::Retrying(error));
            let waiting = Waiting { is_stopped: &is_stopped, tell };
            let still = connection.retry(waiting, |client| statements::count(client, plan))?;
            // In the order of a damaged index there may be less than there is.
            report.left = Some(total.min(still).saturating_sub(report.rows));
        }
        Ok(report)
    }

    /// SQLite lets a primary key be NULL, and no order has such a row.
    fn tell_of_keys(&self, rows: u64, plan: &Plan, report: &mut Report, observe: &mut dyn FnMut(&Event)) {
        if rows > 0 {
            report.failed += rows;
            observe(&Event::Problem(Problem {
                table: self.schema.sql_table.to_owned(),
                column: plan.key_names(""),
                key: RowKey::new(vec![Cell::Null]),
                kind: ProblemKind::Row("rows whose primary key is NULL can't be swept: give them one"),
            }));
        }
    }

    fn pass(
        &self,
        keyring: &Keyring,
        (database, reads_back): (&dyn Database, bool),
        plan: &Plan,
        (ledger, connection): (&Ledger, &mut Connection<'_>),
        observe: &mut dyn FnMut(&Event),
    ) -> Result<Report, SweepError> {
        let pace = Pace::new(self.limits.clone());
        let shared = Shared {
            plan,
            table: self.schema.sql_table,
            keyring,
            database,
            pace: &pace,
            batch: self.batch_on(plan.engine),
            reads_back,
            threads: judging::threads(self.workers),
            stop: &self.stop,
            broken: AtomicBool::new(false),
        };
        thread::scope(|scope| {
            // Bounded: whoever is slow to listen slows the workers down.
            let (events, told) = mpsc::sync_channel(1024);
            let workers = (0..self.workers)
                .map(|_| {
                    let worker = Worker::new(&shared, ledger.for_worker()?, events.clone());
                    Ok(scope.spawn(move || worker.run()))
                })
                .collect::<Result<Vec<_>, SqlError>>()?;
            drop(events);
            let mut meter = Meter::new();
            loop {
                match told.recv_timeout(TICK) {
                    Ok(event) => observe(&event),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                // A progress that can't be read now is read the next time.
                if let Some(progress) = meter.read(|| connection.once(|client| ledger.counts(client)).ok()) {
                    observe(&Event::Progress(progress));
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

/// Of the value's place: keys may be long, and problems many.
fn fingerprint(problem: &Problem) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&problem.column, problem.key.to_json()).hash(&mut hasher);
    hasher.finish()
}

/// On a thread of its own: the clients of sqlx block on runtimes, which panics on a thread that is inside one.
pub(super) fn on_a_thread<T: Send>(work: impl FnOnce() -> Result<T, SweepError> + Send) -> Result<T, SweepError> {
    thread::scope(|scope| scope.spawn(work).join().unwrap_or(Err(SweepError::Panicked)))
}
