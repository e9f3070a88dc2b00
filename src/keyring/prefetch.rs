//! Loading what a page of rows needs, at once and without blocking a thread.

use super::Keyring;
use super::error::{KeyringError, Need};
use super::flights::Flight;
use super::workers::{observed, spawn};
use crate::error::ErrorKind;
use futures_channel::oneshot;
use std::collections::HashSet;
use std::sync::Arc;

impl Keyring {
    /// Loads what is needed, in parallel, and is ready when all of it is there or the deadline has passed. It works in any
    /// async runtime, and takes no thread of it.
    ///
    /// A keyring that [never waits](super::KeyringBuilder::never_wait) needs it before a page of rows is opened:
    ///
    /// ```
    /// # use fieldseal::{Keyring, KeyringError, Need, Scope};
    /// async fn page(keyring: &Keyring, names: &[Vec<u8>], tenant: Scope) -> Result<(), KeyringError> {
    ///     keyring.load(names.iter().filter_map(Need::to_open)).await?;
    ///     // … open them; and before something is sealed for a tenant:
    ///     keyring.load([Need::Seal(tenant)]).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The first failure; everything else was loaded.
    pub async fn load(&self, needs: impl IntoIterator<Item = Need>) -> Result<(), KeyringError> {
        let begun = self.begin(needs)?;
        if begun.is_empty() {
            return Ok(());
        }
        let (send, receive) = oneshot::channel();
        let keyring = self.clone();
        let wait = observed(move || drop(send.send(keyring.inner.wait_for_all(begun))));
        spawn("fieldseal-wait", wait).map_err(|error| KeyringError::NoThread(error.to_string()))?;
        receive.await.unwrap_or(Err(KeyringError::Panicked))
    }

    /// [`Self::load`] for synchronous code: waits on this thread.
    ///
    /// # Errors
    ///
    /// As for [`Self::load`].
    pub fn load_blocking(&self, needs: impl IntoIterator<Item = Need>) -> Result<(), KeyringError> {
        let begun = self.begin(needs)?;
        self.inner.wait_for_all(begun)
    }

    /// Begins the loads of what isn't there.
    fn begin(&self, needs: impl IntoIterator<Item = Need>) -> Result<Vec<(Need, Arc<Flight>)>, KeyringError> {
        let now = self.inner.backends.now();
        let mut begun = Vec::new();
        let needs: HashSet<Need> = needs.into_iter().collect();
        for need in needs {
            let is_there = match &need {
                Need::Open(id) => self.inner.cache.usable(*id, now).is_some(),
                Need::Seal(scope) => {
                    let primary =
                        self.inner.cache.primary(scope).filter(|_| self.inner.cache.openable(scope).is_some());
                    primary.is_some_and(|id| self.inner.cache.usable(id, now).is_some())
                }
            };
            if is_there {
                continue;
            }
            if let Some(ErrorKind::LoadFailed(load)) = self.inner.flights.failure(&need, now) {
                return Err(load.error().clone());
            }
            let flight = self.inner.start_load(&need, None);
            begun.push((need, flight));
        }
        Ok(begun)
    }
}
