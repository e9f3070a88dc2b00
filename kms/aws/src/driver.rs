//! The thread that the SDK's calls run on, and what it means when one doesn't come back.

use fieldseal::blocking::{Driver, Stopped};
use fieldseal::kms::KmsError;
use std::time::Duration;

pub(crate) fn start() -> Result<Driver, KmsError> {
    Driver::start("fieldseal-aws-kms").map_err(|error| {
        KmsError::unavailable(format!("no thread could be started for AWS KMS: {error}"))
            .with_hint("look at the limits of the process")
            .with_source(error)
    })
}

/// Waits for `work`, but no longer than the deadline.
pub(crate) fn run<T: Send + 'static>(
    driver: &Driver,
    deadline: Duration,
    work: impl Future<Output = Result<T, KmsError>> + Send + 'static,
) -> Result<T, KmsError> {
    driver.run(deadline, work).unwrap_or_else(|stopped| {
        Err(match stopped {
            Stopped::TimedOut => timed_out(deadline),
            Stopped::Panicked => panicked(),
            stopped => stopped.into(),
        })
    })
}

fn timed_out(deadline: Duration) -> KmsError {
    KmsError::unavailable(format!("AWS KMS gave no answer within {deadline:?}"))
        .with_source(Stopped::TimedOut)
        .with_hint(
            "check the network, the region (AWS_REGION) and the endpoint (AWS_ENDPOINT_URL_KMS), and that credentials \
             can be fetched; then try again",
        )
}

fn panicked() -> KmsError {
    KmsError::misconfigured(
        "the AWS SDK panicked, as a debug build of it does on a machine without CA certificates",
    )
    .with_source(Stopped::Panicked)
    .with_hint("install `ca-certificates`, or set SSL_CERT_FILE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stopped_a_call_is_said() {
        let driver = start().unwrap();
        let soon = Duration::from_millis(50);
        let error = run(&driver, soon, std::future::pending::<Result<(), _>>()).unwrap_err();
        assert!(matches!(&error, KmsError::Unavailable { message: text, .. } if text.contains("50ms")), "{error}");
        let error = run(&driver, Duration::MAX, async { panic!("on purpose") as Result<(), _> }).unwrap_err();
        assert!(matches!(&error, KmsError::Misconfigured { .. }), "{error}");
    }
}
