//! The settings of a keyring: leases, bounds, deadlines. Every default has its reason;
//! [`KeyringBuilder`] says which.
//!
//! [`KeyringBuilder`]: crate::KeyringBuilder

use crate::keyring::clock::{Clock, Millis, millis};
use crate::keys::KeyId;
use std::time::Duration;

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

impl Default for Settings {
    fn default() -> Self {
        Self {
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
        }
    }
}

impl Settings {
    /// The longest that administration waits: a KMS that is tried again for all of its deadline,
    /// and a store after it.
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
    pub(crate) length: Duration,
    pub(crate) grace: Duration,
}

impl Lease {
    pub(crate) fn length(&self) -> Millis {
        millis(self.length)
    }

    pub(crate) fn grace(&self) -> Millis {
        millis(self.grace)
    }

    /// A renewal that takes longer means that the KMS can't be reached: the deadline, but well
    /// before the lease is over.
    pub(crate) fn patience(&self, deadline: Duration) -> Millis {
        millis(deadline).min(self.length() / 12)
    }

    /// When renewal begins: after two thirds to three quarters of the lease, so that keys loaded
    /// together aren't renewed together.
    pub(crate) fn renewal(&self, id: KeyId) -> Millis {
        let length = self.length();
        length / 3 * 2 + spread(id, length / 12)
    }

    /// How long after a failed renewal the next follows: a fortieth of the lease, at most a minute,
    /// and up to half of that more.
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
