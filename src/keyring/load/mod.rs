//! Loading a key when something needs it: once, however many ask, and never past the deadline.

mod backends;
mod flights;
mod prefetch;
mod timer;
mod workers;

pub(crate) use backends::Backends;
pub(crate) use flights::{Flight, Flights, Outcome};
pub(crate) use timer::Timer;
pub(crate) use workers::{Workers, caught, observed, spawn, within};

use crate::context::Scope;
use crate::error::ErrorKind;
use crate::keyring::cache::KeyMaterial;
use crate::keyring::cache::NotTaken;
use crate::keyring::cache::{Ticket, check_opens};
use crate::keyring::error::KeyringError;
use crate::keyring::inner::Inner;
use crate::keyring::need::Need;
use crate::keyring::stats::count;
use crate::keys::{KeyId, KeyRecord, KeyState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How often a load is begun, if the store or the KMS says something else each time.
const ATTEMPTS: u32 = 8;

/// Loads that were begun.
pub(crate) type Begun = Vec<(Need, Arc<Flight>)>;

/// A record that was read already, and doesn't have to be read again.
pub(crate) struct KnownRecord {
    pub(crate) as_of: Ticket,
    pub(crate) record: KeyRecord,
    /// Whether nothing needs the key yet.
    pub(crate) is_ahead: bool,
}

/// What a load works with. It doesn't keep the keyring alive: keys are wiped when the program drops
/// it, even if a KMS hangs.
#[derive(Clone)]
pub(crate) struct Loader {
    keyring: Weak<Inner>,
    pub(crate) backends: Arc<Backends>,
}

impl Inner {
    /// A value needs a key that isn't loaded. Waits for it, unless this keyring never does.
    #[cold]
    pub(crate) fn miss(self: &Arc<Self>, need: Need) -> Outcome {
        count(&self.backends.counters.misses);
        if !self.backends.settings.waits {
            // The failure of a load a moment ago, and otherwise that the key isn't loaded.
            let now = self.backends.now();
            return Err(self.flights.failure(&need, now).unwrap_or(ErrorKind::NotLoaded(need)));
        }
        let key = self.fetch(need)?;
        key.use_at(self.backends.now());
        Ok(key)
    }

    /// The key that is needed, loaded if it isn't. Waits no longer than the deadline.
    pub(crate) fn fetch(self: &Arc<Self>, need: Need) -> Outcome {
        let failure = self.flights.failure(&need, self.backends.now());
        // Where the store alone was asked (for a scope's primary, say), it's asked again: another
        // process may just be creating the key.
        if let Some(error @ ErrorKind::LoadFailed(_)) = failure {
            return Err(error);
        }
        let flight = self.start_load(&need, None);
        let landed = flight.wait(Instant::now() + self.backends.settings.deadline);
        landed.unwrap_or_else(|| self.give_up(&need, &flight, self.backends.settings.deadline))
    }

    /// Ends the wait for a load that took longer than `after`. If it was a renewal, the key goes
    /// into its grace.
    pub(crate) fn give_up(self: &Arc<Self>, need: &Need, flight: &Arc<Flight>, after: Duration) -> Outcome {
        let error = KeyringError::TimedOut { need: Some(need.clone()), after };
        tracing::warn!(%error, "gave a load up");
        self.flights.give_up(need, flight, &error.clone().into(), self.backends.now());
        let outcome = self.loader().settle(need, error);
        if outcome.is_ok() {
            self.flights.forget_failure(need);
        }
        outcome
    }

    /// Has the key loaded that is needed, unless it's there. `known` saves a reading of the store.
    pub(crate) fn start_load(self: &Arc<Self>, need: &Need, known: Option<KnownRecord>) -> Arc<Flight> {
        let (flight, is_new) = self.flights.join(need);
        if is_new {
            // It may have landed since the caller looked.
            match self.loaded(need) {
                Some(key) if flight.claim() => self.flights.land(need, &flight, Ok(key), self.backends.now()),
                _ => self.submit(need, &flight, known),
            }
        }
        flight
    }

    /// Asks the KMS again for a key that is loaded, for a new lease.
    pub(crate) fn start_renewal(self: &Arc<Self>, id: KeyId) -> Arc<Flight> {
        let need = Need::Open(id);
        let (flight, is_new) = self.flights.join(&need);
        if is_new {
            self.submit(&need, &flight, None);
        }
        flight
    }

    fn submit(self: &Arc<Self>, need: &Need, flight: &Arc<Flight>, known: Option<KnownRecord>) {
        let (loader, need, claimed) = (self.loader(), need.clone(), Arc::clone(flight));
        let job = Arc::clone(flight);
        self.workers.submit(move || claimed.is_claimed(), move || loader.run(&need, &job, known));
    }

    /// The key that is needed, if it's loaded and may be used.
    pub(crate) fn loaded(&self, need: &Need) -> Option<Arc<KeyMaterial>> {
        let now = self.backends.now();
        match need {
            Need::Open(id) => self.cache.usable(*id, now),
            Need::Seal(scope) => {
                self.cache.openable(scope)?;
                self.cache.usable(self.cache.primary(scope)?, now)
            }
        }
    }

    /// Waits for all of these loads, for each at most the deadline. A key that was retired
    /// meanwhile is no failure.
    pub(crate) fn wait_for_all(self: &Arc<Self>, begun: Begun) -> Result<(), KeyringError> {
        let (deadline, mut failed) = (self.backends.settings.deadline, None);
        for (need, flight) in begun {
            let landed = flight.wait(Instant::now() + deadline);
            if let Err(ErrorKind::LoadFailed(load)) =
                landed.unwrap_or_else(|| self.give_up(&need, &flight, deadline))
            {
                failed = failed.or_else(|| Some(load.error().clone()));
            }
        }
        failed.map_or(Ok(()), Err)
    }

    pub(crate) fn loader(self: &Arc<Self>) -> Loader {
        Loader { keyring: Arc::downgrade(self), backends: Arc::clone(&self.backends) }
    }
}

impl Loader {
    /// Does the work of a flight, unless another thread does already.
    fn run(&self, need: &Need, flight: &Arc<Flight>, known: Option<KnownRecord>) {
        if !flight.claim() {
            return;
        }
        let work = || match need {
            Need::Open(id) => self.load_key(*id, known),
            Need::Seal(scope) => self.load_primary(scope),
        };
        let outcome = catch_unwind(AssertUnwindSafe(work));
        let outcome = outcome.unwrap_or_else(|_| self.settle(need, KeyringError::Panicked));
        let Some(keyring) = self.keyring.upgrade() else { return flight.complete(outcome) };
        if let Err(error) = &outcome {
            count(&self.backends.counters.load_failures);
            tracing::warn!(%need, %error, "a data key could not be loaded");
            if let Need::Seal(scope) = need {
                keyring.cache.forget_if_idle(scope);
            }
        }
        keyring.flights.land(need, flight, outcome, self.backends.now());
    }

    /// Loads the scope's primary: finds it in the store, and then loads it as any key.
    fn load_primary(&self, scope: &Scope) -> Outcome {
        let ticket = self.keyring()?.cache.ticket();
        let records = self.backends.retry(|| self.backends.scope(scope))?;
        let keyring = self.keyring()?;
        keyring.cache.learn(ticket, scope, &records)?;
        let primary = records.into_iter().find(|record| record.state == KeyState::Primary);
        let record = primary.ok_or_else(|| ErrorKind::NoPrimary(scope.clone()))?;
        let need = Need::Open(record.id);
        let (flight, _) = keyring.flights.join(&need);
        if let Some(key) = keyring.loaded(&need) {
            if flight.claim() {
                keyring.flights.land(&need, &flight, Ok(Arc::clone(&key)), self.backends.now());
            }
            return Ok(key);
        }
        drop(keyring);
        // If no thread has begun with that key, this one does: the queue may be full of jobs that
        // wait for it.
        self.run(&need, &flight, Some(KnownRecord { as_of: ticket, record, is_ahead: false }));
        let after = self.backends.settings.deadline;
        let landed = flight.wait(Instant::now() + after);
        landed.unwrap_or_else(|| self.settle(&need, KeyringError::TimedOut { need: Some(need.clone()), after }))
    }

    fn load_key(&self, id: KeyId, mut known: Option<KnownRecord>) -> Outcome {
        for _ in 0..ATTEMPTS {
            let KnownRecord { as_of, record, is_ahead } = match known.take() {
                Some(known) => known,
                None => match self.read_record(id) {
                    Ok(read) => read?,
                    Err(error) => return self.keep(id, error),
                },
            };
            check_opens(id, record.state).inspect_err(|_| {
                if let Ok(keyring) = self.keyring() {
                    keyring.cache.note(as_of, &record);
                }
            })?;
            let (asked, asked_at) = (self.keyring()?.cache.ticket(), self.backends.now());
            let key = match self.backends.retry(|| self.backends.unwrap(&record)) {
                Ok(key) => key,
                Err(error) if error.ends_key() => return self.end_refused(asked, &record, error),
                Err(error) => return self.keep(id, error),
            };
            let (keyring, lease) = (self.keyring()?, &self.backends.settings.lease);
            let material = match keyring.cache.material(id).filter(|loaded| loaded.is_of(&record)) {
                Some(loaded) => {
                    loaded.renew(lease, asked_at);
                    count(&self.backends.counters.renewals);
                    tracing::debug!(key = %id, scope = %record.scope, "renewed the lease of a data key");
                    loaded
                }
                None => {
                    count(&self.backends.counters.loads);
                    tracing::debug!(key = %id, scope = %record.scope, state = %record.state, "loaded a data key");
                    Arc::new(KeyMaterial::new(&record, key, lease, asked_at, is_ahead))
                }
            };
            match keyring.cache.put(as_of, asked, &record, material) {
                Ok(material) => {
                    keyring.schedule.wake();
                    return Ok(material);
                }
                Err(NotTaken::Refused(error)) => return Err(error),
                Err(NotTaken::Stale) => {}
            }
        }
        Err(KeyringError::Contended(ATTEMPTS).into())
    }

    /// The key's record as it is now.
    fn read_record(&self, id: KeyId) -> Result<Result<KnownRecord, ErrorKind>, KeyringError> {
        let Ok(keyring) = self.keyring() else { return Err(KeyringError::Dropped) };
        let as_of = keyring.cache.ticket();
        drop(keyring);
        match self.backends.retry(|| self.backends.record(id))? {
            Some(record) => Ok(Ok(KnownRecord { as_of, record, is_ahead: false })),
            None => {
                if let Ok(keyring) = self.keyring() {
                    keyring.cache.drop_key(id);
                }
                Ok(Err(ErrorKind::UnknownKey(id)))
            }
        }
    }

    /// Ends the use of a key that the KMS refuses.
    fn end_refused(&self, asked: Ticket, record: &KeyRecord, error: KeyringError) -> Outcome {
        if self.keyring()?.cache.drop_refused(asked, record.id) {
            count(&self.backends.counters.refusals);
            tracing::error!(key = %record.id, scope = %record.scope, %error, "dropped a data key: the KMS refuses it");
        }
        Err(error.into())
    }

    /// Keeps a key for its grace that could not be renewed.
    fn keep(&self, id: KeyId, error: KeyringError) -> Outcome {
        let Some(loaded) = self.keyring()?.cache.material(id) else { return Err(error.into()) };
        let now = self.backends.now();
        loaded.extend(&self.backends.settings.lease, now);
        if !loaded.is_usable(now) {
            return Err(error.into());
        }
        count(&self.backends.counters.load_failures);
        tracing::warn!(key = %id, scope = %loaded.scope, %error, "a data key could not be renewed and is in its grace");
        Ok(loaded)
    }

    /// The outcome of a load that didn't end: the key in its grace, or the error.
    fn settle(&self, need: &Need, error: KeyringError) -> Outcome {
        let id = match need {
            Need::Open(id) => Some(*id),
            Need::Seal(scope) => self.keyring()?.cache.primary(scope),
        };
        match id {
            Some(id) => self.keep(id, error),
            None => Err(error.into()),
        }
    }

    pub(crate) fn keyring(&self) -> Result<Arc<Inner>, ErrorKind> {
        self.keyring.upgrade().ok_or_else(|| KeyringError::Dropped.into())
    }
}
