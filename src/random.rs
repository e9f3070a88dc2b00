//! Random bytes: nonces from a fast generator of the thread's own, keys straight from the operating
//! system.
//!
//! The generator is ChaCha20 seeded by the operating system, seeded again after every 2¹⁶ draws,
//! and at once in a process that was forked: a copied generator would repeat nonces.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use zeroize::Zeroizing;

const DRAWS_PER_SEED: u32 = 1 << 16;

/// Grows when a thread finds that its process was forked.
static PROCESS: AtomicU64 = AtomicU64::new(0);
static FIRST_GUARD: OnceLock<forkguard::Guard> = OnceLock::new();
static THREADS: AtomicUsize = AtomicUsize::new(0);

struct Generator {
    rng: ChaCha20Rng,
    draws_left: u32,
    fork: forkguard::Guard,
}

thread_local! {
    static GENERATOR: RefCell<Option<Generator>> = const { RefCell::new(None) };
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoRandomness;

impl NoRandomness {
    /// What to try, for the errors that it becomes.
    pub(crate) const HINT: &str = "see to the system's random generator (getrandom), and try again";
}

/// Fills `nonce` with bytes fit for a nonce: fast, from the thread's generator.
pub(crate) fn fill_nonce(nonce: &mut [u8]) -> Result<(), NoRandomness> {
    GENERATOR.with_borrow_mut(|slot| {
        if let Some(generator) = slot {
            if generator.fork.detected_fork() {
                PROCESS.fetch_add(1, Ordering::Relaxed);
                generator.draws_left = 0;
            }
            if generator.draws_left == 0 {
                *slot = None;
            }
        }
        let generator = match slot {
            Some(generator) => generator,
            None => slot.insert(Generator::seeded()?),
        };
        generator.draws_left -= 1;
        generator.rng.fill_bytes(nonce);
        Ok(())
    })
}

/// Fills `bytes` straight from the operating system: for keys, ids, salts, and nonces that are
/// drawn rarely.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(|_| NoRandomness)
}

/// Differs between a process and the child that it forks, from the child's first nonce on.
pub(crate) fn process_number() -> u64 {
    PROCESS.load(Ordering::Relaxed)
}

/// A small number of this thread's own.
pub(crate) fn thread_number() -> usize {
    THREAD.with(|number| *number)
}

impl Generator {
    fn seeded() -> Result<Self, NoRandomness> {
        // A thread may draw its first nonce after a fork that happened on it: the guard is as old
        // as the first generator of the program. It comes before the seed, since a fork between the
        // two must be seen.
        let mut fork = FIRST_GUARD.get_or_init(forkguard::new).clone();
        if fork.detected_fork() {
            PROCESS.fetch_add(1, Ordering::Relaxed);
        }
        let mut seed = Zeroizing::new([0; 32]);
        fill(&mut *seed)?;
        Ok(Self { rng: ChaCha20Rng::from_seed(*seed), draws_left: DRAWS_PER_SEED, fork })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_distinct_across_threads_and_seeds() {
        let draw = || {
            (0..DRAWS_PER_SEED / 8 + 10)
                .map(|_| {
                    let mut nonce = [0; 12];
                    fill_nonce(&mut nonce).unwrap();
                    nonce
                })
                .collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let mut all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_generator_is_seeded_again_when_its_draws_are_used_up() {
        std::thread::spawn(|| {
            fill_nonce(&mut [0; 12]).unwrap();
            GENERATOR.with_borrow_mut(|slot| slot.as_mut().unwrap().draws_left = 0);
            fill_nonce(&mut [0; 12]).unwrap();
            GENERATOR.with_borrow(|slot| assert_eq!(slot.as_ref().unwrap().draws_left, DRAWS_PER_SEED - 1));
        })
        .join()
        .unwrap();
    }
}
