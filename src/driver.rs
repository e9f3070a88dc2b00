//! A thread for libraries whose calls are asynchronous, behind traits whose calls block.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Runs a library's futures on a thread of its own, so that whoever waits for them may be on any thread, inside a tokio
/// runtime of either kind or not: `block_on` would panic there.
///
/// The thread isn't there after a fork.
#[derive(Debug)]
pub(crate) struct Driver {
    /// Taken when dropped.
    runtime: Option<Runtime>,
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The deadline came first. What the work does is stopped at its next pause; whatever it has done is done.
    TimedOut,
    /// The work panicked.
    Panicked,
}

impl Driver {
    /// Starts the thread, under that name.
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Waits for `work`, but no longer than the deadline: whatever `work` would have returned is dropped then. So it
    /// must return keys in a type that wipes them.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        deadline: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Stopped> {
        let Some(runtime) = &self.runtime else { return Err(Stopped::Panicked) };
        let (done, wait) = mpsc::sync_channel(1);
        let task = runtime.spawn(async move {
            // Nobody waits any more after the deadline.
            let _ = done.send(work.await);
        });
        wait.recv_timeout(deadline).map_err(|error| {
            task.abort();
            match error {
                RecvTimeoutError::Timeout => Stopped::TimedOut,
                RecvTimeoutError::Disconnected => Stopped::Panicked,
            }
        })
    }
}

impl Drop for Driver {
    /// In the background: to wait for the thread would panic inside an async runtime.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn whatever_the_work_does_its_caller_goes_on() {
        let driver = Driver::start("test").unwrap();
        let begun = Instant::now();
        let soon = Duration::from_millis(50);
        assert_eq!(driver.run(soon, std::future::pending::<()>()), Err(Stopped::TimedOut));
        assert_eq!(driver.run(Duration::MAX, async { panic!("on purpose") }), Err::<(), _>(Stopped::Panicked));
        assert_eq!(driver.run(Duration::MAX, async { 1 }), Ok(1));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
