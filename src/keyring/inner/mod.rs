//! What all clones of a keyring share.

pub(crate) mod schedule;
pub(crate) mod turns;

use crate::keyring::cache::Cache;
use crate::keyring::inner::schedule::Schedule;
use crate::keyring::inner::turns::Turns;
use crate::keyring::load::{Backends, Flights, Timer, Workers};
use std::sync::Arc;

pub(crate) struct Inner {
    pub(crate) backends: Arc<Backends>,
    pub(crate) cache: Cache,
    pub(crate) flights: Flights,
    pub(crate) workers: Arc<Workers>,
    /// Wakes the tasks that prefetch.
    pub(crate) timer: Timer,
    pub(crate) schedule: Schedule,
    /// The scopes whose keys are being administered, one change at a time.
    pub(crate) administering: Turns,
}

impl Inner {
    /// Without a key yet.
    pub(crate) fn new(backends: Backends) -> Self {
        let settings = &backends.settings;
        Self {
            cache: Cache::new(settings.max_keys),
            flights: Flights::default(),
            workers: Workers::new(settings.parallel, settings.administration()),
            timer: Timer::default(),
            schedule: Schedule::default(),
            administering: Turns::default(),
            backends: Arc::new(backends),
        }
    }
}
