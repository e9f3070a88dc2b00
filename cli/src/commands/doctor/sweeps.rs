//! Sweeps that no process works on any more.

use super::findings::Findings;
use crate::error::Error;
use fieldseal_sweep::running;
use fieldseal_sweep::sql::Client;
use std::time::Duration;

/// A sweep without a worker for longer than this was forgotten, and isn't just slow.
const FORGOTTEN: Duration = Duration::from_secs(3600);

pub(super) fn check(client: &mut dyn Client, findings: &mut Findings) -> Result<(), Error> {
    for sweep in running(client)? {
        if sweep.idle.is_some_and(|idle| idle > FORGOTTEN) {
            findings.warning(
                sweep.job,
                format!("it was begun, and left after {} of {} rows", sweep.rows, sweep.total),
                "run the same command again: it goes on where it was",
            );
        }
    }
    Ok(())
}
