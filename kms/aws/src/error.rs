//! What the SDK reports, as the kinds that a caller acts on.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use fieldseal::kms::KmsError;
use std::error::Error;

const SET_CREDENTIALS: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary \
     ones), or AWS_PROFILE and log in with `aws sso login`, or give the machine or container a role; an emulator takes \
     any";
const CHECK_ENDPOINT: &str =
    "check that the endpoint (AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL) is KMS, and what proxies there are";
pub(crate) const MAKE_A_KEK: &str =
    "use a symmetric encryption key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT), as `aws kms create-key` makes it";

/// One call, for messages.
///
/// The SDK's error isn't kept as the source of ours: its `Debug` prints the answer, in which a
/// proxy or an emulator may quote the request, and with it a data key.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// What a policy must allow: `kms:Decrypt`.
    pub(crate) action: &'static str,
    /// The key, as it was asked for.
    pub(crate) key: String,
}

impl Call {
    pub(crate) fn error<E: Error + ProvideErrorMetadata + 'static>(&self, error: &SdkError<E>) -> KmsError {
        if let Some(credentials) = find::<CredentialsError>(error) {
            return no_credentials(credentials);
        }
        let (action, key) = (self.action, &self.key);
        match error {
            SdkError::ServiceError(answer) => {
                let message = answer.err().message().unwrap_or_default();
                self.refusal(answer.err().code(), answer.raw().status().as_u16(), message)
            }
            SdkError::TimeoutError(_) => unreachable_kms(action, error),
            SdkError::DispatchFailure(failure)
                if failure.as_connector_error().is_some_and(is_about_the_connection) =>
            {
                unreachable_kms(action, error)
            }
            SdkError::ResponseError(_) => {
                KmsError::unavailable(format!("the answer to {action} could not be read: {}", causes(error)))
                    .with_hint(CHECK_ENDPOINT)
            }
            _ => KmsError::misconfigured(format!("{action} on {key} could not be asked for: {}", causes(error)))
                .with_hint(format!("{SET_CREDENTIALS}; set AWS_REGION to the key's region")),
        }
    }

    /// The kind of an error that the service answered with.
    fn refusal(&self, code: Option<&str>, status: u16, message: &str) -> KmsError {
        let (action, key) = (self.action, &self.key);
        let said = said(code, status, message);
        match code.unwrap_or_default() {
            // An incorrect key: the copy isn't under the KEK that its record names, so the record
            // was changed. Not `NotFound`, because no other configuration would make that record
            // open.
            "InvalidCiphertextException" | "IncorrectKeyException" => KmsError::Rejected,
            "DisabledException" => KmsError::disabled(format!("{key} is disabled ({said})"))
                .with_hint("an administrator can turn it on again with `aws kms enable-key`"),
            "KMSInvalidStateException" => KmsError::disabled(format!(
                "{key} can't be used in its present state ({said})"
            ))
            .with_hint("if it is pending deletion, `aws kms cancel-key-deletion` and `aws kms enable-key` save it"),
            "NotFoundException" => {
                KmsError::not_found(format!("KMS has no {key} in this account and region ({said})"))
                    .with_hint("check the key's name, AWS_REGION and AWS_PROFILE")
            }
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" | "OptInRequired" => {
                KmsError::denied(format!("{action} on {key} is not allowed ({said})"))
                    .with_hint(format!("allow {action} in the caller's IAM policy or in the key's policy"))
            }
            "InvalidKeyUsageException" | "UnsupportedOperationException" => {
                KmsError::misconfigured(format!("{key} can't be used for {action} ({said})")).with_hint(MAKE_A_KEK)
            }
            "InvalidArnException" | "ValidationException" => {
                KmsError::misconfigured(format!("{key} was not understood ({said})"))
                    .with_hint("give the key's ARN, id or alias, in its own region")
            }
            "InvalidAction" | "UnknownOperationException" => {
                KmsError::misconfigured(format!("the endpoint doesn't know {action} ({said})"))
                    .with_hint(CHECK_ENDPOINT)
            }
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "AuthFailure"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "NotAuthorized" => KmsError::misconfigured(format!("KMS doesn't know the credentials ({said})"))
                .with_hint(SET_CREDENTIALS),
            "ExpiredToken" | "ExpiredTokenException" => {
                KmsError::misconfigured(format!("the credentials have expired ({said})"))
                    .with_hint(format!("get new ones: {SET_CREDENTIALS}"))
            }
            "InvalidSignatureException" | "SignatureDoesNotMatch" | "RequestExpired" | "RequestTimeTooSkewed" => {
                KmsError::misconfigured(format!("KMS refused the signature ({said})"))
                    .with_hint("check AWS_SECRET_ACCESS_KEY, and that the machine's clock is right")
            }
            code if is_passing(code, status) => {
                KmsError::unavailable(format!("{action} on {key}, after all attempts: {said}"))
            }
            _ => {
                KmsError::misconfigured(format!("{action} on {key} was refused: {said}")).with_hint(CHECK_ENDPOINT)
            }
        }
    }
}

