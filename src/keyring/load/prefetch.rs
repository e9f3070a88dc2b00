//! Loading what a page of rows needs, at once and without blocking a thread.

use crate::context::Scope;
use crate::error::ErrorKind;
use crate::keyring::Keyring;
use crate::keyring::error::KeyringError;
use crate::keyring::inner::Inner;
use crate::keyring::load::timer::{Deadline, Timer};
use crate::keyring::load::{Begun, Flight, Outcome};
use crate::keyring::need::Need;
use std::collections::HashSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

impl Keyring {
    /// Loads what is needed, in parallel, and is ready when all of it is there or the deadline has
    /// passed. It works in any async runtime, and blocks none of its threads.
    ///
    /// A keyring that [never waits](crate::KeyringBuilder::never_wait) needs it before a page of
    /// rows is opened:
    ///
    /// ```
    /// # use fieldseal::keyring::Need;
    /// # use fieldseal::value::StoredBytes;
    /// # use fieldseal::{Column, Keyring, KeyringError, Scope};
    /// # const NAME: Column = Column::new("patients", "name");
    /// async fn page(
    ///     keyring: &Keyring,
    ///     names: &[StoredBytes],
    ///     tenant: Scope,
    /// ) -> Result<(), KeyringError> {
    ///     keyring.prefetch(names.iter().filter_map(|name| Need::of_stored(&NAME, name))).await?;
    ///     // … open them; and before something is sealed for a tenant:
    ///     keyring.prefetch([Need::Seal(tenant)]).await
    /// }
    /// ```
    ///
    /// A key that is retired, destroyed or unknown, and a tenant without a key, are no failure
    /// here: opening or sealing reports them.
    ///
    /// # Errors
    ///
    /// The first failure; everything else was loaded.
    pub async fn prefetch(&self, needs: impl IntoIterator<Item = Need>) -> Result<(), KeyringError> {
        let (begun, mut failed) = self.begin(needs);
        let mut deadline = Deadline::after(self.inner.backends.settings.deadline);
        for (need, flight) in begun {
            let landed = landed(&flight, &self.inner.timer, &mut deadline).await;
            self.inner.take(&need, &flight, landed, &mut failed);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Loads every key of a scope that opens values: what [`Self::seal_under_each_key`] needs, and
    /// the derive's `seal_x_under_each_key`.
    ///
    /// # Errors
    ///
    /// As for [`Self::prefetch`].
    pub async fn prefetch_for_lookup(&self, scope: &Scope) -> Result<(), KeyringError> {
        self.prefetch([Need::Seal(scope.clone())]).await?;
        let keys = self.inner.cache.openable(scope).unwrap_or_default();
        self.prefetch(keys.into_iter().map(Need::Open)).await
    }

    /// [`Self::prefetch`] for synchronous code: waits on this thread.
    ///
    /// # Errors
    ///
    /// As for [`Self::prefetch`].
    pub fn prefetch_blocking(&self, needs: impl IntoIterator<Item = Need>) -> Result<(), KeyringError> {
        let (begun, mut failed) = self.begin(needs);
        let until = Instant::now() + self.inner.backends.settings.deadline;
        for (need, flight) in begun {
            let landed = flight.wait(until);
            self.inner.take(&need, &flight, landed, &mut failed);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Begins the loads of what isn't there, except of what has failed a moment ago.
    fn begin(&self, needs: impl IntoIterator<Item = Need>) -> (Begun, Option<KeyringError>) {
        let (mut begun, mut failed) = (Begun::new(), None);
        let needs: HashSet<Need> = needs.into_iter().collect();
        for need in needs {
            if self.inner.loaded(&need).is_some() {
                continue;
            }
            match self.inner.flights.failure(&need, self.inner.backends.now()) {
                Some(ErrorKind::LoadFailed(load)) => failed = failed.or(Some(load.error().clone())),
                _ => {
                    let flight = self.inner.start_load(&need, None);
                    begun.push((need, flight));
                }
            }
        }
        (begun, failed)
    }
}

impl Inner {
    fn take(
        self: &Arc<Self>,
        need: &Need,
        flight: &Arc<Flight>,
        landed: Option<Outcome>,
        failed: &mut Option<KeyringError>,
    ) {
        match landed.unwrap_or_else(|| self.give_up(need, flight, self.backends.settings.deadline)) {
            // It's loaded because a value is about to use it.
            Ok(key) => drop(key.use_at(self.backends.now())),
            Err(ErrorKind::LoadFailed(load)) if failed.is_none() => *failed = Some(load.error().clone()),
            Err(_) => {}
        }
    }
}

/// The outcome of the flight, if it's there before the deadline.
async fn landed(flight: &Flight, timer: &Timer, deadline: &mut Deadline) -> Option<Outcome> {
    poll_fn(|context| match flight.poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => deadline.poll(timer, context).map(|()| None),
    })
    .await
}
