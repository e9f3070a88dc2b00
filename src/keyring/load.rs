//! Loading a key when something needs it: once, however many ask, and never past the deadline.

use super::Inner;
use super::backends::Backends;
use super::cache::{Ticket, refuse};
use super::error::{KeyringError, Need};
use super::flights::{Flight, Outcome, timed_out};
use super::material::KeyMaterial;
use super::refresh::Begun;
use super::stats::count;
use crate::context::Scope;
use crate::error::ErrorKind;
use crate::keys::{KeyId, KeyRecord, KeyState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

/// What a load works with. It doesn't keep the keyring alive: keys are wiped when the program drops it, even if a KMS
/// hangs.
#[derive(Clone)]
pub(super) struct Loader {
    keyring: Weak<Inner>,
    pub(super) backends: Arc<Backends>,
}

impl Inner {
    /// A value needs a key that isn't loaded. Waits for it, unless this keyring never does.
    #[cold]
    pub(super) fn miss(self: &Arc<Self>, need: Need) -> Outcome {
        count(&self.backends.counters.misses);
        if !self.backends.settings.waits {
            return Err(ErrorKind::NotLoaded(need));
        }
        self.fetch(need)
    }

    /// The key that is needed, loaded if it isn't. Waits no longer than the deadline.
    pub(super) fn fetch(self: &Arc<Self>, need: Need) -> Outcome {
        if let Some(error) = self.flights.failure(&need, self.backends.now()) {
            return Err(error);
        }
        let flight = self.start_load(&need, None);
        match flight.wait(self.backends.settings.deadline) {
            Some(outcome) => outcome,
            None => {
                self.flights.give_up(&need, &flight);
                let error = timed_out(need.clone(), &self.backends.settings);
                tracing::warn!(%error, "gave a load up");
                Err(error)
            }
        }
    }

    /// Sees that somebody loads what is needed, whether it's loaded or not: a key that is gets a new lease. `record` saves a
    /// reading of the store.
    pub(super) fn start_load(self: &Arc<Self>, need: &Need, record: Option<(Ticket, KeyRecord)>) -> Arc<Flight> {
        let (flight, is_new) = self.flights.join(need);
        if is_new {
            let (loader, need, flight) = (self.loader(), need.clone(), Arc::clone(&flight));
            self.workers.submit(move || loader.run(&need, &flight, record));
        }
        flight
    }

    /// Waits for loads as long as one after the other ends within the deadline. A key that was retired meanwhile is no
    /// failure.
    pub(super) fn wait_for_all(&self, begun: Begun) -> Result<(), KeyringError> {
        let settings = &self.backends.settings;
        let mut failed = None;
        for (need, flight) in begun {
            match flight.wait(settings.deadline) {
                Some(Err(ErrorKind::LoadFailed(load))) => failed = failed.or(Some(load.error().clone())),
                Some(_) => {}
                None => {
                    self.flights.give_up(&need, &flight);
                    return Err(KeyringError::TimedOut { need: Some(need), after: settings.deadline });
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    pub(super) fn loader(self: &Arc<Self>) -> Loader {
        Loader { keyring: Arc::downgrade(self), backends: Arc::clone(&self.backends) }
    }
}

impl Loader {
    /// Does the work of a flight, unless somebody does already.
    fn run(&self, need: &Need, flight: &Arc<Flight>, record: Option<(Ticket, KeyRecord)>) {
        if !flight.claim() {
            return;
        }
        let work = || match need {
            Need::Open(id) => self.load_key(*id, record),
            Need::Seal(scope) => self.load_primary(scope),
        };
        let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(KeyringError::Panicked.into()));
        if let Err(error) = &outcome {
            count(&self.backends.counters.load_failures);
            tracing::warn!(%need, %error, "a data key could not be loaded");
        }
        match self.keyring.upgrade() {
            Some(keyring) => keyring.flights.land(need, flight, outcome, self.backends.now()),
            None => flight.complete(Err(ErrorKind::NotInstalled)),
        }
    }

    /// The scope's primary: from the store, and then as any key.
    fn load_primary(&self, scope: &Scope) -> Outcome {
        let ticket = self.keyring()?.cache.ticket();
        let records = self.backends.retry(|| Ok(self.backends.store.load_scope(scope)?))?;
        let keyring = self.keyring()?;
        keyring.cache.learn(ticket, scope, &records)?;
        let primary = records.into_iter().find(|record| record.state == KeyState::Primary);
        let record = primary.ok_or_else(|| ErrorKind::NoPrimary(scope.clone()))?;
        if let Some(material) = keyring.cache.usable(record.id, self.backends.now()) {
            return Ok(material);
        }
        let need = Need::Open(record.id);
        let (flight, _) = keyring.flights.join(&need);
        drop(keyring);
        // If nobody has begun with that key, it's done here: the queue may be full of those that wait for it.
        self.run(&need, &flight, Some((ticket, record)));
        flight
            .wait(self.backends.settings.deadline)
            .unwrap_or_else(|| Err(timed_out(need, &self.backends.settings)))
    }

    fn load_key(&self, id: KeyId, known: Option<(Ticket, KeyRecord)>) -> Outcome {
        let (ticket, record) = match known {
            Some(known) => known,
            None => {
                let ticket = self.keyring()?.cache.ticket();
                let record = self.backends.retry(|| Ok(self.backends.store.get(id)?));
                match record {
                    Ok(Some(record)) => (ticket, record),
                    Ok(None) => {
                        self.keyring()?.cache.drop_key(id);
                        return Err(ErrorKind::UnknownKey(id));
                    }
                    Err(error) => return self.keep_or_drop(id, error),
                }
            }
        };
        refuse(id, record.state).inspect_err(|_| {
            if let Ok(keyring) = self.keyring() {
                keyring.cache.note(ticket, &record);
            }
        })?;
        let asked_at = self.backends.now();
        match self.backends.retry(|| self.backends.unwrap(&record)) {
            Ok(key) => {
                let (keyring, lease) = (self.keyring()?, &self.backends.settings.lease);
                if let Some(loaded) = keyring.cache.material(id).filter(|loaded| loaded.is_of(&record)) {
                    loaded.renew(lease, asked_at);
                    count(&self.backends.counters.renewals);
                    tracing::debug!(key = %id, scope = %record.scope, "renewed the lease of a data key");
                    return keyring.cache.put(ticket, &record, loaded);
                }
                count(&self.backends.counters.loads);
                tracing::debug!(key = %id, scope = %record.scope, state = %record.state, "loaded a data key");
                keyring.cache.put(ticket, &record, Arc::new(KeyMaterial::new(&record, key, lease, asked_at)))
            }
            Err(error) => self.keep_or_drop(id, error),
        }
    }

    /// A key that could not be renewed: it stays for its grace, unless the KMS refuses it.
    pub(super) fn keep_or_drop(&self, id: KeyId, error: KeyringError) -> Outcome {
        let keyring = self.keyring()?;
        let Some(loaded) = keyring.cache.material(id) else { return Err(error.into()) };
        if error.ends_key() {
            if keyring.cache.drop_key(id) {
                count(&self.backends.counters.drops);
                tracing::error!(key = %id, scope = %loaded.scope, %error, "dropped a data key: the KMS refuses it");
            }
            return Err(error.into());
        }
        let now = self.backends.now();
        loaded.extend(&self.backends.settings.lease, now);
        if loaded.is_usable(now) {
            count(&self.backends.counters.load_failures);
            tracing::warn!(key = %id, scope = %loaded.scope, %error, "a data key could not be renewed and is in its grace");
            return Ok(loaded);
        }
        Err(error.into())
    }

    pub(super) fn keyring(&self) -> Result<Arc<Inner>, ErrorKind> {
        self.keyring.upgrade().ok_or(ErrorKind::NotInstalled)
    }
}