pub(crate) fn no_region() -> KmsError {
    KmsError::misconfigured("no AWS region is set").with_hint(
        "set AWS_REGION, or `region` in the profile that AWS_PROFILE names, or give the key's full ARN, which says its \
         region",
    )
}

/// Throttled, overloaded, or failing on its side.
fn is_passing(code: &str, status: u16) -> bool {
    status >= 500
        || status == 429
        || matches!(
            code,
            "KMSInternalException"
                | "DependencyTimeoutException"
                | "KeyUnavailableException"
                | "LimitExceededException"
                | "PriorRequestNotComplete"
                | "RequestLimitExceeded"
                | "RequestThrottled"
                | "RequestThrottledException"
                | "RequestTimeout"
                | "RequestTimeoutException"
                | "ServiceUnavailable"
                | "ServiceUnavailableException"
                | "SlowDown"
                | "ThrottledException"
                | "Throttling"
                | "ThrottlingException"
                | "TooManyRequestsException"
        )
}

/// What the SDK tries again. The others are requests that could not be made, for want of
/// credentials say.
fn is_about_the_connection(error: &ConnectorError) -> bool {
    error.is_io() || error.is_timeout() || error.as_other().is_some()
}

fn no_credentials(error: &CredentialsError) -> KmsError {
    let why = causes(error);
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            KmsError::misconfigured("no AWS credentials were found").with_hint(SET_CREDENTIALS)
        }
        CredentialsError::ProviderTimedOut(_) => KmsError::unavailable(why)
            .with_hint(format!("try again; if no machine or container role is expected here, {SET_CREDENTIALS}")),
        // Fetched over the network, from STS, SSO or the machine's metadata.
        _ if find(error).is_some_and(is_about_the_connection) => {
            KmsError::unavailable(format!("the AWS credentials could not be fetched: {why}"))
        }
        _ => KmsError::misconfigured(format!("the AWS credentials could not be loaded: {why}"))
            .with_hint(SET_CREDENTIALS),
    }
}

fn unreachable_kms(action: &str, error: &(dyn Error + 'static)) -> KmsError {
    KmsError::unavailable(format!("AWS KMS could not be reached for {action}, after all attempts: {}", causes(error)))
        .with_hint(
            "check the network, the region (AWS_REGION), the endpoint (AWS_ENDPOINT_URL_KMS), and, for an unknown issuer, \
             the machine's CA certificates",
        )
}

/// The first error of that type among an error's causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// An error and its causes, in words.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<_> = chain(error).map(ToString::to_string).collect();
    said.dedup();
    harmless(&said.join(": "))
}

fn said(code: Option<&str>, status: u16, message: &str) -> String {
    let code = code.map_or_else(|| format!("HTTP {status}"), harmless);
    if message.is_empty() { code } else { format!("{code}: {}", harmless(message)) }
}

