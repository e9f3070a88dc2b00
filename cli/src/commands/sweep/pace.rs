//! How fast a sweep goes, and what it waits for: the options of every command that writes rows.

use crate::error::Error;
use crate::target::Database;
use fieldseal::Dialect;
use fieldseal_sweep::Sweep;
use std::path::PathBuf;

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

    /// How much of the time to work, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    duty: Option<u8>,

    /// Waits while this replica is more than --max-lag behind; can be repeated
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
    pub(super) problems: Option<PathBuf>,

    /// Counts what there is to do, and changes nothing
    #[arg(long)]
    dry_run: bool,
}

impl Pace {
    /// For a command that only reads.
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

    /// Refuses options that the database has no use for, and replicas that aren't of its kind.
    pub(super) fn check(&self, database: &Database) -> Result<(), Error> {
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

    pub(super) fn apply(&self, mut sweep: Sweep) -> Result<Sweep, Error> {
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

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be 1 at least".to_owned()),
        parsed => parsed.map_err(|error: std::num::ParseIntError| error.to_string()),
    }
}
