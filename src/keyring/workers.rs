//! Threads that wait for a KMS or a key store, so that nobody else must: made when there is something to do, gone when
//! there isn't, and never more than so many.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use tracing::{Dispatch, Span, dispatcher};

type Job = Box<dyn FnOnce() + Send>;

pub(super) struct Workers {
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    running: usize,
}

impl Workers {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, state: Mutex::default() })
    }

    /// Does `job` on a worker thread, soon. Jobs must not wait for jobs that come after them.
    pub(super) fn submit(self: &Arc<Self>, job: impl FnOnce() + Send + 'static) {
        let mut state = self.state();
        state.queue.push_back(Box::new(observed(job)));
        if state.running < self.most {
            let workers = Arc::clone(self);
            // Where no thread can be made, those that there are take the job; if there are none, its waiters time out.
            state.running += usize::from(spawn("fieldseal-load", move || workers.work()).is_ok());
        }
    }

    fn work(&self) {
        loop {
            let job = {
                let mut state = self.state();
                match state.queue.pop_front() {
                    Some(job) => job,
                    None => {
                        state.running -= 1;
                        return;
                    }
                }
            };
            // A provider that panics must not take the thread's place away.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does `work` on a thread of its own and waits so long for it; `None` if it takes longer, or panics.
pub(super) fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (send, receive) = mpsc::sync_channel(1);
    let work = observed(move || drop(send.send(work())));
    spawn("fieldseal-admin", work).ok()?;
    receive.recv_timeout(limit).ok()
}

pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// The work, seen by whoever observes the thread that asks for it.
pub(super) fn observed(work: impl FnOnce() + Send) -> impl FnOnce() + Send {
    let (dispatch, span) = (dispatcher::get_default(Dispatch::clone), Span::current());
    move || dispatcher::with_default(&dispatch, || span.in_scope(work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn everything_is_done_by_no_more_threads_than_allowed() {
        let workers = Workers::new(3);
        let (running, most, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), mpsc::channel());
        for number in 0..50 {
            let (running, most, send) = (Arc::clone(&running), Arc::clone(&most), done.0.clone());
            workers.submit(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(1));
                running.fetch_sub(1, Ordering::SeqCst);
                send.send(number).unwrap();
                assert!(number % 10 > 0, "on purpose");
            });
        }
        let mut numbers: Vec<i32> = done.1.iter().take(50).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..50).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn what_takes_too_long_or_panics_is_given_up() {
        assert_eq!(within(Duration::from_secs(10), || 7), Some(7));
        assert_eq!(within(Duration::from_millis(10), || std::thread::sleep(Duration::from_secs(1))), None);
        assert_eq!(within(Duration::from_secs(10), || -> u8 { panic!("on purpose") }), None);
    }
}
