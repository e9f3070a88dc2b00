//! One connection to the database and one listener: work is tried again on the first, and events go
//! to the second.

use crate::connection::Connection;
use crate::error::SweepError;
use crate::events::{Event, Problem};
use crate::sql::{Client, Database};
use crate::waiting::Waiting;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// For how many problems it is remembered that they were reported, so that a further pass doesn't
/// report them again.
const TOLD: usize = 100_000;

/// Does work on the database, again where that may help, and reports what happens.
pub(super) struct Line<'a> {
    connection: Connection<'a>,
    stop: &'a AtomicBool,
    listener: Listener<'a>,
}

struct Listener<'a> {
    observe: &'a mut (dyn FnMut(&Event) + Send),
    /// Fingerprints of the problems that were reported.
    told: HashSet<u64>,
}

impl<'a> Line<'a> {
    /// A connection that is made at its first use.
    pub(super) fn to(
        database: &'a dyn Database,
        stop: &'a AtomicBool,
        observe: &'a mut (dyn FnMut(&Event) + Send),
    ) -> Self {
        let listener = Listener { observe, told: HashSet::new() };
        Self { connection: Connection::to(database), stop, listener }
    }

    /// Does `work`, once.
    pub(super) fn once<T, E: Into<SweepError>>(
        &mut self,
        work: impl FnOnce(&mut dyn Client) -> Result<T, E>,
    ) -> Result<T, SweepError> {
        self.connection.once(work)
    }

    /// Does `work`, and again for as long as what fails may pass.
    pub(super) fn retry<T, E: Into<SweepError>>(
        &mut self,
        work: impl FnMut(&mut dyn Client) -> Result<T, E>,
    ) -> Result<T, SweepError> {
        let Self { connection, stop, listener } = self;
        let tell = &mut |error| listener.tell(&Event::Retrying(error));
        connection.retry(Waiting { is_stopped: &|| stop.load(Ordering::Relaxed), tell }, work)
    }

    /// Does work that waits by itself.
    pub(super) fn waiting<T>(&mut self, work: impl FnOnce(Waiting<'_>) -> T) -> T {
        let Self { stop, listener, .. } = self;
        let tell = &mut |error| listener.tell(&Event::Retrying(error));
        work(Waiting { is_stopped: &|| stop.load(Ordering::Relaxed), tell })
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn tell(&mut self, event: &Event) {
        self.listener.tell(event);
    }
}

impl Listener<'_> {
    fn tell(&mut self, event: &Event) {
        match event {
            Event::Problem(problem) if self.told.len() < TOLD && !self.told.insert(fingerprint(problem)) => {}
            event => (self.observe)(event),
        }
    }
}

/// A hash of the value's place, because keys may be long and problems many.
fn fingerprint(problem: &Problem) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&problem.column, problem.key.to_json()).hash(&mut hasher);
    hasher.finish()
}
