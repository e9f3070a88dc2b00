//! Sweeps that nobody is at any more.

use super::Findings;
use crate::error::Error;
use fieldseal_sweep::running;
use fieldseal_sweep::sql::Client;

/// A sweep that was left for longer is forgotten rather than slow.
const FORGOTTEN_MILLIS: i64 = 3_600_000;

pub(super) fn check(client: &mut dyn Client, findings: &mut Findings) -> Result<(), Error> {
    for sweep in running(client)? {
        if sweep.idle_millis > FORGOTTEN_MILLIS {
            findings.warning(
                sweep.job,
                format!("it was begun, and left after {} of {} rows", sweep.rows, sweep.total),
                "run the same command again: it goes on where it was",
            );
        }
    }
    Ok(())
}
