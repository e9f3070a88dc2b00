//! How fast a sweep is, the parts of all its processes together.

use super::sweeps::{Counts, Totals};
use crate::events::{Progress, TICK};
use std::time::Instant;

/// The rate of a sweep.
pub(crate) struct Meter {
    read: Instant,
    rows: Option<u64>,
    rate: f64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { read: Instant::now(), rows: None, rate: 0.0 }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for people"
    )]
    pub(crate) fn read(&mut self, totals: impl FnOnce() -> Option<Totals>) -> Option<Progress> {
        let passed = self.read.elapsed();
        if passed < TICK {
            return None;
        }
        let Totals { done: counts, rows: total } = totals()?;
        self.read = Instant::now();
        if let Some(before) = self.rows {
            let rate = counts.seen.saturating_sub(before) as f64 / passed.as_secs_f64();
            self.rate = if self.rate == 0.0 { rate } else { self.rate * 0.8 + rate * 0.2 };
        }
        self.rows = Some(counts.seen);
        let Counts { seen, changed, failed } = counts;
        let rate = self.rate as u64;
        Some(Progress { rows: seen, total, changed, failed, rate, left: None }.with_time_left())
    }
}
