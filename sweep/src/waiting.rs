//! Waiting for what passes: a database or a KMS that can't be reached, a lock, a pause.

use fieldseal::__sweep::{Tried, again};
use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

/// How long a database or a KMS that can't be reached is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stop is noticed this soon.
const STEP: Duration = Duration::from_millis(200);

/// The part of a sweep that waits: whether it was stopped, and whom it tells why it waits.
pub(crate) struct Waiting<'a> {
    pub(crate) is_stopped: &'a dyn Fn() -> bool,
    pub(crate) tell: &'a mut dyn FnMut(String),
}

impl Waiting<'_> {
    /// Does `attempt`, and again after each of `pauses`, until it succeeds or ends, patience is
    /// over, or the sweep is stopped. A failure is told where the pause after it is longer than
    /// `quiet`.
    pub(crate) fn again<T, E: Display>(
        self,
        pauses: impl Iterator<Item = Duration>,
        quiet: Duration,
        attempt: impl FnMut() -> Result<T, Tried<E>>,
    ) -> Result<T, E> {
        self.again_for(PATIENCE, pauses, quiet, attempt)
    }

    fn again_for<T, E: Display>(
        self,
        patience: Duration,
        pauses: impl Iterator<Item = Duration>,
        quiet: Duration,
        attempt: impl FnMut() -> Result<T, Tried<E>>,
    ) -> Result<T, E> {
        let begun = Instant::now();
        let wait = |pause, error: &E| {
            if begun.elapsed() > patience || (self.is_stopped)() {
                return false;
            }
            if pause > quiet {
                (self.tell)(error.to_string());
            }
            sleep(pause, self.is_stopped);
            true
        };
        again(pauses, wait, attempt)
    }
}

/// Sleeps, unless it's stopped.
pub(crate) fn sleep(mut time: Duration, is_stopped: &dyn Fn() -> bool) {
    while time > Duration::ZERO && !is_stopped() {
        thread::sleep(time.min(STEP));
        time = time.saturating_sub(STEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const MS: Duration = Duration::from_millis(1);

    fn pauses(ms: &'static [u64]) -> impl Iterator<Item = Duration> {
        ms.iter().copied().map(Duration::from_millis)
    }

    #[test]
    fn only_what_is_waited_for_longer_is_told() {
        let (mut told, mut attempts) = (Vec::new(), 0);
        let waiting = Waiting { is_stopped: &|| false, tell: &mut |error| told.push(error) };
        let done: Result<(), String> = waiting.again(pauses(&[1, 2, 3, 4]), 2 * MS, || {
            attempts += 1;
            Err(Tried::Again(format!("failure {attempts}")))
        });
        assert_eq!(done, Err("failure 5".to_owned()));
        assert_eq!(told, ["failure 3", "failure 4"]);
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        let waiting = Waiting { is_stopped: &|| false, tell: &mut |_| panic!("nothing is to be told") };
        let done: Result<(), &str> = waiting.again(pauses(&[1, 1]), Duration::ZERO, || Err(Tried::Ended("denied")));
        assert_eq!(done, Err("denied"));
    }

    #[test]
    fn patience_ends() {
        let (begun, mut attempts) = (Instant::now(), 0);
        let waiting = Waiting { is_stopped: &|| false, tell: &mut |_| () };
        let done: Result<(), &str> = waiting.again_for(50 * MS, std::iter::repeat(10 * MS), MS, || {
            attempts += 1;
            Err(Tried::Again("busy"))
        });
        assert_eq!(done, Err("busy"));
        assert!(begun.elapsed() >= 50 * MS);
        assert!((2..=7).contains(&attempts), "{attempts}");
    }

    #[test]
    fn a_stop_ends_the_longest_pause() {
        let begun = Instant::now();
        let attempts = Cell::new(0);
        let is_stopped = || begun.elapsed() > 20 * MS;
        let waiting = Waiting { is_stopped: &is_stopped, tell: &mut |_| () };
        let done: Result<(), &str> = waiting.again(std::iter::repeat(60_000 * MS), MS, || {
            attempts.set(attempts.get() + 1);
            Err(Tried::Again("away"))
        });
        assert_eq!((done, attempts.get()), (Err("away"), 2));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
