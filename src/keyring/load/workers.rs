//! Threads that wait for a KMS or a key store, so that the program's threads needn't. They are
//! started when there is work, end when there is none, and their number is bounded.

use crate::keyring::error::KeyringError;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use tracing::{Dispatch, Span, dispatcher};

/// Threads that are stuck in calls which never return are replaced, until there are so many times
/// the usual number of them. Then no job is begun any more.
const MOST_STUCK: usize = 4;

pub(crate) struct Workers {
    most: usize,
    /// A job that takes longer is stuck.
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// When each thread began with what it does.
    running: HashMap<u64, Instant>,
    started: u64,
}

struct Job {
    is_over: Box<dyn Fn() -> bool + Send>,
    work: Box<dyn FnOnce() + Send>,
}

impl Workers {
    pub(crate) fn new(most: usize, patience: Duration) -> Arc<Self> {
        Arc::new(Self { most, patience, state: Mutex::default() })
    }

    /// Does `work` on a worker thread, soon, unless `is_over` is true by then. Jobs must not wait
    /// for jobs that come after them.
    pub(crate) fn submit(
        self: &Arc<Self>,
        is_over: impl Fn() -> bool + Send + 'static,
        work: impl FnOnce() + Send + 'static,
    ) {
        let mut state = self.state();
        state.queue.push_back(Job { is_over: Box::new(is_over), work: Box::new(observed(work)) });
        let stuck = state.running.values().filter(|since| since.elapsed() > self.patience).count();
        if stuck > 0 {
            // There may be no thread left that takes them off the queue.
            state.queue.retain(|job| !(job.is_over)());
        }
        if state.running.len() - stuck < self.most && state.running.len() < self.most * MOST_STUCK {
            state.started += 1;
            let (number, workers) = (state.started, Arc::clone(self));
            // Where no thread can be made, those that there are take the job; if there are none,
            // its waiters time out.
            if spawn("fieldseal-load", move || workers.work(number)).is_ok() {
                state.running.insert(number, Instant::now());
            }
        }
    }

    fn work(&self, number: u64) {
        loop {
            let job = {
                let mut state = self.state();
                let Some(job) = state.queue.pop_front() else {
                    state.running.remove(&number);
                    return;
                };
                state.running.insert(number, Instant::now());
                job
            };
            // A provider that panics must not end the thread, or its place would be lost.
            let _ = catch_unwind(AssertUnwindSafe(job.work));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does `work` on a thread of its own, and waits for it as long as `limit`.
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (send, receive) = mpsc::sync_channel(1);
    spawn("fieldseal-admin", observed(move || drop(send.send(caught(work)))))?;
    let done = receive.recv_timeout(limit);
    done.unwrap_or(Err(KeyringError::TimedOut { need: None, after: limit }))
}

/// The work's result, or that it panicked.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, KeyringError>) -> Result<T, KeyringError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(KeyringError::Panicked))
}

pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), KeyringError> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map(drop).map_err(|error| KeyringError::NoThread(Arc::new(error)))
}

/// The same work, with the calling thread's tracing subscriber and span.
pub(crate) fn observed(work: impl FnOnce() + Send) -> impl FnOnce() + Send {
    let (dispatch, span) = (dispatcher::get_default(Dispatch::clone), Span::current());
    move || dispatcher::with_default(&dispatch, || span.in_scope(work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn everything_is_done_by_no_more_threads_than_allowed() {
        let workers = Workers::new(3, Duration::from_secs(60));
        let (running, most, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), mpsc::channel());
        for number in 0..50 {
            let (running, most, send) = (Arc::clone(&running), Arc::clone(&most), done.0.clone());
            let job = move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(1));
                running.fetch_sub(1, Ordering::SeqCst);
                send.send(number).unwrap();
                assert!(number % 10 > 0, "on purpose");
            };
            workers.submit(|| false, job);
        }
        let mut numbers: Vec<i32> = done.1.iter().take(50).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..50).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn calls_that_never_return_keep_no_others_from_being_made_until_there_are_too_many() {
        let workers = Workers::new(2, Duration::from_millis(20));
        let (hang, hanging) = mpsc::channel::<()>();
        let hanging = Arc::new(Mutex::new(hanging));
        for _ in 0..20 {
            let hanging = Arc::clone(&hanging);
            workers.submit(|| false, move || hanging.lock().unwrap().recv().unwrap_or(()));
            std::thread::sleep(Duration::from_millis(30));
        }
        assert_eq!(workers.state().running.len(), 2 * MOST_STUCK);
        workers.submit(|| true, || ());
        assert_eq!(workers.state().queue.len(), 12, "what is over is taken off");
        drop(hang);
    }

    #[test]
    fn what_takes_too_long_or_panics_is_given_up() {
        let second = Duration::from_secs(1);
        assert_eq!(within(10 * second, || Ok(7)).unwrap(), 7);
        let slow = within(Duration::from_millis(10), move || {
            std::thread::sleep(second);
            Ok(())
        });
        assert!(matches!(slow, Err(KeyringError::TimedOut { .. })));
        let panics = within(10 * second, || -> Result<u8, _> { panic!("on purpose") });
        assert!(matches!(panics, Err(KeyringError::Panicked)));
    }
}
