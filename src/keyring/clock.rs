//! The time that leases are measured in.

use coarsetime::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Milliseconds since the clock was made. It only goes forward.
pub(crate) type Millis = u64;

/// A clock that is read for every value, so it must cost a few nanoseconds: the system's coarse
/// monotonic one, a few milliseconds apart.
///
/// The coarse clock stands still while a machine sleeps. The keyring's background thread adds what
/// the wall clock says was missed, so that a lease ends on time; a wall clock that is set back
/// changes nothing, and one that is set forward ends leases early.
#[derive(Debug, Clone)]
pub struct Clock(Repr);

#[derive(Debug, Clone)]
enum Repr {
    System { origin: Instant, started: SystemTime, missed: Arc<AtomicU64> },
    Manual(Arc<AtomicU64>),
}

/// How far a wall clock may run ahead of the monotonic one before that counts as sleep.
const TOLERANCE: Duration = Duration::from_secs(5);

impl Clock {
    pub(crate) fn system() -> Self {
        let (origin, started) = (Instant::now_without_cache_update(), SystemTime::now());
        Self(Repr::System { origin, started, missed: Arc::default() })
    }

    /// A clock that stands still until [`Self::advance`] is called, for tests.
    #[must_use]
    pub fn manual() -> Self {
        Self(Repr::Manual(Arc::default()))
    }

    /// Moves a manual clock forward, and every clone of it. On a system clock it does nothing.
    pub fn advance(&self, by: Duration) {
        if let Repr::Manual(now) = &self.0 {
            now.fetch_add(millis(by), Ordering::SeqCst);
        }
    }

    pub(crate) fn now(&self) -> Millis {
        match &self.0 {
            Repr::System { origin, missed, .. } => {
                monotonic(*origin).saturating_add(missed.load(Ordering::Relaxed))
            }
            Repr::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Looks at the wall clock: the monotonic one doesn't count the time that a machine was
    /// suspended.
    pub(crate) fn catch_up(&self) {
        let Repr::System { origin, started, missed } = &self.0 else { return };
        // This fails where the wall clock was set back.
        let wall = SystemTime::now().duration_since(*started).unwrap_or_default();
        let ahead = millis(wall).saturating_sub(monotonic(*origin));
        if ahead > missed.load(Ordering::Relaxed).saturating_add(millis(TOLERANCE)) {
            missed.fetch_max(ahead, Ordering::Relaxed);
        }
    }
}

fn monotonic(origin: Instant) -> Millis {
    Instant::now_without_cache_update().duration_since(origin).as_millis()
}

pub(crate) fn millis(duration: Duration) -> Millis {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(ago: i64) -> Clock {
        let shift = Duration::from_secs(ago.unsigned_abs());
        let now = SystemTime::now();
        let started = if ago < 0 { now + shift } else { now - shift };
        Clock(Repr::System { origin: Instant::now(), started, missed: Arc::default() })
    }

    #[test]
    fn a_sleeping_machine_is_caught_up_with_and_a_clock_set_back_is_ignored() {
        for (ago, least, most) in [(3600, 3_599_000, 3_700_000), (2, 0, 1000), (-3600, 0, 1000)] {
            let clock = started(ago);
            clock.catch_up();
            clock.catch_up();
            assert!((least..=most).contains(&clock.now()), "{ago}: {}", clock.now());
        }
    }

    #[test]
    fn a_manual_clock_is_moved_by_hand() {
        let clock = Clock::manual();
        clock.clone().advance(Duration::from_secs(7));
        assert_eq!(clock.now(), 7000);
    }
}
