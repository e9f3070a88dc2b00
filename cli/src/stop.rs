//! Ctrl-C, and the other signals that ask a process to end.

use crate::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// True after the first signal; the second ends the process.
pub(crate) fn on_signals() -> Result<Arc<AtomicBool>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Error::failed("signals can't be waited for").why(error.to_string()))?;
    Ok(stop)
}
