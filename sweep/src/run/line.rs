//! The connection between those who run a sweep and those who listen to them.

use crate::connection::Connection;
use crate::error::SweepError;
use crate::events::{Event, Problem};
use crate::sql::{Client, Database};
use crate::waiting::Waiting;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// So many problems are told once, whatever the number of passes.
const TOLD: usize = 100_000;

/// Work on the database is done on it, and done again where that may help; what happens is told.
pub(super) struct Line<'a> {
    connection: Connection<'a>,
    stop: &'a AtomicBool,
    listener: Listener<'a>,
}

struct Listener<'a> {
    observe: &'a mut (dyn FnMut(&Event) + Send),
    /// The places of problems that were told.
    told: HashSet<u64>,
}

impl<'a> Line<'a> {
    /// Not connected yet.
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

    /// Does what waits by itself.
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

/// Of the value's place: keys may be long, and problems many.
fn fingerprint(problem: &Problem) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&problem.column, problem.key.to_json()).hash(&mut hasher);
    hasher.finish()
}
