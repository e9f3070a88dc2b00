//! Values that don't open.

use super::findings::Findings;
use crate::error::Error;
use crate::survey::DeclaredTable;
use crate::target::Target;
use fieldseal::ErrorKind;
use fieldseal_sweep::sql::Database;
use fieldseal_sweep::{Event, Job, ProblemKind, Sweep};
use std::collections::BTreeMap;

/// How many rows are named for a column.
const NAMED: usize = 3;

pub(super) fn check(
    target: &Target,
    database: &dyn Database,
    fitting: &[DeclaredTable],
    sample: u64,
    findings: &mut Findings,
) -> Result<(), Error> {
    let keyring = target.keyring_for_rows()?;
    for DeclaredTable { schema, columns, .. } in fitting {
        if columns.is_empty() {
            continue;
        }
        let names = columns.iter().map(|column| column.sql_name());
        let sweep = Sweep::new(Job::Verify, *schema).columns(names).sample(sample);
        let mut problems: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let report = sweep.run(&keyring, database, |event| {
            if let Event::Problem(problem) = event
                // Values under such keys were reported already, counted by key.
                && !matches!(problem.kind, ProblemKind::Value(ErrorKind::DestroyedKey(_) | ErrorKind::RetiredKey(_) | ErrorKind::UnknownKey(_)))
            {
                let place = format!("{}.{}", problem.table, problem.column);
                problems.entry((place, problem.kind.to_string())).or_default().push(problem.key.to_string());
            }
        })?;
        for ((place, what), keys) in problems {
            let named = keys.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = if keys.len() > NAMED { ", …" } else { "" };
            findings.error(
                place,
                format!("{} of {} rows that were looked at: {what}", keys.len(), report.rows),
                format!("rows {named}{more}: `fieldseal verify --problems PATH` lists all of them"),
            );
        }
    }
    Ok(())
}
