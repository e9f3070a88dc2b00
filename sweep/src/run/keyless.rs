//! Rows that no sweep reaches.

use super::line::Line;
use crate::batch::reading;
use crate::error::SweepError;
use crate::events::{Event, Problem, Report};
use crate::plan::{ProblemKind, RowKey, TablePlan};
use crate::sql::Cell;

/// Rows without a primary key are reported: SQLite lets a primary key be NULL, and no order has
/// such a row.
pub(super) fn tell_of_rows_without_key(
    plan: &TablePlan,
    report: &mut Report,
    line: &mut Line<'_>,
) -> Result<(), SweepError> {
    let rows = line.retry(|client| reading::without_key(client, plan))?;
    if rows > 0 {
        report.failed += rows;
        line.tell(&Event::Problem(Problem {
            table: plan.table.to_owned(),
            column: plan.key_names(""),
            key: RowKey::new(vec![Cell::Null]),
            kind: ProblemKind::Row("rows whose primary key is NULL can't be swept"),
        }));
    }
    Ok(())
}
