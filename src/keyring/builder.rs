//! Starting a keyring: with which KMS, which key store, and which settings.

use crate::keyring::Keyring;
use crate::keyring::clock::Clock;
use crate::keyring::error::KeyringError;
use crate::keyring::inner::Inner;
use crate::keyring::load::Backends;
use crate::keyring::settings::Settings;
use crate::keyring::upkeep;
use crate::kms::Kms;
use crate::store::KeyStore;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Starts a keyring with other settings than [`Keyring::start`] has. Their order makes no
/// difference.
///
/// ```
/// use fieldseal::{Keyring, kms, store};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let kms = kms::Local::create(dir.path().join("kek.json"))?;
/// let keyring = Keyring::builder(kms, store::Memory::new())
///     .lease(Duration::from_secs(900))
///     .max_keys(5_000)
///     .start()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `start` is called"]
pub struct KeyringBuilder {
    kms: Vec<Arc<dyn Kms>>,
    store: Box<dyn KeyStore>,
    settings: Settings,
}

impl Keyring {
    /// Starts a keyring with the settings that fit most programs: see [`KeyringBuilder`] for them.
    ///
    /// Loads every data key of the store that opens values, one KMS call each, in parallel; beyond
    /// 10,000 keys only the application's, and others on demand. An empty store gives an empty
    /// keyring; [`Admin::ensure_scope`](crate::keyring::Admin::ensure_scope) creates a scope's
    /// first key.
    ///
    /// # Errors
    ///
    /// See [`KeyringBuilder::start`].
    pub fn start(kms: impl Kms + 'static, store: impl KeyStore + 'static) -> Result<Self, KeyringError> {
        Self::builder(kms, store).start()
    }

    /// Other settings: leases, bounds, deadlines, several KMS.
    pub fn builder(kms: impl Kms + 'static, store: impl KeyStore + 'static) -> KeyringBuilder {
        KeyringBuilder::new(kms, store)
    }
}

impl KeyringBuilder {
    fn new(kms: impl Kms + 'static, store: impl KeyStore + 'static) -> Self {
        Self { kms: vec![Arc::new(kms)], store: Box::new(store), settings: Settings::default() }
    }

    /// Another KMS whose KEK wraps every new data key too: a second region or account, or a
    /// break-glass file.
    ///
    /// A key opens with the first that answers, in the order in which they were given. Keys that
    /// exist already get their copy by [`Admin::add_copies`](crate::keyring::Admin::add_copies).
    pub fn and_kms(mut self, kms: impl Kms + 'static) -> Self {
        self.kms.push(Arc::new(kms));
        self
    }

    /// How long a key is used before the KMS must have been asked for it again. Default: one hour.
    ///
    /// Disabling a KEK stops a running process within this time. Renewal begins in the last third
    /// of it, in the background, for keys that were used since; a key that nobody used is dropped
    /// at its end. An hour costs some 34 KMS calls a day for each key and process. At least a
    /// second.
    pub fn lease(mut self, length: Duration) -> Self {
        self.settings.lease.length = length.max(Duration::from_secs(1));
        self
    }

