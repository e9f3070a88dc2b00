//! A thread for libraries whose calls are asynchronous, behind traits whose calls block.
//!
//! [`Kms`](crate::kms::Kms) and [`KeyStore`](crate::store::KeyStore) block: a keyring calls them
//! when keys are loaded or administered, never for each value, and from whichever thread needs a
//! key. A client whose calls are asynchronous can't simply be waited for there, because `block_on`
//! panics inside a tokio runtime. A [`Driver`] runs such a client on a thread of its own, so that
//! its caller may be on a plain thread or inside a runtime of either kind.
//!
//! With the feature `blocking`, which brings tokio.
//!
//! # A provider on an asynchronous client
//!
//! It has one `Driver`, and gives it each call as a future that owns what it needs:
//!
//! ```
//! use fieldseal::blocking::Driver;
//! use fieldseal::kms::{Kms, KmsError};
//! use fieldseal::keys::{Binding, DataKey, KekUri, WrappedKey};
//! use std::sync::Arc;
//! use std::time::Duration;
//! use zeroize::Zeroizing;
//! # use example::Client;
//!
//! #[derive(Debug)]
//! struct ExampleKms {
//!     client: Arc<Client>,
//!     driver: Driver, // Driver::start("example-kms")?
//! }
//!
//! /// Less than a keyring waits for, so that its caller sees why.
//! const DEADLINE: Duration = Duration::from_secs(8);
//!
//! impl Kms for ExampleKms {
//!     fn kek(&self) -> KekUri {
//!         KekUri::new("example:1")
//!     }
//!
//!     fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
//!         let (client, bound) = (Arc::clone(&self.client), binding.to_bytes());
//!         let key = Zeroizing::new(*key.expose());
//!         let work = async move { client.encrypt(&*key, &bound).await };
//!         let blob = self.driver.run(DEADLINE, work)??;
//!         Ok(WrappedKey::new(self.kek(), blob))
//!     }
//!
//!     fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
//!         if !self.holds(&wrapped.kek) {
//!             return Err(KmsError::not_found("the copy is under another KEK"));
//!         }
//!         let (client, bound) = (Arc::clone(&self.client), binding.to_bytes());
//!         let blob = wrapped.blob.clone();
//!         // A `DataKey` is wiped, even if the deadline comes first and the answer is dropped.
//!         let work = async move {
//!             client.decrypt(&blob, &bound).await.map(|mut key| DataKey::take(&mut key))
//!         };
//!         self.driver.run(DEADLINE, work)??.ok_or(KmsError::Rejected)
//!     }
//! }
//! #
//! # /// Stands for a client: encrypts by adding its own checksum, which is no encryption at all.
//! # mod example {
//! #     use fieldseal::kms::KmsError;
//! #     #[derive(Debug)]
//! #     pub struct Client;
//! #     impl Client {
//! #         pub async fn encrypt(&self, key: &[u8], bound: &[u8]) -> Result<Vec<u8>, KmsError> {
//! #             Ok([key, bound].concat())
//! #         }
//! #         pub async fn decrypt(&self, blob: &[u8], bound: &[u8]) -> Result<Vec<u8>, KmsError> {
//! #             blob.strip_suffix(bound).map(<[u8]>::to_vec).ok_or(KmsError::Rejected)
//! #         }
//! #     }
//! # }
//! #
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let kms = ExampleKms { client: Arc::new(Client), driver: Driver::start("example-kms")? };
//! # fieldseal::kms::check_rights(&kms)?;
//! # Ok(())
//! # }
//! ```
//!
//! The crate `fieldseal-kms-aws` is a whole provider of this kind.
//!
//! # What happens when
//!
//! - **The deadline comes first**: the caller gets [`Stopped::TimedOut`]. The future is dropped at
//!   its next `await`, or when it ends if it has none; what it has sent is sent. It holds up no
//!   other call unless it computes without awaiting, because all calls of one `Driver` share its
//!   thread.
//! - **The future panics**: its caller gets [`Stopped::Panicked`]; the thread and all other calls
//!   go on.
//! - **The process forks**: the thread isn't there in the child, where every call ends with
//!   [`Stopped::TimedOut`]. Start a `Driver` (and what holds one: a provider, a store, a keyring)
//!   after the fork.
//! - **Inside a runtime**: a call works, and blocks the thread that it's made on, for the deadline
//!   at most. Long ones belong in `spawn_blocking`. A call from inside a future that the same
//!   `Driver` runs waits for itself until its deadline.
//! - **It's dropped**: anywhere, inside a runtime too, and at once. Futures that are still running
//!   are dropped at their next `await`.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Runs a library's futures on a thread of its own, so that anyone who waits for them may be on any
/// thread, inside a tokio runtime of either kind or not.
///
/// The futures run inside a tokio runtime with its timers, and with its network if the program's
/// tokio has the feature `net`, as it has wherever a client for tokio is. That thread isn't there
/// after a fork. The [module](self) has an example.
#[derive(Debug)]
pub struct Driver {
    /// Taken when dropped.
    runtime: Option<Runtime>,
}

/// Why there is no result of what a [`Driver`] ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// The deadline came first. What the work does is stopped at its next pause; whatever it has
    /// done is done.
    #[error("there was no answer before the deadline")]
    TimedOut,
    /// The work panicked.
    #[error("the library that was called panicked")]
    Panicked,
}

impl Stopped {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TimedOut => "see whether the service can be reached from here, and try again",
            Self::Panicked => "read the panic's message on stderr",
        }
    }
}

impl Driver {
    /// Starts the thread, under that name.
    ///
    /// # Errors
    ///
    /// The operating system's, if it makes no more threads.
    pub fn start(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Waits for `work`, but no longer than the deadline; [`Duration::MAX`] waits for as long as it
    /// takes.
    ///
    /// What `work` would have returned is dropped if the deadline comes first. So it must return
    /// keys in a type that wipes them, as [`DataKey`](crate::keys::DataKey) does.
    ///
    /// # Errors
    ///
    /// [`Stopped`]. The work's own errors are in what it returns; with
    /// [`KmsError`](crate::kms::KmsError) as their type, `??` passes on both.
    pub fn run<T: Send + 'static>(
        &self,
        deadline: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Stopped> {
        let Some(runtime) = &self.runtime else { return Err(Stopped::Panicked) };
        let (done, wait) = mpsc::sync_channel(1);
        let task = runtime.spawn(async move {
            // After the deadline the caller is gone.
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
    use crate::kms::KmsError;
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

    #[test]
    fn it_may_be_called_and_dropped_inside_every_kind_of_runtime() {
        for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            builder.build().unwrap().block_on(async {
                let driver = Driver::start("test").unwrap();
                assert_eq!(driver.run(Duration::MAX, async { 1 }), Ok(1));
                drop(driver);
            });
        }
    }

    #[test]
    fn what_stopped_a_call_to_a_kms_says_what_to_do_next() {
        assert!(matches!(Stopped::TimedOut.into(), KmsError::Unavailable { .. }));
        assert!(matches!(Stopped::Panicked.into(), KmsError::Misconfigured { .. }));
    }
}
