//! Reading the key store: all of it where it fits, the scopes in use where it doesn't.

use crate::context::Scope;
use crate::keyring::cache::Ticket;
use crate::keyring::error::KeyringError;
use crate::keyring::inner::Inner;
use crate::keyring::load::{Backends, Begun, KnownRecord, Loader, within};
use crate::keyring::need::Need;
use crate::keyring::stats::count;
use crate::keys::KeyRecord;
use crate::store::StoreError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many keys are loaded first, to see whether the KMS gives any.
const FEW: usize = 16;

/// What was read of the store, scope by scope.
struct Reading {
    as_of: Ticket,
    scopes: BTreeMap<Scope, Vec<KeyRecord>>,
    /// Why the last scope failed that could not be read or whose records contradict each other. The
    /// others are taken in all the same.
    failed: Option<KeyringError>,
}

impl Inner {
    /// What a keyring begins with: every key that opens values if they are few enough, the
    /// application's otherwise. It isn't bounded as a whole: it goes on while key after key is
    /// loaded.
    pub(crate) fn preload(self: &Arc<Self>) -> Result<(), KeyringError> {
        let (backends, as_of) = (Arc::clone(&self.backends), self.cache.ticket());
        let limit = backends.settings.administration();
        let (mut reading, in_view) = within(limit, move || {
            let reading = backends.read(as_of, &[Scope::APPLICATION])?;
            let is_nothing = reading.failed.is_some() && reading.scopes.values().all(Vec::is_empty);
            // A scope with a damaged record isn't taken in. Its keys that can be read are loaded
            // all the same, to open what is under them.
            let in_view = if is_nothing { backends.in_view().unwrap_or_default() } else { Vec::new() };
            Ok((reading, in_view))
        })?;
        let mut records = self.learn(&mut reading);
        records.extend(in_view);
        let openable = records.into_iter().filter(|record| record.state.opens());
        let loaded = self.wait_for_all(self.load_all(reading.as_of, openable.collect(), false));
        match (self.cache.loaded(), loaded.err().or(reading.failed)) {
            (0, Some(error)) => Err(error),
            (_, Some(error)) => {
                tracing::error!(%error, "a data key is missing: what is sealed under it can't be opened");
                Ok(())
            }
            (_, None) => Ok(()),
        }
    }

    /// Reads the store again, and waits for the keys that are new.
    pub(crate) fn refresh(self: &Arc<Self>) -> Result<(), KeyringError> {
        let loader = self.loader();
        let limit = self.backends.settings.administration();
        let (begun, read) = within(limit, move || Ok(loader.reread()))?;
        let loaded = self.wait_for_all(begun);
        read.and(loaded)
    }

    /// Takes in every scope whose records fit together, and gives back these records.
    fn learn(&self, reading: &mut Reading) -> Vec<KeyRecord> {
        let mut learnt = Vec::new();
        for (scope, records) in std::mem::take(&mut reading.scopes) {
            match self.cache.learn(reading.as_of, &scope, &records) {
                Ok(()) => learnt.extend(records),
                Err(error) => reading.failed = Some(error),
            }
        }
        learnt
    }

    /// Begins to load the keys of those records that aren't loaded, in parallel.
    pub(crate) fn load_all(self: &Arc<Self>, as_of: Ticket, records: Vec<KeyRecord>, is_ahead: bool) -> Begun {
        let missing = records.into_iter().filter(|record| self.loaded(&Need::Open(record.id)).is_none());
        let begin = |record: KeyRecord| {
            let need = Need::Open(record.id);
            let flight = self.start_load(&need, Some(KnownRecord { as_of, record, is_ahead }));
            (need, flight)
        };
        missing.map(begin).collect()
    }
}

impl Loader {
    /// Takes in what other processes changed, and begins to load keys that are new in a scope in
    /// use, ahead of their first value. Even if it returns an error, everything else was taken in.
    pub(crate) fn reread(&self) -> (Begun, Result<(), KeyringError>) {
        let done = self.reread_and_load();
        count(&self.backends.counters.refreshes);
        let (begun, failed) = match done {
            Ok((begun, failed)) => (begun, failed),
            Err(error) => (Begun::new(), Some(error)),
        };
        if let Some(error) = &failed {
            count(&self.backends.counters.refresh_failures);
            tracing::warn!(%error, "the key store could not be read again as a whole");
        }
        (begun, failed.map_or(Ok(()), Err))
    }

    fn reread_and_load(&self) -> Result<(Begun, Option<KeyringError>), KeyringError> {
        let gone = KeyringError::Dropped;
        let (as_of, known) = {
            let Ok(keyring) = self.keyring() else { return Err(gone) };
            keyring.flights.forget_failures();
            (keyring.cache.ticket(), keyring.cache.scopes())
        };
        // The store may hang: the keyring isn't kept alive meanwhile.
        let mut reading = self.backends.read(as_of, &known)?;
        let Ok(keyring) = self.keyring() else { return Err(gone) };
        let records = keyring.learn(&mut reading);
        let is_ahead = |record: &KeyRecord| record.state.is_ahead() && keyring.cache.is_in_use(&record.scope);
        let ahead = records.into_iter().filter(is_ahead).collect();
        Ok((keyring.load_all(as_of, ahead, true), reading.failed))
    }
}

impl Backends {
    /// Some records that can be read.
    fn in_view(&self) -> Result<Vec<KeyRecord>, KeyringError> {
        Ok(self.retry(|| Ok(self.store.page(None, FEW)?))?.records)
    }

    /// Reads the whole store if it has no more keys than are held, and otherwise those scopes. A
    /// scope that is among them and has no records is there, empty.
    fn read(&self, as_of: Ticket, wanted: &[Scope]) -> Result<Reading, KeyringError> {
        let most = self.settings.max_keys;
        let mut reading = Reading { as_of, scopes: BTreeMap::new(), failed: None };
        let page = self.retry(|| Ok(self.store.page(None, most.saturating_add(1))?))?;
        if let Some(error) = page.damaged.first() {
            // One damaged row must not take the other scopes with it.
            reading.failed = Some(self.damaged(*error));
        } else if page.records.len() <= most {
            for scope in wanted {
                reading.scopes.entry(scope.clone()).or_default();
            }
            for record in page.records {
                reading.scopes.entry(record.scope.clone()).or_default().push(record);
            }
            return Ok(reading);
        }
        for scope in wanted {
            match self.retry(|| self.scope(scope)) {
                Ok(records) => drop(reading.scopes.insert(scope.clone(), records)),
                Err(error @ KeyringError::Store(StoreError::Malformed { .. })) => reading.failed = Some(error),
                Err(error) => return Err(error),
            }
        }
        Ok(reading)
    }
}
