//! The thread that the SDK's calls run on, and what it means when one doesn't come back.

use fieldseal::blocking::{Driver, Stopped};
use fieldseal::kms::KmsError;
use std::time::Duration;

pub(crate) fn start() -> Result<Driver, KmsError> {
    Driver::start("fieldseal-aws-kms")
        .map_err(|error| KmsError::Unavailable(format!("no thread could be started for AWS KMS: {error}")))
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
    KmsError::Unavailable(format!(
        "AWS KMS gave no answer within {deadline:?}: check the network, the region (AWS_REGION) and the endpoint \
         (AWS_ENDPOINT_URL_KMS), and that credentials can be fetched"
    ))
}

fn panicked() -> KmsError {
    KmsError::Misconfigured(
        "the AWS SDK panicked. A debug build of it does so on a machine without CA certificates: install \
         `ca-certificates`, or set SSL_CERT_FILE"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stopped_a_call_is_said() {
        let driver = start().unwrap();
        let soon = Duration::from_millis(50);
        let error = run(&driver, soon, std::future::pending::<Result<(), _>>()).unwrap_err();
        assert!(matches!(&error, KmsError::Unavailable(text) if text.contains("50ms")), "{error}");
        let error = run(&driver, Duration::MAX, async { panic!("on purpose") as Result<(), _> }).unwrap_err();
        assert!(matches!(&error, KmsError::Misconfigured(_)), "{error}");
    }
}
