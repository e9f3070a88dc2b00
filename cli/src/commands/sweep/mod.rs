//! What goes through all rows of tables: the options that all of these commands have, and how they
//! run.

mod meter;
mod report;

use crate::commands::{Context, Done};
use crate::error::{Error, Kind};
use crate::output::Output;
use crate::stop;
use crate::target::{Database, Target};
use crate::words;
use fieldseal::Dialect;
use fieldseal::{Column, Keyring, Schema};
use fieldseal_sweep::{Event, Job, Problem, Sweep};
use meter::Meter;
use report::{Estimated, Estimates, Swept, Table};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// How many problems are told one by one; all of them go into the file of `--problems`.
const TOLD: u64 = 100;

/// How many problems are in the JSON report.
const REPORTED: usize = 1000;

/// Which tables and columns.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// Only that table of the lock file; can be repeated
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Vec<String>,

    /// Only that column of the lock file, TABLE.COLUMN; can be repeated
    #[arg(long, value_name = "TABLE.COLUMN")]
    pub(crate) column: Vec<String>,
}

/// How fast, and with whom.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pace")]
pub(crate) struct Pace {
    /// Connections that work at the same time. More processes, on other machines too, may share the
    /// work
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one)]
    workers: usize,

    /// Rows that are read and written at a time; fewer where they're long [default: 500, on SQLite
    /// 2000]
    #[arg(long, value_name = "ROWS", value_parser = at_least_one)]
    batch: Option<usize>,

    /// The most rows a second, of this process
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    rows_per_second: Option<u32>,

    /// The share of the time that is worked, in percent: a busy database answers later, and gets
    /// longer pauses
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    duty: Option<u8>,

    /// A replica that is waited for when it's behind; can be repeated
    #[arg(long, value_name = "URL")]
    replica: Vec<crate::args::Url>,

    /// How far a replica may be behind
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration, requires = "replica")]
    max_lag: std::time::Duration,

    /// Waits while the server is running more statements than that
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_running: Option<u32>,

    /// Appends every value that was left because of a problem to that file, a line of JSON each
    #[arg(long, value_name = "PATH")]
    problems: Option<PathBuf>,

    /// Counts what there is to do, and changes nothing
    #[arg(long)]
    dry_run: bool,
}

impl Pace {
    /// For what only reads.
    pub(crate) fn of_reader(rows_per_second: Option<u32>, duty: Option<u8>, problems: Option<PathBuf>) -> Self {
        Self {
            workers: 1,
            batch: None,
            rows_per_second,
            duty,
            replica: Vec::new(),
            max_lag: std::time::Duration::ZERO,
            max_running: None,
            problems,
            dry_run: false,
        }
    }

    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Refuses what would never be waited for, or for ever.
    fn check(&self, database: &Database) -> Result<(), Error> {
        let dialect = database.dialect();
        if dialect == Dialect::Sqlite && (self.max_running.is_some() || !self.replica.is_empty()) {
            return Err(Error::usage("SQLite has no server that could be busy, and no replicas")
                .hint("--duty and --rows-per-second leave other programs time"));
        }
        for url in &self.replica {
            let replica = Database::parse(&url.0)?;
            if replica.dialect() != dialect {
                return Err(Error::usage(format!(
                    "{replica} is no replica of {database}: it's another kind of database"
                ))
                .hint("--replica wants the URL of a replica of the database that is swept"));
            }
        }
        Ok(())
    }

    fn apply(&self, mut sweep: Sweep) -> Result<Sweep, Error> {
        sweep = sweep.workers(self.workers);
        if let Some(rows) = self.batch {
            sweep = sweep.batch(rows);
        }
        if let Some(rows) = self.rows_per_second {
            sweep = sweep.rows_per_second(rows);
        }
        if let Some(percent) = self.duty {
            sweep = sweep.duty(percent);
        }
        if let Some(statements) = self.max_running {
            sweep = sweep.wait_while_busy(statements);
        }
        if !self.replica.is_empty() {
            let replicas = self.replica.iter().map(|url| Database::parse(&url.0)?.sql());
            sweep = sweep.wait_for_replicas(replicas.collect::<Result<_, _>>()?, self.max_lag);
        }
        Ok(sweep)
    }
}