    /// How long a key stays usable after its lease while the KMS can't be reached. Default: four
    /// hours.
    ///
    /// Then it's dropped, and sealing and opening fail. A KMS that *refuses* (denied, disabled, not
    /// found) ends a key at once. Four hours outlast what the large providers had of outages;
    /// anyone who can cut the network to the KMS can delay a revocation by as much.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.lease.grace = grace;
        self
    }

    /// How often the key store is read again, in the background. Default: one minute. It takes one
    /// query, or with more keys in the store than [`Self::max_keys`] one for each scope in use, and
    /// a KMS call only for keys that are new.
    pub fn refresh_every(mut self, interval: Duration) -> Self {
        self.settings.refresh = interval;
        self
    }

    /// How long a staged key must have been published before
    /// [`Admin::promote`](crate::keyring::Admin::promote) takes it. Default: twice
    /// [`Self::refresh_every`], so that every process has read the store in between; give the
    /// longest of the fleet.
    pub fn propagation(mut self, delay: Duration) -> Self {
        self.settings.propagation = Some(delay);
        self
    }

    /// The most keys that are held at the same time. Default: 10,000, which take up to 20 MB, and
    /// 2.5 KB more for each column that is used under each; at least 1.
    ///
    /// If the store has no more than that, starting the keyring loads all of them; otherwise it
    /// loads the application's, and tenants' on demand. Beyond the bound the one that was not used
    /// for the longest is dropped.
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.settings.max_keys = keys.max(1);
        self
    }

    /// How long sealing, opening and administration wait for the KMS and the key store. Default:
    /// ten seconds, below the half minute after which HTTP clients and load balancers usually give
    /// up; at most a day.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline.min(Duration::from_secs(86_400));
        self
    }

    /// Sealing and opening never wait: a key that isn't loaded is [`crate::ErrorKind::NotLoaded`].
    /// For programs that must not block a thread: [`Keyring::prefetch`] gets what a page of rows
    /// needs, asynchronously and at once.
    pub fn never_wait(mut self) -> Self {
        self.settings.waits = false;
        self
    }

    /// With several KMS: how long one may take to answer before the next is asked as well. Default:
    /// half a second, which is far above what a KMS takes, and well below what anyone waits for.
    pub fn hedge_after(mut self, delay: Duration) -> Self {
        self.settings.hedge = delay;
        self
    }

    /// How many keys are unwrapped at the same time. Default: 16, which a KMS's limits (AWS: 5,500
    /// to 100,000 a second) never notice; at least 1.
    pub fn parallel_calls(mut self, calls: usize) -> Self {
        self.settings.parallel = calls.max(1);
        self
    }

    /// Starts no background thread: leases aren't renewed ahead of their end, and the store isn't
    /// read again, unless the program calls [`Keyring::tend`] every now and then.
    pub fn without_background(mut self) -> Self {
        self.settings.background = false;
        self
    }

    /// Another clock, for tests: [`Clock::manual`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Starts the keyring: loads every data key that opens values, in parallel, if there are no
    /// more than [`Self::max_keys`]; the application's otherwise.
    ///
    /// # Errors
    ///
    /// If the store can't be read, or if not one key could be loaded. A single damaged record is no
    /// error: it is logged, and reported when its key is needed.
    pub fn start(self) -> Result<Keyring, KeyringError> {
        let inner = Arc::new(Inner::new(Backends::new(self.kms, self.store, self.settings)));
        inner.preload()?;
        inner.schedule.refreshed(inner.backends.now(), inner.backends.settings.refresh);
        if inner.backends.settings.background {
            upkeep::begin(&inner)?;
        }
        Ok(Keyring { inner })
    }
}

impl fmt::Debug for KeyringBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kms, store, settings } = self;
        f.debug_struct("KeyringBuilder")
            .field("kms", kms)
            .field("store", store)
            .field("settings", settings)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;
    use crate::testing;
    use std::time::Duration as D;

    #[test]
    fn the_order_of_settings_makes_no_difference() {
        type Set = fn(KeyringBuilder) -> KeyringBuilder;
        let clock = |builder: KeyringBuilder| builder.clock(Clock::manual());
        let sets: [Set; 9] = [
            |builder| builder.lease(D::from_secs(7)),
            |builder| builder.grace(D::from_secs(8)),
            |builder| builder.refresh_every(D::from_secs(9)),
            |builder| builder.propagation(D::from_secs(10)),
            |builder| builder.max_keys(11),
            |builder| builder.deadline(D::from_secs(12)),
            KeyringBuilder::never_wait,
            |builder| builder.hedge_after(D::from_secs(13)).parallel_calls(14),
            KeyringBuilder::without_background,
        ];
        let new = || clock(Keyring::builder(testing::FaultyKms::new(), Memory::new()));
        let there = sets.iter().fold(new(), |builder, set| set(builder));
        let back = sets.iter().rev().fold(new(), |builder, set| set(builder));
        assert_eq!(format!("{:?}", there.settings), format!("{:?}", back.settings));
    }
}
