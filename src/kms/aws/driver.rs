//! A thread for the SDK, whose calls are asynchronous.

use super::KmsError;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Runs the SDK's futures on a thread of its own, so that whoever waits for them may be on any thread, inside a tokio
/// runtime of either kind or not: `block_on` would panic there.
#[derive(Debug)]
pub(super) struct Driver {
    /// Taken when dropped.
    runtime: Option<Runtime>,
}

impl Driver {
    pub(super) fn start() -> Result<Self, KmsError> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("fieldseal-aws-kms").enable_all().build();
        match runtime {
            Ok(runtime) => Ok(Self { runtime: Some(runtime) }),
            Err(error) => Err(KmsError::Unavailable(format!("no thread could be started for AWS KMS: {error}"))),
        }
    }

    /// Waits for `work`, but no longer than the deadline: whatever `work` would have returned is dropped then. So it
    /// must return keys in a type that wipes them.
    pub(super) fn run<T: Send + 'static>(
        &self,
        deadline: Duration,
        work: impl Future<Output = Result<T, KmsError>> + Send + 'static,
    ) -> Result<T, KmsError> {
        let Some(runtime) = &self.runtime else { return Err(ended()) };
        let (done, wait) = mpsc::sync_channel(1);
        let task = runtime.spawn(async move {
            // Nobody waits any more after the deadline.
            let _ = done.send(work.await);
        });
        wait.recv_timeout(deadline).unwrap_or_else(|error| {
            task.abort();
            Err(match error {
                RecvTimeoutError::Timeout => timed_out(deadline),
                RecvTimeoutError::Disconnected => ended(),
            })
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

fn timed_out(deadline: Duration) -> KmsError {
    KmsError::Unavailable(format!(
        "AWS KMS gave no answer within {deadline:?}: check the network, the region (AWS_REGION) and the endpoint \
         (AWS_ENDPOINT_URL_KMS), and that credentials can be fetched"
    ))
}

fn ended() -> KmsError {
    KmsError::Misconfigured(
        "the AWS SDK panicked. A debug build of it does so on a machine without CA certificates: install \
         `ca-certificates`, or set SSL_CERT_FILE"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn whatever_the_work_does_its_caller_goes_on() {
        let driver = Driver::start().unwrap();
        let soon = Duration::from_millis(50);
        let begun = Instant::now();
        let error = driver.run(soon, std::future::pending::<Result<(), _>>()).unwrap_err();
        assert!(matches!(&error, KmsError::Unavailable(text) if text.contains("50ms")), "{error}");
        let error = driver.run(Duration::MAX, async { panic!("on purpose") as Result<(), _> }).unwrap_err();
        assert!(matches!(&error, KmsError::Misconfigured(_)), "{error}");
        assert_eq!(driver.run(Duration::MAX, async { Ok(1) }).unwrap(), 1);
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