impl Selection {
    /// Whether nothing is left out.
    pub(crate) fn is_all(&self) -> bool {
        self.column.is_empty() && self.table.is_empty()
    }

    /// The tables of the lock file with their chosen columns.
    pub(crate) fn of(&self, target: &Target) -> Result<Vec<(Schema, Vec<&'static Column>)>, Error> {
        let schemas = target.schemas()?;
        let is_table = |schema: &Schema, name: &str| name == schema.table || name == schema.sql_table;
        for name in &self.table {
            if !schemas.iter().any(|schema| is_table(schema, name)) {
                return Err(unknown(&format!("no table {name}"), &schemas));
            }
        }
        let is_column = |schema: &Schema, column: &Column, name: &str| {
            name.rsplit_once('.').is_some_and(|(table, name)| {
                is_table(schema, table) && (name == column.name() || name == column.sql_name())
            })
        };
        for name in &self.column {
            let known = |schema: &Schema| schema.columns.iter().any(|column| is_column(schema, column, name));
            if !schemas.iter().any(known) {
                return Err(unknown(&format!("no column {name}"), &schemas));
            }
        }
        let chosen = schemas.into_iter().map(|schema| {
            let whole = self.is_all() || self.table.iter().any(|name| is_table(&schema, name));
            let is_chosen =
                |column: &&'static Column| whole || self.column.iter().any(|name| is_column(&schema, column, name));
            (schema, schema.columns.iter().filter(is_chosen).collect::<Vec<_>>())
        });
        Ok(chosen.filter(|(_, columns)| !columns.is_empty()).collect())
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be 1 at least".to_owned()),
        parsed => parsed.map_err(|error: std::num::ParseIntError| error.to_string()),
    }
}

fn unknown(what: &str, schemas: &[Schema]) -> Error {
    let columns = schemas
        .iter()
        .flat_map(|schema| schema.columns.iter().map(move |column| format!("{}.{}", schema.table, column.name())));
    Error::usage(format!("the lock file has {what}"))
        .hint(format!("it has {}", columns.collect::<Vec<_>>().join(", ")))
}

/// Another column than the sealed one belongs to one sealed column.
pub(crate) fn one_column_if(other: bool, chosen: &Selection, option: &str) -> Result<(), Error> {
    if other && (chosen.column.len() != 1 || !chosen.table.is_empty()) {
        return Err(Error::usage(format!("{option} is for one sealed column"))
            .hint(format!("name it: --column TABLE.COLUMN {option} OTHER")));
    }
    Ok(())
}

/// A sweep of the chosen columns, table after table.
pub(crate) struct Run<'a> {
    pub(crate) job: Job,
    pub(crate) chosen: &'a Selection,
    pub(crate) pace: &'a Pace,
    pub(crate) seal_lookalikes: bool,
    pub(crate) program_stopped: bool,
    pub(crate) sample: Option<u64>,
}

