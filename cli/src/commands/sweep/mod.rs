//! The commands that go through all rows of tables: their common options, and how they run.

mod meter;
mod pace;
mod problems;
mod report;
mod selection;

pub(crate) use pace::Pace;
pub(crate) use selection::{Selection, one_column_if};

use crate::commands::{Context, Done};
use crate::error::{Error, Kind};
use crate::output::Output;
use crate::stop;
use crate::words;
use fieldseal::{Column, Keyring, Schema};
use fieldseal_sweep::{Event, Job, Sweep};
use meter::Meter;
use problems::Problems;
use report::{Estimated, Estimates, Swept, Table};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

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
        if self.pace.is_dry_run() {
            return self.estimate(&chosen, &keyring, &*database, output);
        }
        let mut problems = Problems::new(self.pace.problems.clone())?;
        let (mut swept, failed) = self.tables(chosen, &keyring, &*database, &stop, &mut problems, output)?;
        swept.problems = std::mem::take(&mut problems.reported);
        problems.end(output)?;
        match failed {
            Some(error) => self.failed(&swept, error, output),
            None => self.ended(&swept, output),
        }
    }

    /// Sweeps table after table, until one fails or the sweep is stopped: what was swept, and the
    /// failure.
    fn tables(
        &self,
        chosen: Vec<(Schema, Vec<&'static Column>)>,
        keyring: &Keyring,
        database: &dyn fieldseal_sweep::sql::Database,
        stop: &Arc<AtomicBool>,
        problems: &mut Problems,
        output: &Output,
    ) -> Result<(Swept, Option<Error>), Error> {
        let mut swept = Swept::new(self.job.name());
        for (schema, columns) in chosen {
            let sweep = self.sweep(schema, &columns)?.stop_when(Arc::clone(stop));
            let mut meter = Meter::new(output, schema.sql_table);
            let report = sweep.run(keyring, database, |event| {
                if let Event::Problem(problem) = event {
                    meter.hidden(|| problems.add(problem, output));
                }
                meter.event(event);
            });
            meter.end();
            let report = match report {
                Ok(report) => report,
                Err(error) => return Ok((swept, Some(error.into()))),
            };
            let stopped = report.stopped;
            swept.add(schema.sql_table, &columns, &report);
            if stopped {
                break;
            }
        }
        Ok((swept, None))
    }

    /// What was done in other tables is reported all the same.
    fn failed(&self, swept: &Swept, error: Error, output: &Output) -> Result<Done, Error> {
        if swept.has_some() {
            output.report(swept)?;
        }
        Err(match error.kind() {
            Kind::TryAgain => error.hint(self.again()),
            _ => error,
        })
    }

    fn ended(&self, swept: &Swept, output: &Output) -> Result<Done, Error> {
        output.report(swept)?;
        if swept.stopped() {
            return Err(Error::new(Kind::TryAgain, "stopped before the end").hint(self.again()));
        }
        if swept.left_over() > 0 {
            let values = words::values(swept.left_over());
            output.say(format!(
                "{values} left: programs wrote meanwhile, under a key or in a form that they still take for the right one; run it again in a minute"
            ));
        }
        Ok(if swept.is_complete() { Done::All } else { Done::SomethingLeft })
    }

    /// What running the command again does.
    fn again(&self) -> &'static str {
        match self.job {
            Job::Verify => "run the command again: it begins anew, since nothing is written down",
            _ => "run the command again: it goes on where it was",
        }
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
