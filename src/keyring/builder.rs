//! How a keyring lives in a running process: leases, bounds, deadlines. Every default has its reason.

use crate::keyring::Keyring;
use crate::keyring::clock::{Clock, Millis, millis};
use crate::keyring::error::KeyringError;
use crate::keys::KeyId;
use crate::kms::Kms;
use crate::store::KeyStore;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Opens a keyring with other settings than [`Keyring::open`] has.
///
/// ```
/// use fieldseal::{Keyring, kms, store};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let kms = kms::Local::create(dir.path().join("kek.json"), None)?;
/// let keyring = Keyring::builder(kms, store::Memory::new())
///     .lease(Duration::from_secs(900))
///     .max_keys(5_000)
///     .open()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `open` is called"]
pub struct KeyringBuilder {
    pub(crate) kms: Vec<Arc<dyn Kms>>,
    pub(crate) store: Box<dyn KeyStore>,
    pub(crate) settings: Settings,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) lease: Lease,
    pub(crate) refresh: Duration,
    pub(crate) propagation: Option<Duration>,
    pub(crate) max_keys: usize,
    pub(crate) deadline: Duration,
    pub(crate) waits: bool,
    pub(crate) hedge: Duration,
    pub(crate) parallel: usize,
    pub(crate) background: bool,
    pub(crate) clock: Clock,
}

impl KeyringBuilder {
    pub(crate) fn new(kms: impl Kms + 'static, store: impl KeyStore + 'static) -> Self {
        let settings = Settings {
            lease: Lease { length: Duration::from_secs(3600), grace: Duration::from_secs(4 * 3600) },
            refresh: Duration::from_secs(60),
            propagation: None,
            max_keys: 10_000,
            deadline: Duration::from_secs(10),
            waits: true,
            hedge: Duration::from_millis(500),
            parallel: 16,
            background: true,
            clock: Clock::system(),
        };
        Self { kms: vec![Arc::new(kms)], store: Box::new(store), settings }
    }

    /// Another KMS whose KEK wraps every new data key too: a second region or account, or a break-glass file.
    ///
    /// A key opens with the first that answers, in the order in which they were given. Keys that exist already get their
    /// copy by [`Keyring::add_copies`].
    pub fn and_kms(mut self, kms: impl Kms + 'static) -> Self {
        self.kms.push(Arc::new(kms));
        self
    }

    /// How long a key is used before the KMS must have been asked for it again. Default: one hour.
    ///
    /// Disabling a KEK stops a running process within this time. Renewal begins in the last third of it, in the
    /// background, for keys that were used since; a key that nobody used is dropped at its end. An hour costs some 34 KMS
    /// calls a day for each key and process. At least a second.
    pub fn lease(mut self, length: Duration) -> Self {
        self.settings.lease.length = length.max(Duration::from_secs(1));
        self
    }

