//! The settings of a sweep: the job, the columns, the pace.

use crate::error::SweepError;
use crate::pace::Limits;
use crate::plan::{Job, PlanError, TablePlan, Task};
use crate::sql::{Client, Database, Engine, Table};
use fieldseal::{Column, Schema};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A job on the sealed columns of one table, and the settings to run it with.
///
/// Any number of processes that run the same job on the same table share it. It may be stopped and
/// killed at any moment, and goes on where it was.
///
/// ```no_run
/// use fieldseal_sweep::sql::Sqlite;
/// use fieldseal_sweep::{Event, Job, Sweep};
/// use fieldseal::{Keyring, Model};
///
/// # fn f<Patient: Model>(keyring: &Keyring) -> Result<(), fieldseal_sweep::SweepError> {
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
    pub(crate) job: Job,
    pub(crate) schema: Schema,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) seal_lookalikes: bool,
    pub(crate) program_stopped: bool,
    pub(crate) workers: usize,
    batch: Option<usize>,
    pub(crate) range: u64,
    pub(crate) lease: Duration,
    pub(crate) limits: Limits,
    pub(crate) sample: Option<u64>,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Sweep {
    /// The job on all sealed columns of that table.
    pub fn new(job: Job, schema: Schema) -> Self {
        Self {
            job,
            schema,
            columns: None,
            seal_lookalikes: false,
            program_stopped: false,
            workers: 1,
            batch: None,
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

    /// For [`Job::Encrypt`] in place. Treats a value that looks sealed but doesn't open as
    /// plaintext, and seals it. Otherwise it's reported and left, since it may be a sealed value
    /// that was damaged, or whose key was lost.
    pub const fn seal_lookalikes(mut self) -> Self {
        self.seal_lookalikes = true;
        self
    }

    /// For [`Job::Encrypt`] and [`Job::Decrypt`] in place. Says that no program uses the table. In
    /// a column that isn't `migrating` a running program would refuse the plaintext, and plaintext
    /// that an attacker put there would become authentic by being sealed.
    pub const fn program_stopped(mut self) -> Self {
        self.program_stopped = true;
        self
    }

    /// How many workers this process has, each with a connection. Default: 1, and for
    /// [`Job::Verify`] always. SQLite has one writer at a time.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.clamp(1, 256);
        self
    }

    /// How many rows are read and written at a time. Default: 500, on SQLite 2,000; fewer where
    /// they're long. Their locks, on SQLite the one writer's, are held for as long as it takes to
    /// write them: milliseconds. [`Job::Verify`] writes none, and reads 2,000.
    pub fn batch(mut self, rows: usize) -> Self {
        self.batch = Some(rows.clamp(1, 10_000));
        self
    }

    /// How many rows a lease covers. Default: 10,000.
    pub fn range(mut self, rows: u64) -> Self {
        self.range = rows.max(1);
        self
    }

    /// How long a worker keeps its range without extending the lease. Default: 30 seconds. About
    /// the same for all who share the sweep.
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = time.max(Duration::from_millis(100));
        self
    }

    /// The most rows a second, of this process.
    pub fn rows_per_second(mut self, rows: u32) -> Self {
        self.limits.rows_per_second = Some(rows.max(1));
        self
    }

    /// How much of the time to work, in percent: after each batch it pauses for the rest, so a slow
    /// database gets longer pauses.
    pub fn duty(mut self, percent: u8) -> Self {
        self.limits.duty = Some(percent.clamp(1, 100));
        self
    }

    /// Waits while one of `replicas` is further behind than `max_lag`. [`Job::Verify`] writes
    /// nothing, and waits for none.
    pub fn wait_for_replicas(mut self, replicas: Vec<Arc<dyn Database>>, max_lag: Duration) -> Self {
        self.limits.replicas = replicas;
        self.limits.max_lag = Some(max_lag);
        self
    }

    /// Waits while the server is running more than `statements`, ours among them. SQLite has no
    /// server, and [`Job::Verify`] doesn't ask.
    pub fn wait_while_busy(mut self, statements: u32) -> Self {
        self.limits.max_running = Some(statements);
        self
    }

    /// For [`Job::Verify`]: only about so many rows, in blocks that are spread over the table.
    pub const fn sample(mut self, rows: u64) -> Self {
        self.sample = Some(rows);
        self
    }

    /// Stops at the next batch once `stop` is true.
    pub fn stop_when(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// The plan of the job for the table as it is in the database.
    ///
    /// # Errors
    ///
    /// [`SweepError::Plan`] if the job can't be done on it, or [`SweepError::Sql`].
    pub fn plan(&self, client: &mut dyn Client) -> Result<TablePlan, SweepError> {
        Ok(self.planned(client)?.0)
    }

    pub(crate) fn planned(&self, client: &mut dyn Client) -> Result<(TablePlan, Table), SweepError> {
        self.check_other()?;
        let table = self.table(client)?;
        Ok((TablePlan::new(client.engine(), &self.task(), &table)?, table))
    }

    /// Whether the other column may be used as the job wants to use it.
    fn check_other(&self) -> Result<(), PlanError> {
        let (Job::Encrypt { from: Some(other) } | Job::Decrypt { into: Some(other) }) = &self.job else {
            return Ok(());
        };
        let named = |name: &str| name.eq_ignore_ascii_case(other);
        let declared = self.schema.columns.iter().find(|column| named(column.sql_name()));
        let (why, hint) = match declared {
            _ if self.schema.row.iter().chain(&self.schema.scope).any(|column| named(column.name)) => {
                ("is part of the row's id, or its tenant", "use another column")
            }
            Some(column) if self.task().columns.iter().any(|chosen| chosen.sql_name() == column.sql_name()) => {
                ("is the sealed column itself", "leave it out, and it's done in place")
            }
            Some(column) if matches!(self.job, Job::Decrypt { .. }) && !column.is_migrating() => (
                "is a sealed column too, and isn't migrating: its program refuses plaintext there",
                "declare it `migrating` first, or use another column",
            ),
            _ => return Ok(()),
        };
        Err(PlanError::OtherColumn { table: self.schema.sql_table.to_owned(), column: other.clone(), why, hint })
    }

    fn table(&self, client: &mut dyn Client) -> Result<Table, SweepError> {
        let name = self.schema.sql_table;
        Ok(Table::describe(client, name)?.ok_or_else(|| PlanError::NoTable(name.to_owned()))?)
    }

    pub(crate) fn batch_on(&self, engine: Engine) -> usize {
        self.batch.unwrap_or(if engine == Engine::Sqlite { 2000 } else { 500 })
    }

    pub(crate) fn task(&self) -> Task {
        let is_chosen = |column: &&Column| {
            let named = |name: &String| name == column.name() || name == column.sql_name();
            self.columns.as_ref().is_none_or(|names| names.iter().any(named))
        };
        let columns = self.schema.columns.iter().filter(is_chosen).copied().collect();
        Task {
            job: self.job.clone(),
            schema: self.schema,
            columns,
            seal_lookalikes: self.seal_lookalikes,
            program_stopped: self.program_stopped,
        }
    }
}
