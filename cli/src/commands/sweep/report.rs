//! The reports of sweeps: at their end, or by `--dry-run` before they begin.

use crate::error::advice_on;
use crate::output::{self, Report};
use crate::words;
use fieldseal::Column;
use fieldseal_sweep::{Estimate, Problem};
use serde::Serialize;
use std::time::Duration;

/// A table and those of its columns that are swept.
#[derive(Serialize)]
pub(super) struct Table {
    table: String,
    columns: Vec<String>,
}

impl Table {
    pub(super) fn new(table: &str, columns: &[&Column]) -> Self {
        Self {
            table: table.to_owned(),
            columns: columns.iter().map(|column| column.sql_name().to_owned()).collect(),
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![words::plain(&self.table), words::plain(&self.columns.join(", "))]
    }
}

/// A value that was left.
#[derive(Serialize)]
pub(super) struct Left {
    table: String,
    column: String,
    key: String,
    problem: String,
    hint: String,
}

impl Left {
    pub(super) fn new(problem: &Problem) -> Self {
        Self {
            table: problem.table.clone(),
            column: problem.column.clone(),
            key: problem.key.to_string(),
            problem: problem.kind.to_string(),
            hint: advice_on(&problem.kind).to_owned(),
        }
    }
}

/// What was done.
#[derive(Serialize)]
pub(super) struct Swept {
    job: &'static str,
    tables: Vec<SweptTable>,
    /// The first thousand.
    pub(super) problems: Vec<Left>,
}

#[derive(Serialize)]
struct SweptTable {
    #[serde(flatten)]
    table: Table,
    rows: u64,
    changed: u64,
    done: u64,
    null: u64,
    plaintext: u64,
    failed: u64,
    /// Counted in the database at the end; null if it was stopped, or another process ends it.
    left: Option<u64>,
    seconds: f64,
    stopped: bool,
}

impl Swept {
    pub(super) fn new(job: &'static str) -> Self {
        Self { job, tables: Vec::new(), problems: Vec::new() }
    }

    pub(super) fn add(&mut self, table: &str, columns: &[&Column], report: &fieldseal_sweep::Report) {
        self.tables.push(SweptTable {
            table: Table::new(table, columns),
            rows: report.rows,
            changed: report.changed,
            done: report.done,
            null: report.null,
            plaintext: report.plaintext,
            failed: report.failed,
            left: report.left,
            seconds: report.elapsed.as_secs_f64(),
            stopped: report.stopped,
        });
    }

    pub(super) fn has_some(&self) -> bool {
        !self.tables.is_empty()
    }

    pub(super) fn stopped(&self) -> bool {
        self.tables.iter().any(|table| table.stopped)
    }

    /// Values that are left without a reported problem: a program wrote them meanwhile.
    pub(super) fn left_over(&self) -> u64 {
        self.tables.iter().map(|table| table.left.unwrap_or(0).saturating_sub(table.failed)).sum()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.tables.iter().all(|table| table.failed == 0 && table.left.unwrap_or(0) == 0)
    }
}

impl Report for Swept {
    fn text(&self) -> String {
        let verify = self.job == "verify";
        let headings: &[&str] = if verify {
            &["TABLE", "COLUMNS", "ROWS", "OPENED", "NULL", "PLAINTEXT", "FAILED"]
        } else {
            &["TABLE", "COLUMNS", "ROWS", "CHANGED", "AS THEY WERE", "FAILED", "LEFT"]
        };
        let rows = self.tables.iter().map(|done| {
            let mut cells = done.table.cells();
            cells.push(done.rows.to_string());
            if verify {
                cells.extend([done.done, done.null, done.plaintext, done.failed].map(|count| count.to_string()));
            } else {
                let left = done.left.map_or_else(|| "?".to_owned(), |left| left.to_string());
                let kept = (done.done + done.null + done.plaintext).to_string();
                cells.extend([done.changed.to_string(), kept, done.failed.to_string(), left]);
            }
            cells
        });
        output::table(headings, rows)
    }
}

/// What would be done.
#[derive(Serialize)]
pub(super) struct Estimates {
    pub(super) job: &'static str,
    pub(super) dry_run: bool,
    pub(super) tables: Vec<Estimated>,
}

#[derive(Serialize)]
pub(super) struct Estimated {
    #[serde(flatten)]
    table: Table,
    rows: u64,
    values: u64,
    kms_calls: u64,
    seconds: f64,
}

impl Estimated {
    pub(super) fn new(table: Table, estimate: &Estimate) -> Self {
        let Estimate { rows, values, kms_calls, time, .. } = *estimate;
        Self { table, rows, values, kms_calls, seconds: time.as_secs_f64() }
    }
}

impl Report for Estimates {
    fn text(&self) -> String {
        let rows = self.tables.iter().map(|table| {
            let mut cells = table.table.cells();
            let time = words::duration(Duration::try_from_secs_f64(table.seconds).unwrap_or_default());
            cells.extend([table.rows.to_string(), table.values.to_string(), table.kms_calls.to_string(), time]);
            cells
        });
        let headings = ["TABLE", "COLUMNS", "ROWS", "VALUES TO CHANGE", "KMS CALLS", "TIME, ABOUT"];
        output::table(&headings, rows) + "nothing was changed\n"
    }
}
