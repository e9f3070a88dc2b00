//! Trying again, in one place: how often and how long is the caller's, and so is what is worth it.

use std::thread;
use std::time::{Duration, Instant};

/// How an attempt failed.
pub(crate) enum Tried<E> {
    /// The same may succeed after a pause.
    Again(E),
    /// It won't.
    Ended(E),
}

/// Does `attempt` until it succeeds or ends, with `pauses` between one and the next, and not after
/// `until`. What the last one failed with is returned.
pub(crate) fn again<T, E>(
    mut pauses: impl Iterator<Item = Duration>,
    until: Option<Instant>,
    mut attempt: impl FnMut() -> Result<T, Tried<E>>,
) -> Result<T, E> {
    loop {
        let error = match attempt() {
            Ok(done) => return Ok(done),
            Err(Tried::Ended(error)) => return Err(error),
            Err(Tried::Again(error)) => error,
        };
        let in_time = |pause: &Duration| until.is_none_or(|until| Instant::now() + *pause < until);
        match pauses.next().filter(in_time) {
            Some(pause) => thread::sleep(pause),
            None => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it's tried, of `pauses`, until `until`.
    fn attempts(pauses: &[u64], until: Option<Instant>, ends_at: u32) -> u32 {
        let mut attempts = 0;
        let pauses = pauses.iter().copied().map(Duration::from_millis);
        let done: Result<(), u32> = again(pauses, until, || {
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
        let done: Result<u8, ()> = again([Duration::ZERO].into_iter(), None, || Ok(1));
        assert_eq!(done, Ok(1));
    }
}
