//! Guards that aren't there, and those that are in the way.

use super::findings::Findings;
use crate::commands::guards::{checked, of_store};
use crate::error::{Error, Kind};
use crate::target::Target;
use fieldseal::Schema;
use fieldseal::guards::guards;
use fieldseal_sweep::sql::Client;

pub(super) fn check(
    target: &Target,
    client: &mut dyn Client,
    schemas: &[Schema],
    findings: &mut Findings,
) -> Result<(), Error> {
    let keys = match of_store(target, || target.records()) {
        Ok(keys) => keys,
        // Which keys they should refuse isn't known.
        Err(error) if error.kind() != Kind::TryAgain => {
            findings.note("guards", format!("they weren't looked at: {}", error.summary()), error.advice());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let guards = guards(client.dialect(), schemas, &keys);
    let checked = checked(client, &guards)?;
    let missing = checked.iter().filter(|guard| guard.is_missing()).count();
    // Guards are optional: if there are none at all, one line says so.
    if missing == guards.len() && missing > 0 {
        findings.note(
            "guards",
            "no column has a guard: anyone who writes SQL can put plaintext into a sealed column, where the program refuses it",
            "`fieldseal guards apply`",
        );
    }
    for guard in &checked {
        let Some(problem) = &guard.problem else { continue };
        if missing == guards.len() && guard.is_missing() {
            continue;
        }
        let (place, what) = problem.split_once(": ").unwrap_or(("guards", problem));
        findings.warning(place, what, "`fieldseal guards apply`; those of columns that aren't sealed any more: `fieldseal guards remove --stray`");
    }
    Ok(())
}
