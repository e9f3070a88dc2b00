//! Sweeps as a service or the command line runs them.

use super::brake::{Limits, Pace};
use super::job::{Job, Task};
use super::key::RowKey;
use super::ledger::{self, Begun, Ledger};
use super::left::{self, Left};
use super::plan::{Plan, PlanError, ProblemKind};
use super::progress::{Event, Problem, Progress, Report};
use super::statements;
use super::worker::{Shared, Worker};
use crate::keyring::{Keyring, KeyringError};
use crate::model::{Column, Schema};
use crate::sql::{Cell, Client, Database, SqlError, Table};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often the table is gone through when values are left that were written meanwhile.
const PASSES: u32 = 4;

/// How often progress is told.
const TICK: Duration = Duration::from_millis(500);

/// A job on the sealed columns of one table, and how it's to be run.
///
/// Any number of processes that run the same job on the same table share it. It may be stopped and killed at any moment, and
/// goes on where it was.
///
/// ```no_run
/// use fieldseal::sql::Sqlite;
/// use fieldseal::sweep::{Event, Job, Sweep};
/// use fieldseal::{Keyring, Model};
///
/// # fn f<Patient: Model>(keyring: &Keyring) -> Result<(), fieldseal::sweep::SweepError> {
/// let report = Sweep::new(Job::Reencrypt, Patient::SCHEMA)
///     .columns(["notes"])
///     .rows_per_second(5_000)
///     .run(keyring, &Sqlite::at("app.db"), |event| match event {
///         Event::Problem(problem) => eprintln!("{problem}"),
///         Event::Progress(progress) => eprintln!("{} of {} rows", progress.rows, progress.total),
///         _ => {}
///     })?;
/// assert!(report.is_complete());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a sweep does nothing until `run` is called"]
pub struct Sweep {
    job: Job,
    schema: Schema,
    columns: Option<Vec<String>>,
    seal_lookalikes: bool,
    workers: usize,
    batch: usize,
    range: u64,
    lease: Duration,
    limits: Limits,
    sample: Option<u64>,
    stop: Arc<AtomicBool>,
}

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

/// What a sweep would have to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Estimate {
    /// Rows in the table.
    pub rows: u64,
    /// Values that would be replaced, as far as the database can tell without a key.
    pub values: u64,
    /// KMS calls: one for each key that is met, in each process.
    pub kms_calls: u64,
    /// How long one worker would take: by the time that reading and sealing some rows took, and four times that for writing.
    pub time: Duration,
}

impl Sweep {
    /// The job on all sealed columns of that table.
    pub fn new(job: Job, schema: Schema) -> Self {
        Self {
            job,
            schema,
            columns: None,
            seal_lookalikes: false,
            workers: 1,
            batch: 500,
            range: 10_000,
            lease: Duration::from_secs(30),
            limits: Limits::default(),
            sample: None,
            stop: Arc::default(),
        }
    }

    /// Only these columns, by their logical names or those in the database.
    pub fn columns<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// For [`Job::Encrypt`] in place: takes what looks sealed, under a key that there is, but doesn't open, for plaintext and
    /// seals it. Otherwise it's reported and left, since it may be a sealed value that was damaged.
    pub const fn seal_lookalikes(mut self) -> Self {
        self.seal_lookalikes = true;
        self
    }

