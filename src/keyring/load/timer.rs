//! Wakes tasks at their deadline, in any async runtime or none, on a thread that exists while a
//! task waits.

use super::workers::spawn;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

#[derive(Default)]
pub(crate) struct Timer(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<Waiting>,
    /// Another deadline is the first now, or none is left.
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Wakers by their deadline; the number tells those of the same moment apart.
    tasks: BTreeMap<(Instant, u64), Waker>,
    count: u64,
    has_thread: bool,
}

/// A task's deadline. Once it's dropped, the task isn't woken for it any more.
pub(crate) struct Deadline {
    at: Instant,
    entry: Option<Entry>,
}

struct Entry {
    timer: Arc<Shared>,
    number: u64,
}

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self { at: Instant::now() + time, entry: None }
    }

    /// Ready when the deadline has passed; until then the task is woken for it.
    pub(crate) fn poll(&mut self, timer: &Timer, context: &Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let entry = self.entry.get_or_insert_with(|| timer.0.enter());
        let mut state = timer.0.state();
        state.tasks.insert((self.at, entry.number), context.waker().clone());
        let is_over = !state.has_thread && {
            let shared = Arc::clone(&timer.0);
            state.has_thread = spawn("fieldseal-timer", move || shared.run()).is_ok();
            !state.has_thread
        };
        drop(state);
        timer.0.changed.notify_one();
        // A task that nothing wakes would wait for ever.
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(Entry { timer, number }) = self.entry.take() {
            timer.state().tasks.remove(&(self.at, number));
            timer.changed.notify_one();
        }
    }
}

impl Shared {
    fn enter(self: &Arc<Self>) -> Entry {
        let mut state = self.state();
        state.count += 1;
        Entry { timer: Arc::clone(self), number: state.count }
    }

    /// Wakes the tasks whose deadline has passed, until none is left.
    fn run(&self) {
        let mut state = self.state();
        while let Some(first) = state.tasks.first_entry() {
            let left = first.key().0.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waker = first.remove();
                // A waker may run anything.
                drop(state);
                waker.wake();
                state = self.state();
            } else {
                state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        state.has_thread = false;
    }

    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Wake;

    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut future = pin!(future);
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(done) => return done,
                Poll::Pending => std::thread::park(),
            }
        }
    }

    fn has_thread(timer: &Timer) -> bool {
        timer.0.state().has_thread
    }

    #[test]
    fn tasks_are_woken_in_the_order_of_their_deadlines() {
        let (timer, began) = (Timer::default(), Instant::now());
        let took = std::thread::scope(|threads| {
            let wait = |millis| {
                let timer = &timer;
                threads.spawn(move || {
                    let mut deadline = Deadline::after(Duration::from_millis(millis));
                    block_on(poll_fn(|context| deadline.poll(timer, context)));
                    began.elapsed().as_millis()
                })
            };
            [200, 20, 100].map(wait).map(|thread| thread.join().unwrap())
        });
        assert!(took[0] >= 200 && took[1] >= 20 && took[2] >= 100, "{took:?}");
        assert!(took[1] < took[2] && took[2] < took[0], "{took:?}");
    }

    #[test]
    fn a_deadline_that_is_dropped_lets_the_thread_end() {
        let timer = Timer::default();
        let mut deadline = Deadline::after(Duration::from_secs(3600));
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        assert!(deadline.poll(&timer, &Context::from_waker(&waker)).is_pending());
        assert!(has_thread(&timer));
        drop(deadline);
        let until = Instant::now() + Duration::from_secs(10);
        while has_thread(&timer) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(!has_thread(&timer));
    }
}
