//! How fast a sweep may go: a rate, a share of the time.

use crate::sql::Database;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How fast a sweep may go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// Rows a second, of this process.
    pub(crate) rows_per_second: Option<u32>,
    /// How much of the time to work, in percent: a slow database gets longer pauses.
    pub(crate) duty: Option<u8>,
    /// Replicas, and how far they may be behind.
    pub(crate) replicas: Vec<Arc<dyn Database>>,
    pub(crate) max_lag: Option<Duration>,
    /// How many statements the server may be running, ours among them.
    pub(crate) max_running: Option<u32>,
}

/// The rate of all workers of a process.
#[derive(Debug)]
pub(crate) struct Pace {
    pub(crate) limits: Limits,
    /// When the next batch may begin.
    next: Mutex<Instant>,
}

impl Pace {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, next: Mutex::new(Instant::now()) }
    }

    /// Whether there are no pauses between batches.
    pub(crate) const fn is_free(&self) -> bool {
        self.limits.rows_per_second.is_none() && self.limits.duty.is_none()
    }

    /// How many rows a batch may have, so that none takes longer than about a second.
    pub(crate) fn most(&self, rows: usize) -> usize {
        match self.limits.rows_per_second {
            Some(rate) => rows.min(usize::try_from(rate).unwrap_or(rows)).max(1),
            None => rows,
        }
    }

    /// How long to wait after a batch of so many rows that took so long.
    pub(crate) fn pause(&self, rows: usize, took: Duration) -> Duration {
        let mut pause = Duration::ZERO;
        if let Some(duty @ 1..=99) = self.limits.duty {
            pause = took * (100 - u32::from(duty)) / u32::from(duty);
        }
        if let Some(rate) = self.limits.rows_per_second {
            let cost = Duration::from_secs(1) * u32::try_from(rows).unwrap_or(u32::MAX) / rate.max(1);
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            // Time that wasn't used isn't saved up.
            *next = (*next).max(now.checked_sub(took).unwrap_or(now)) + cost;
            pause = pause.max(next.saturating_duration_since(now));
        }
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_whatever_a_batch_takes() {
        let pace = Pace::new(Limits { rows_per_second: Some(1000), ..Limits::default() });
        assert_eq!(pace.most(5000), 1000);
        // The time since `pace` was made wasn't used.
        let first = pace.pause(500, Duration::ZERO);
        assert!((400..=500).contains(&first.as_millis()), "{first:?}");
        let second = pace.pause(500, Duration::ZERO);
        assert!((first.as_millis() + 400..=first.as_millis() + 500).contains(&second.as_millis()), "{second:?}");
    }

    #[test]
    fn a_share_of_the_time_is_left_to_others() {
        let pace = Pace::new(Limits { duty: Some(25), ..Limits::default() });
        assert_eq!(pace.pause(1, Duration::from_millis(100)), Duration::from_millis(300));
        assert_eq!(Pace::new(Limits::default()).pause(1, Duration::from_secs(9)), Duration::ZERO);
    }
}