/// Text from the other side, for an error message: short, printable, and without anything as long
/// as a key. A proxy or an emulator may quote the request that it complains about.
fn harmless(text: &str) -> String {
    const MAX: usize = 300;
    /// 32 bytes are 43 characters of base64 and 64 of hex.
    const AS_A_KEY: usize = 40;
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=\\".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() && out.len() < MAX {
        let run = rest.find(|c| !is_base64(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(run);
        out.push_str(if run < AS_A_KEY { word } else { "[…]" });
        let mut after = after.chars();
        if let Some(c) = after.next() {
            out.push(if c.is_control() { ' ' } else { c });
        }
        rest = after.as_str();
    }
    if !rest.is_empty() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(error: &KmsError) -> &'static str {
        match error {
            KmsError::Unavailable { .. } => "unavailable",
            KmsError::Denied { .. } => "denied",
            KmsError::Disabled { .. } => "disabled",
            KmsError::NotFound { .. } => "not found",
            KmsError::Rejected => "rejected",
            KmsError::Misconfigured { .. } => "misconfigured",
            _ => "new",
        }
    }

    #[test]
    fn every_exception_has_the_kind_of_what_to_do_next() {
        let call = Call { action: "kms:Decrypt", key: "alias/app".into() };
        for (code, status, expected) in [
            // What Decrypt, Encrypt, ReEncrypt and DescribeKey can answer.
            ("DependencyTimeoutException", 503, "unavailable"),
            ("DisabledException", 409, "disabled"),
            ("DryRunOperationException", 412, "misconfigured"),
            ("IncorrectKeyException", 400, "rejected"),
            ("InvalidArnException", 400, "misconfigured"),
            ("InvalidCiphertextException", 400, "rejected"),
            ("InvalidGrantTokenException", 400, "misconfigured"),
            ("InvalidKeyUsageException", 400, "misconfigured"),
            ("KeyUnavailableException", 500, "unavailable"),
            ("KMSInternalException", 500, "unavailable"),
            ("KMSInvalidStateException", 409, "disabled"),
            ("NotFoundException", 400, "not found"),
            ("UnsupportedOperationException", 400, "misconfigured"),
            // What every AWS service can answer.
            ("AccessDeniedException", 400, "denied"),
            ("ExpiredTokenException", 403, "misconfigured"),
            ("IncompleteSignature", 403, "misconfigured"),
            ("InternalFailure", 500, "unavailable"),
            ("InvalidClientTokenId", 403, "misconfigured"),
            ("InvalidSignatureException", 400, "misconfigured"),
            ("LimitExceededException", 400, "unavailable"),
            ("MissingAuthenticationToken", 403, "misconfigured"),
            ("RequestExpired", 400, "misconfigured"),
            ("ServiceUnavailable", 503, "unavailable"),
            ("ThrottlingException", 400, "unavailable"),
            ("UnrecognizedClientException", 400, "misconfigured"),
            ("ValidationException", 400, "misconfigured"),
            ("Unheard", 400, "misconfigured"),
            ("Unheard", 500, "unavailable"),
            ("Unheard", 429, "unavailable"),
        ] {
            let error = call.refusal(Some(code), status, "what KMS says");
            assert_eq!(kind(&error), expected, "{code}");
            let text = error.to_string();
            assert!(expected == "rejected" || text.contains(code) && text.contains("what KMS says"), "{text}");
        }
        assert_eq!(kind(&call.refusal(None, 502, "")), "unavailable");
        assert_eq!(kind(&call.refusal(None, 404, "")), "misconfigured");
    }

    #[test]
    fn nothing_as_long_as_a_key_is_quoted() {
        let key = [0x5a_u8; 32];
        let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, key);
        for quoted in [base64.clone(), base64.replace('/', "\\/"), hex::encode(key)] {
            let text = harmless(&format!("bad request: {{\"Plaintext\":\"{quoted}\"}}"));
            assert_eq!(text, "bad request: {\"Plaintext\":\"[…]\"}");
        }
        let arn = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        assert_eq!(harmless(arn), arn);
        assert_eq!(harmless("two\r\nlines\u{1b}[31m"), "two  lines [31m");
        assert!(harmless(&"word ".repeat(100_000)).len() < 400);
        assert!(harmless(&"é".repeat(100_000)).len() < 400);
    }
}
