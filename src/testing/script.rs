//! What is to happen to the calls of a double that misbehaves.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The faults that the next calls meet, in order, and the one that all others meet.
pub(super) struct Script<F> {
    lines: Mutex<Lines<F>>,
    healed: Condvar,
}

struct Lines<F> {
    next: VecDeque<F>,
    always: Option<F>,
    /// Grows when calls that hang are to go on.
    generation: u64,
}

/// A fault that a call has met, and when that was.
pub(super) struct Met<F> {
    pub(super) fault: F,
    generation: u64,
}

impl<F: Clone> Script<F> {
    pub(super) fn new() -> Self {
        let lines = Lines { next: VecDeque::new(), always: None, generation: 0 };
        Self { lines: Mutex::new(lines), healed: Condvar::new() }
    }

    pub(super) fn next(&self, fault: F) {
        self.lines().next.push_back(fault);
    }

    pub(super) fn always(&self, fault: F) {
        self.lines().always = Some(fault);
    }

    pub(super) fn heal(&self) {
        let mut lines = self.lines();
        let generation = lines.generation + 1;
        *lines = Lines { next: VecDeque::new(), always: None, generation };
        self.healed.notify_all();
    }

    /// What this call meets.
    pub(super) fn meet(&self) -> Option<Met<F>> {
        let mut lines = self.lines();
        let fault = lines.next.pop_front().or_else(|| lines.always.clone())?;
        Some(Met { fault, generation: lines.generation })
    }

    /// Hangs until [`Self::heal`] is called, if it wasn't since that fault was met.
    pub(super) fn hang(&self, met: &Met<F>) {
        let healed = self.healed.wait_while(self.lines(), |lines| lines.generation == met.generation);
        drop(healed.unwrap_or_else(PoisonError::into_inner));
    }

    fn lines(&self) -> MutexGuard<'_, Lines<F>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For the fault that is a panic.
#[expect(clippy::panic, reason = "as the test wants it")]
pub(super) fn panic_on_command() -> ! {
    panic!("on the test's command")
}

pub(super) fn on_command() -> String {
    "on the test's command".to_owned()
}
