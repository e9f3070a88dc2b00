//! Tables and columns: whether they fit the lock file, and whether they hold what is written.

use super::findings::Findings;
use crate::error::Error;
use crate::survey::{DeclaredTable, Surveyed};
use fieldseal::Dialect;
use fieldseal::Schema;
use fieldseal::schema::column_check;
use fieldseal_sweep::sql::{Client, Table};
use fieldseal_sweep::{Job, Sweep, SweepError};

/// The tables that are as the lock file says, without the columns that aren't.
pub(super) fn check(
    client: &mut dyn Client,
    schemas: &[Schema],
    findings: &mut Findings,
) -> Result<Vec<DeclaredTable>, Error> {
    let mut fitting = Vec::new();
    for schema in schemas {
        let Some(table) = Table::describe(client, schema.sql_table)? else {
            findings.error(
                schema.sql_table,
                "the lock file has this table, and the database doesn't",
                "run the program's migrations; or this is another database, or another program's lock file",
            );
            continue;
        };
        let mut columns = Vec::new();
        for column in schema.columns {
            match Sweep::new(Job::Reencrypt, *schema).columns([column.sql_name()]).plan(client) {
                Ok(_) => columns.push(column),
                Err(SweepError::Plan(error)) => {
                    let place = format!("{}.{}", schema.sql_table, column.sql_name());
                    findings.error(place, error.to_string(), Error::from(error).advice());
                }
                Err(error) => return Err(error.into()),
            }
        }
        fitting.push(DeclaredTable { schema: *schema, table, columns });
    }
    // Finds MySQL's sizes and collations; on other databases it would repeat the findings above.
    if client.dialect() == Dialect::Mysql {
        let sized: Vec<_> = fitting.iter().map(|chosen| chosen.schema).collect();
        for row in client.rows(&column_check(Dialect::Mysql, &sized), &[])? {
            let problem = row.first().and_then(|cell| cell.as_str()).unwrap_or_default();
            let (place, what) = problem.split_once(": ").unwrap_or(("", problem));
            findings.warning(place, what, "change the column, or `size` in the model");
        }
        check_mode(client, findings)?;
    }
    Ok(fitting)
}

/// Without strict mode MySQL cuts what is too long, without an error.
fn check_mode(client: &mut dyn Client, findings: &mut Findings) -> Result<(), Error> {
    let mode = client.row("SELECT @@GLOBAL.sql_mode", &[])?;
    let mode = mode.as_ref().and_then(|row| row.first()).and_then(|cell| cell.as_str()).unwrap_or_default();
    if !mode.contains("STRICT_") {
        findings.warning(
            "the server",
            "it isn't in strict mode: what is longer than its column is cut off without an error",
            "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_ALL_TABLES'), and the same in the server's configuration",
        );
    }
    Ok(())
}

/// Columns whose longest value nearly fills them, or that hold less than the model says.
pub(super) fn check_sizes(surveyed: &[Surveyed], findings: &mut Findings) {
    for column in surveyed {
        let (Some(declared), Some(size)) = (column.column, column.stored.size) else { continue };
        let least = u64::try_from(declared.size_for(1)).unwrap_or(u64::MAX);
        let longest = column.survey.longest;
        let type_name = &column.stored.type_name;
        if size < least {
            findings.error(
                column.full_name(),
                format!("it is {type_name}, and the shortest sealed value has {least}"),
                format!(
                    "make it at least as large as `Column::size_for` says: {} for values of 100 bytes",
                    declared.size_for(100)
                ),
            );
        } else if longest.saturating_mul(10) >= size.saturating_mul(9) {
            findings.warning(
                column.full_name(),
                format!("it is {type_name}, and its longest value has {longest}"),
                "make it larger before values are refused, and its `size` in the model",
            );
        }
    }
}