    /// How many workers this process has, each with a connection. Default: 1. SQLite has one writer at a time.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.clamp(1, 256);
        self
    }

    /// How many rows are read and written at a time. Default: 500; fewer where they're long. Their locks are held for as long
    /// as it takes to write them.
    pub fn batch(mut self, rows: usize) -> Self {
        self.batch = rows.clamp(1, 10_000);
        self
    }

    /// How many rows a lease covers. Default: 10,000.
    pub fn range(mut self, rows: u64) -> Self {
        self.range = rows.max(1);
        self
    }

    /// How long a worker's range stays its own after it was last heard of. Default: 30 seconds.
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = time.max(Duration::from_millis(100));
        self
    }

    /// The most rows a second, of this process.
    pub fn rows_per_second(mut self, rows: u32) -> Self {
        self.limits.rows_per_second = Some(rows.max(1));
        self
    }

    /// The share of the time that is worked, in percent. A database that is busy answers later, and gets longer pauses.
    pub fn duty(mut self, percent: u8) -> Self {
        self.limits.duty = Some(percent.clamp(1, 100));
        self
    }

    /// Waits while one of these replicas is further behind than that.
    pub fn wait_for_replicas(mut self, replicas: Vec<Arc<dyn Database>>, max_lag: Duration) -> Self {
        self.limits.replicas = replicas;
        self.limits.max_lag = Some(max_lag);
        self
    }

    /// Waits while the server is running more statements than that, ours among them. SQLite has no server.
    pub fn wait_while_busy(mut self, statements: u32) -> Self {
        self.limits.max_running = Some(statements);
        self
    }

    /// For [`Job::Verify`]: only about so many rows, in blocks that are spread over the table.
    pub const fn sample(mut self, rows: u64) -> Self {
        self.sample = Some(rows);
        self
    }

    /// Stops at the next batch once that is true.
    pub fn stop_when(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// What the job means for the table as it is in the database.
    ///
    /// # Errors
    ///
    /// [`SweepError::Plan`] if the job can't be done on it, or [`SweepError::Sql`].
    pub fn plan(&self, client: &mut dyn Client) -> Result<Plan, SweepError> {
        Ok(Plan::new(client.dialect(), &self.task(), &self.table(client)?)?)
    }

    fn table(&self, client: &mut dyn Client) -> Result<Table, SweepError> {
        let name = self.schema.sql_table;
        Ok(Table::describe(client, name)?.ok_or_else(|| PlanError::NoTable(name.to_owned()))?)
    }

    fn task(&self) -> Task {
        let is_chosen = |column: &&Column| {
            let named = |name: &String| name == column.name() || name == column.sql_name();
            self.columns.as_ref().is_none_or(|names| names.iter().any(named))
        };
        let columns = self.schema.columns.iter().filter(is_chosen).copied().collect();
        Task { job: self.job.clone(), schema: self.schema, columns, seal_lookalikes: self.seal_lookalikes }
    }

    /// What there is to do. Nothing is written.
    ///
    /// # Errors
    ///
    /// As for [`Self::run`].
    pub fn estimate(&self, keyring: &Keyring, database: &(dyn Database + '_)) -> Result<Estimate, SweepError> {
        on_a_thread(|| {
            let client = &mut *database.connect()?;
            let plan = self.plan(client)?;
            let left = left::count(client, keyring, &plan, self.schema.sql_table)?;
            let begun = Instant::now();
            let sample = statements::read(client, &plan, (None, None), self.batch, 4 << 20)?;
            for row in &sample.rows {
                plan.judge(keyring, row);
            }
            let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            let rows = u64::try_from(sample.rows.len()).unwrap_or(1).max(1);
            let reads = left.rows.saturating_mul(took) / rows;
            let columns = u64::try_from(plan.columns.len()).unwrap_or(1).max(1);
            let writes = if self.job.writes() { left.values.saturating_mul(took * 4) / rows / columns } else { 0 };
            let time = Duration::from_micros(reads.saturating_add(writes));
            Ok(Estimate { rows: left.rows, values: left.values, kms_calls: left.keys, time })
        })
    }

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
        let client = &mut *database.connect()?;
        let plan = self.plan(client)?;
        if self.job == Job::Verify {
            let total = statements::count(client, &plan)?;
            let sample = (self.sample.unwrap_or(total), total);
            return super::verify::run(self.schema.sql_table, &plan, keyring, client, &self.stop, sample, observe);
        }
        ledger::create_tables(client)?;
        let ledger = Ledger::new(self.task().to_string(), self.lease, self.range)?;
        let mut report = Report::default();
        self.check_keys(client, &plan, &mut report, observe)?;
        let mut left = None;
        while report.passes < PASSES {
            let total = match left {
                _ if ledger.is_running(client)? => 0,
                Some(Left { rows, .. }) => rows,
                None => {
                    let before = left::count(client, keyring, &plan, self.schema.sql_table)?;
                    if before.is_nothing(&plan) {
                        report.left = Some(0);
                        return Ok(report);
                    }
                    before.rows
                }
            };
            let joined = ledger.begin(client, &plan, total)? == Begun::Joined;
            let (_, total) = ledger.counts(client)?;
            observe(&Event::Started { job: self.task().to_string(), total, joined });
            let pass = self.pass(keyring, database, &plan, (&ledger, &mut *client), observe)?;
            report.add(&pass.report);
            report.passes += 1;
            if report.stopped || !pass.ended_here {
                return Ok(report);
            }
            let after = left::count(client, keyring, &plan, self.schema.sql_table)?;
            let (all, _) = ledger.counts(client)?;
            report.failed = report.failed.max(all.failed);
            let values = after.values.saturating_sub(report.lookalikes);
            report.left = Some(values);
            if values <= all.failed || all.changed == 0 {
                break;
            }
            if report.passes < PASSES {
                observe(&Event::Again { left: values });
            }
            left = Some(after);
        }
        Ok(report)
    }

    /// SQLite lets a primary key be NULL, and no order has such a row.
    fn check_keys(
        &self,
        client: &mut dyn Client,
        plan: &Plan,
        report: &mut Report,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<(), SweepError> {
        let rows = statements::without_key(client, plan)?;
        if rows > 0 {
            report.failed += rows;
            observe(&Event::Problem(Problem {
                table: self.schema.sql_table.to_owned(),
                column: plan.key_names(""),
                key: RowKey::new(vec![Cell::Null]),
                kind: ProblemKind::Row("rows whose primary key is NULL can't be swept: give them one"),
            }));
        }
        Ok(())
    }

    fn pass(
        &self,
        keyring: &Keyring,
        database: &dyn Database,
        plan: &Plan,
        (ledger, client): (&Ledger, &mut dyn Client),
        observe: &mut dyn FnMut(&Event),
    ) -> Result<Pass, SweepError> {
        let pace = Pace::new(self.limits.clone());
        let shared = Shared {
            plan,
            table: self.schema.sql_table,
            keyring,
            database,
            pace: &pace,
            batch: self.batch,
            stop: &self.stop,
        };
        thread::scope(|scope| {
            let (events, told) = mpsc::channel();
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
                if let Some(progress) = meter.read(|| ledger.counts(client).ok()) {
                    observe(&Event::Progress(progress));
                }
            }
            let mut pass = Pass { report: Report::default(), ended_here: false };
            let mut failed = None;
            for worker in workers {
                match worker.join().unwrap_or(Err(SweepError::Panicked)) {
                    Ok((report, first)) => {
                        pass.report.add(&report);
                        pass.ended_here |= first;
                    }
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            pass.report.stopped |= self.stop.load(Ordering::Relaxed) && !pass.ended_here;
            failed.map_or(Ok(pass), Err)
        })
    }
}

struct Pass {
    report: Report,
    /// Whether it was this process that found the sweep to be over.
    ended_here: bool,
}

/// The rate of a sweep.
struct Meter {
    read: Instant,
    rows: Option<u64>,
    rate: f64,
}

impl Meter {
    fn new() -> Self {
        Self { read: Instant::now(), rows: None, rate: 0.0 }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for people"
    )]
    fn read(&mut self, counts: impl FnOnce() -> Option<(super::ledger::Counts, u64)>) -> Option<Progress> {
        let passed = self.read.elapsed();
        if passed < TICK {
            return None;
        }
        let (counts, total) = counts()?;
        self.read = Instant::now();
        if let Some(before) = self.rows {
            let rate = counts.seen.saturating_sub(before) as f64 / passed.as_secs_f64();
            self.rate = if self.rate == 0.0 { rate } else { self.rate * 0.8 + rate * 0.2 };
        }
        self.rows = Some(counts.seen);
        Some(Progress::new(counts.seen, total, counts.changed, counts.failed, self.rate as u64))
    }
}

/// On a thread of its own: the clients of sqlx block on runtimes, which panics on a thread that is inside one.
pub(super) fn on_a_thread<T: Send>(work: impl FnOnce() -> Result<T, SweepError> + Send) -> Result<T, SweepError> {
    thread::scope(|scope| scope.spawn(work).join().unwrap_or(Err(SweepError::Panicked)))
}
