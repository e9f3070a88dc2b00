//! Trying again, in one place. How often, how long and what is worth it are the caller's, and so is
//! the pause: see [`until`].
#![cfg_attr(not(feature = "_sweep"), expect(unreachable_pub, reason = "sweeps use it by their door"))]

use std::thread;
use std::time::{Duration, Instant};

/// How an attempt failed.
#[derive(Debug)]
pub enum Tried<E> {
    /// The same may succeed after a pause.
    Again(E),
    /// It won't.
    Ended(E),
}

/// Does `attempt` until it succeeds or ends, with `pauses` between one and the next. `wait` is
/// given each pause and the error before it, spends the pause, and says whether to go on.
///
/// # Errors
///
/// What the last attempt failed with.
pub fn again<T, E>(
    mut pauses: impl Iterator<Item = Duration>,
    mut wait: impl FnMut(Duration, &E) -> bool,
    mut attempt: impl FnMut() -> Result<T, Tried<E>>,
) -> Result<T, E> {
    loop {
        let error = match attempt() {
            Ok(done) => return Ok(done),
            Err(Tried::Ended(error)) => return Err(error),
            Err(Tried::Again(error)) => error,
        };
        match pauses.next() {
            Some(pause) if wait(pause, &error) => {}
            _ => return Err(error),
        }
    }
}

/// Sleeps through each pause that ends before `until`, and goes on then.
pub(crate) fn until<E>(until: Option<Instant>) -> impl FnMut(Duration, &E) -> bool {
    move |pause, _| {
        let in_time = until.is_none_or(|until| Instant::now() + pause < until);
        if in_time {
            thread::sleep(pause);
        }
        in_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it's tried, of `pauses`, until `deadline`.
    fn attempts(pauses: &[u64], deadline: Option<Instant>, ends_at: u32) -> u32 {
        let mut attempts = 0;
        let pauses = pauses.iter().copied().map(Duration::from_millis);
        let done: Result<(), u32> = again(pauses, until(deadline), || {
            attempts += 1;
            Err(if attempts < ends_at { Tried::Again(attempts) } else { Tried::Ended(attempts) })
        });
        assert_eq!(done, Err(attempts), "the last error is the one that is returned");
        attempts
    }

    #[test]
    fn it_ends_with_the_pauses_the_time_or_the_reason() {
        assert_eq!(attempts(&[], None, 9), 1);
        assert_eq!(attempts(&[0, 0], None, 9), 3);
        assert_eq!(attempts(&[0, 0, 0], None, 2), 2);
        let soon = Instant::now() + Duration::from_secs(5);
        assert_eq!(attempts(&[0, 60_000, 0], Some(soon), 9), 2);
        let done: Result<u8, ()> = again([Duration::ZERO].into_iter(), until(None), || Ok(1));
        assert_eq!(done, Ok(1));
    }

    #[test]
    fn who_waits_hears_of_each_failure_and_may_end_it() {
        let (mut heard, mut attempts) = (Vec::new(), 0);
        let wait = |pause: Duration, error: &u32| {
            heard.push((pause.as_millis(), *error));
            heard.len() < 3
        };
        let pauses = std::iter::successors(Some(Duration::from_millis(5)), |pause| Some(*pause * 2));
        let done: Result<(), u32> = again(pauses, wait, || {
            attempts += 1;
            Err(Tried::Again(attempts))
        });
        assert_eq!((done, heard), (Err(3), vec![(5, 1), (10, 2), (20, 3)]));
    }
}