    /// How long a key stays usable after its lease while the KMS can't be reached. Default: four hours.
    ///
    /// Then it's dropped, and sealing and opening fail. A KMS that *refuses* (denied, disabled, not found) ends a key at
    /// once. Four hours outlast what the large providers had of outages; whoever can cut the network to the KMS can
    /// delay a revocation by as much.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.lease.grace = grace;
        self
    }

    /// How often the key store is read again, in the background. Default: one minute. It takes one query, or with
    /// more keys in the store than [`Self::max_keys`] one for each scope in use, and a KMS call only for keys that are new.
    pub fn refresh_every(mut self, interval: Duration) -> Self {
        self.settings.refresh = interval;
        self
    }

    /// How long a staged key must have been published before [`Keyring::promote`] takes it. Default: twice
    /// [`Self::refresh_every`], so that every process has read the store in between; give the longest of the fleet.
    pub fn propagation(mut self, delay: Duration) -> Self {
        self.settings.propagation = Some(delay);
        self
    }

    /// The most keys that are held at the same time. Default: 10,000, which take up to 20 MB, and 2.5 KB more for
    /// each column that is used under each; at least 1.
    ///
    /// If the store has no more than that, opening the keyring loads all of them; otherwise it loads the application's,
    /// and tenants' on demand. Beyond the bound the one that was not used for the longest is dropped.
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.settings.max_keys = keys.max(1);
        self
    }

    /// How long sealing, opening and administration wait for the KMS and the key store. Default: ten seconds, below
    /// the half minute after which HTTP clients and load balancers usually give up; at most a day.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline.min(Duration::from_secs(86_400));
        self
    }

    /// Sealing and opening never wait: a key that isn't loaded is [`crate::ErrorKind::NotLoaded`]. For programs that must
    /// not block a thread: [`Keyring::load`] gets what a page of rows needs, asynchronously and at once.
    pub fn never_wait(mut self) -> Self {
        self.settings.waits = false;
        self
    }

    /// With several KMS: how long one may take to answer before the next is asked as well. Default: half a second, which
    /// is far above what a KMS takes, and well below what anyone waits for.
    pub fn hedge_after(mut self, delay: Duration) -> Self {
        self.settings.hedge = delay;
        self
    }

    /// How many keys are unwrapped at the same time. Default: 16, which a KMS's limits (AWS: 5,500 to 100,000 a second)
    /// never notice; at least 1.
    pub fn parallel_calls(mut self, calls: usize) -> Self {
        self.settings.parallel = calls.max(1);
        self
    }

    /// No background thread: leases aren't renewed ahead, the store isn't read again. The program calls
    /// [`Keyring::tend`] every now and then, or does without.
    pub fn without_background(mut self) -> Self {
        self.settings.background = false;
        self
    }

    /// Another clock, for tests: [`Clock::manual`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Opens the keyring: loads every data key that opens values, in parallel, if there are no more than
    /// [`Self::max_keys`]; the application's otherwise.
    ///
    /// # Errors
    ///
    /// If the store can't be read, or keys could be loaded of none: a single damaged record is logged, and reported
    /// when its key is needed.
    pub fn open(self) -> Result<Keyring, KeyringError> {
        Keyring::start(self)
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

impl Settings {
    /// The longest that administration waits: a KMS that is tried again for all of its deadline, and a store after it.
    pub(crate) fn administration(&self) -> Duration {
        self.deadline.saturating_mul(3)
    }

    pub(crate) fn propagation(&self) -> Duration {
        self.propagation.unwrap_or(self.refresh.saturating_mul(2))
    }
}

/// For how long a key is used after the KMS gave it.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    length: Duration,
    grace: Duration,
}

impl Lease {
    pub(crate) fn length(&self) -> Millis {
        millis(self.length)
    }

    pub(crate) fn grace(&self) -> Millis {
        millis(self.grace)
    }

    /// A renewal that takes longer means that the KMS can't be reached: the deadline, but well before the lease is over.
    pub(crate) fn patience(&self, deadline: Duration) -> Millis {
        millis(deadline).min(self.length() / 12)
    }

    /// When renewal begins: after two thirds to three quarters of the lease, so that keys loaded together aren't renewed
    /// together.
    pub(crate) fn renewal(&self, id: KeyId) -> Millis {
        let length = self.length();
        length / 3 * 2 + spread(id, length / 12)
    }

    /// How long after a failed renewal the next follows: a fortieth of the lease, at most a minute, and up to half of
    /// that more.
    pub(crate) fn retry(&self, id: KeyId) -> Millis {
        let pause = (self.length() / 40).clamp(1, 60_000);
        pause + spread(id, pause / 2)
    }
}

/// A number below `most`, always the same for a key; ids are random.
fn spread(id: KeyId, most: Millis) -> Millis {
    Millis::from(id.get()) % most.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_begins_in_the_last_third() {
        for seconds in [1, 60, 3600] {
            let lease = Lease { length: Duration::from_secs(seconds), grace: Duration::ZERO };
            for id in [1, 7, 0xFFFF, u32::MAX] {
                let id = KeyId::new(id).unwrap();
                let renewal = lease.renewal(id);
                assert!(renewal * 3 + 6 >= lease.length() * 2 && renewal * 4 <= lease.length() * 3, "{renewal}");
                assert!(lease.retry(id) * 20 <= lease.length() && lease.retry(id) > 0);
            }
        }
    }
}