impl Run<'_> {
    pub(crate) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let (target, output) = (&context.target, context.output);
        let chosen = self.chosen.of(target)?;
        if chosen.is_empty() {
            return Err(Error::failed("the lock file has no sealed columns")
                .hint("let the program's test write it: FIELDSEAL_LOCK=update cargo test"));
        }
        self.pace.check(&target.database()?)?;
        let (database, keyring) = (target.sql()?, target.keyring_for_rows()?);
        let stop = stop::on_signals()?;
        if self.pace.dry_run {
            return self.estimate(&chosen, &keyring, &*database, output);
        }
        let mut told = Told::new(self.pace.problems.clone())?;
        let mut swept = Swept::new(self.job.name());
        let mut failed = None;
        for (schema, columns) in chosen {
            let sweep = self.sweep(schema, &columns)?.stop_when(Arc::clone(&stop));
            let mut meter = Meter::new(output, schema.sql_table);
            let report = sweep.run(&keyring, &*database, |event| {
                if let Event::Problem(problem) = event {
                    meter.hidden(|| told.tell(problem, output));
                }
                meter.event(event);
            });
            meter.end();
            let report = match report {
                Ok(report) => report,
                // What was done in other tables is told all the same.
                Err(error) => {
                    failed = Some(Error::from(error));
                    break;
                }
            };
            let stopped = report.stopped;
            swept.add(schema.sql_table, &columns, &report);
            if stopped {
                break;
            }
        }
        swept.problems = std::mem::take(&mut told.reported);
        told.end(output)?;
        let again = match self.job {
            Job::Verify => "run the command again: it begins anew, since nothing is written down",
            _ => "run the command again: it goes on where it was",
        };
        if let Some(error) = failed {
            if swept.has_some() {
                output.report(&swept)?;
            }
            return Err(match error.kind() {
                Kind::TryAgain => error.hint(again),
                _ => error,
            });
        }
        output.report(&swept)?;
        if swept.stopped() {
            return Err(Error::new(Kind::TryAgain, "stopped before the end").hint(again));
        }
        if swept.left_over() > 0 {
            let values = words::values(swept.left_over());
            output.say(format!(
                "{values} left: programs wrote meanwhile, under a key or in a form that they still take for the right one; run it again in a minute"
            ));
        }
        Ok(if swept.is_complete() { Done::All } else { Done::SomethingLeft })
    }

    fn sweep(&self, schema: Schema, columns: &[&Column]) -> Result<Sweep, Error> {
        let names = columns.iter().map(|column| column.sql_name());
        let mut sweep = self.pace.apply(Sweep::new(self.job.clone(), schema).columns(names))?;
        if self.seal_lookalikes {
            sweep = sweep.seal_lookalikes();
        }
        if self.program_stopped {
            sweep = sweep.program_stopped();
        }
        if let Some(rows) = self.sample {
            sweep = sweep.sample(rows);
        }
        Ok(sweep)
    }

    fn estimate(
        &self,
        chosen: &[(Schema, Vec<&'static Column>)],
        keyring: &Keyring,
        database: &dyn fieldseal_sweep::sql::Database,
        output: &Output,
    ) -> Result<Done, Error> {
        let mut tables = Vec::new();
        for (schema, columns) in chosen {
            let estimate = self.sweep(*schema, columns)?.estimate(keyring, database)?;
            tables.push(Estimated::new(Table::new(schema.sql_table, columns), &estimate));
        }
        output.report(&Estimates { job: self.job.name(), dry_run: true, tables })?;
        Ok(Done::All)
    }
}

/// The problems of a run.
struct Told {
    file: Option<(PathBuf, std::fs::File)>,
    count: u64,
    failed: Option<std::io::Error>,
    reported: Vec<report::Left>,
}

impl Told {
    fn new(path: Option<PathBuf>) -> Result<Self, Error> {
        let open = |path: PathBuf| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
            file.map(|file| (path.clone(), file)).map_err(|error| {
                Error::failed(format!("{} can't be written", path.display())).why(error.to_string())
            })
        };
        Ok(Self { file: path.map(open).transpose()?, count: 0, failed: None, reported: Vec::new() })
    }

    fn tell(&mut self, problem: &Problem, output: &Output) {
        self.count += 1;
        let left = report::Left::new(problem);
        if let Some((_, file)) = &mut self.file {
            let line = serde_json::to_string(&left).unwrap_or_default();
            if let Err(error) = writeln!(file, "{line}") {
                self.failed = Some(error);
            }
        }
        if self.count <= TOLD {
            output.warn(words::plain_long(&problem.to_string()));
        } else if self.count == TOLD + 1 {
            output.warn("there are more of them: --problems PATH writes all into a file");
        }
        if self.reported.len() < REPORTED {
            self.reported.push(left);
        }
    }

    fn end(&self, output: &Output) -> Result<(), Error> {
        match (&self.file, &self.failed) {
            (Some((path, _)), Some(error)) => {
                Err(Error::failed(format!("{} can't be written", path.display())).why(error.to_string()))
            }
            (Some((path, _)), None) if self.count > 0 => {
                output.say(format!(
                    "{} in {}",
                    words::count(usize::try_from(self.count).unwrap_or(usize::MAX), "problem"),
                    path.display()
                ));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
