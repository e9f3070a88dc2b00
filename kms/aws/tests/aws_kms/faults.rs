//! What goes wrong between here and KMS, and what the caller is told.

use crate::requests::{decrypted, encrypted, wrapped};
use crate::stub::{Reply, Request, Stub};
use crate::{KEY, REGION, SECRET, builder, config, kind};
use aws_config::SdkConfig;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fieldseal::kms::{Kms as _, KmsError};
use fieldseal::testing::kms_contract::{binding, data_key};
use fieldseal_kms_aws::AwsKms;
use serde_json::json;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

/// The error of an unwrap, and how long it took.
fn unwrap_error(kms: &AwsKms) -> (KmsError, Duration) {
    let begun = Instant::now();
    let error = kms.unwrap(&wrapped(KEY), &binding()).unwrap_err();
    (error, begun.elapsed())
}

#[test]
fn a_closed_port_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let kms = builder(&url).open(KEY).unwrap();
    let (error, took) = unwrap_error(&kms);
    assert!(matches!(&error, KmsError::Unavailable { .. }) && took < Duration::from_secs(2), "{error}, {took:?}");
    assert!(error.hint().contains("AWS_ENDPOINT_URL_KMS"), "{error:?}");
    let error = builder(&url).open("alias/app").unwrap_err();
    assert!(matches!(&error, KmsError::Unavailable { .. }), "{error}");
}

#[test]
fn the_deadline_holds_over_all_attempts() {
    for stall in [false, true] {
        let server = Stub::start(move |_, _| if stall { Reply::Stall } else { Reply::Hang });
        let kms = builder(&server.url).deadline(Duration::from_secs(1)).open(KEY).unwrap();
        let (error, took) = unwrap_error(&kms);
        assert!(matches!(&error, KmsError::Unavailable { .. }), "{error}");
        assert!(took < Duration::from_millis(1_300), "{took:?}");
        assert!(stall || server.requests().len() == 3, "each attempt has its share: {:?}", server.operations());
        // Still usable, and not blocked by what hangs.
        let begun = Instant::now();
        assert!(kms.wrap(&data_key(1), &binding()).is_err() && begun.elapsed() < Duration::from_millis(1_300));
    }
}

#[test]
fn what_passes_is_tried_again() {
    for (status, code) in
        [(500, "KMSInternalException"), (400, "ThrottlingException"), (503, "DependencyTimeoutException"), (0, "")]
    {
        let fails = move |_| match status {
            0 => Reply::Close,
            _ => Reply::Error(status, code, "not now".into()),
        };
        let server =
            Stub::start(move |number, _| if number < 2 { fails(number) } else { decrypted(KEY, &[1; 32]) });
        let kms = builder(&server.url).open(KEY).unwrap();
        assert_eq!(kms.unwrap(&wrapped(KEY), &binding()).unwrap().expose(), &[1; 32], "{code}");
        assert_eq!(server.operations(), ["Decrypt"; 3], "{code}");

        let server = Stub::start(move |number, _| fails(number));
        for attempts in [1, 3] {
            let before = server.requests().len();
            let (error, _) = unwrap_error(&builder(&server.url).attempts(attempts).open(KEY).unwrap());
            assert!(matches!(&error, KmsError::Unavailable { .. }) && error.to_string().contains(code), "{error}");
            assert_eq!(server.requests().len() - before, attempts as usize, "{code}");
        }
    }
}

#[test]
fn any_deadline_will_do() {
    let server = Stub::start(|number, _| match number % 2 {
        0 => Reply::Error(500, "KMSInternalException", "not now".into()),
        _ => decrypted(KEY, &[1; 32]),
    });
    let open = |deadline| builder(&server.url).deadline(deadline).open(KEY);
    open(Duration::MAX).unwrap().unwrap(&wrapped(KEY), &binding()).unwrap();
    let error = open(Duration::ZERO).and_then(|kms| kms.unwrap(&wrapped(KEY), &binding())).unwrap_err();
    assert!(matches!(&error, KmsError::Unavailable { .. }), "{error}");
}

#[test]
fn what_does_not_pass_is_asked_once() {
    for (status, code, expected) in [
        (400, "AccessDeniedException", "denied"),
        (400, "InvalidCiphertextException", "rejected"),
        (400, "NotFoundException", "not found"),
        (409, "DisabledException", "disabled"),
        (400, "UnrecognizedClientException", "misconfigured"),
    ] {
        let server = Stub::start(move |_, _| Reply::Error(status, code, "no".into()));
        let (error, _) = unwrap_error(&builder(&server.url).open(KEY).unwrap());
        assert_eq!((kind(&error), server.requests().len()), (expected, 1), "{error}");
    }
}

/// Through the SDK's own parsing: the code must arrive in whatever form the SDK gives it.
#[test]
fn every_exception_of_every_operation_has_its_kind() {
    let common = [
        (503, "DependencyTimeoutException", "unavailable"),
        (500, "KMSInternalException", "unavailable"),
        (400, "NotFoundException", "not found"),
        (400, "AccessDeniedException", "denied"),
        (400, "ExpiredTokenException", "misconfigured"),
        (400, "InvalidSignatureException", "misconfigured"),
        (400, "LimitExceededException", "unavailable"),
        (400, "UnrecognizedClientException", "misconfigured"),
        (400, "ValidationException", "misconfigured"),
    ];
    let describe = [(400, "InvalidArnException", "misconfigured")];
    let encrypt = [
        (409, "DisabledException", "disabled"),
        (400, "DryRunOperationException", "misconfigured"),
        (400, "InvalidGrantTokenException", "misconfigured"),
        (400, "InvalidKeyUsageException", "misconfigured"),
        (500, "KeyUnavailableException", "unavailable"),
        (409, "KMSInvalidStateException", "disabled"),
    ];
    let decrypt = [(400, "IncorrectKeyException", "rejected"), (400, "InvalidCiphertextException", "rejected")];
    let of = |operation: &str| match operation {
        "DescribeKey" => [&common[..], &describe].concat(),
        "Encrypt" => [&common[..], &encrypt].concat(),
        _ => [&common[..], &encrypt, &decrypt].concat(),
    };
    for operation in ["DescribeKey", "Encrypt", "Decrypt", "ReEncrypt"] {
        for (status, code, expected) in of(operation) {
            let server = Stub::start(move |_, _| Reply::Error(status, code, "as KMS says it".into()));
            let open = |key| builder(&server.url).attempts(1).open(key);
            let error = match operation {
                "DescribeKey" => open("alias/app").unwrap_err(),
                "Encrypt" => open(KEY).unwrap().wrap(&data_key(1), &binding()).unwrap_err(),
                "Decrypt" => open(KEY).unwrap().unwrap(&wrapped(KEY), &binding()).unwrap_err(),
                _ => open(KEY).unwrap().rewrap(&wrapped(KEY), &binding()).unwrap_err(),
            };
            assert_eq!(server.operations(), [operation]);
            assert_eq!(kind(&error), expected, "{operation}, {code}: {error}");
            let text = error.to_string();
            if expected == "denied" {
                assert!(text.contains(&format!("kms:{operation}")), "names what to allow: {text}");
            }
            assert!(expected == "rejected" || text.contains("as KMS says it"), "{text}");
        }
    }
}

#[test]
fn an_answer_that_is_not_from_kms_says_so() {
    for (status, text, expected) in [
        (200, "<html>Welcome</html>", "misconfigured"),
        (404, "<html>Not Found</html>", "misconfigured"),
        (502, "<html>Bad Gateway</html>", "unavailable"),
    ] {
        let server = Stub::start(move |_, _| Reply::Text(status, text));
        let (error, _) = unwrap_error(&builder(&server.url).attempts(1).open(KEY).unwrap());
        assert_eq!(kind(&error), expected, "{status}: {error}");
    }
}

#[test]
fn an_error_that_quotes_the_request_gives_no_key_away() {
    let quoting = |request: &Request| format!("what is {}?", request.body["Plaintext"]);
    let server = Stub::start(move |_, request| Reply::Error(400, "ValidationException", quoting(request)));
    let error = builder(&server.url).open(KEY).unwrap().wrap(&data_key(0x5a), &binding()).unwrap_err();
    let key = BASE64_STANDARD.encode([0x5a; 32]);
    assert_eq!(server.requests()[0].body["Plaintext"], json!(key));
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(&key[..20]) && text.contains("what is"), "{text}");
    }
}

#[test]
fn a_missing_region_or_missing_credentials_say_what_to_set() {
    let empty = SdkConfig::builder().build();
    let error = AwsKms::with_config(&empty, "alias/app").unwrap_err();
    assert!(matches!(&error, KmsError::Misconfigured { .. } if error.hint().contains("set AWS_REGION")), "{error}");
    // An ARN says the region. There is no provider of credentials at all.
    let server = Stub::start(|_, _| encrypted(KEY));
    let without = empty.into_builder().endpoint_url(&server.url).build();
    let error = AwsKms::with_config(&without, KEY).unwrap().wrap(&data_key(1), &binding()).unwrap_err();
    assert!(
        matches!(&error, KmsError::Misconfigured { .. } if error.hint().contains("AWS_ACCESS_KEY_ID")),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

/// The SDK's default chain, in processes with an environment of their own.
#[test]
fn the_default_configuration_is_the_environments() {
    const NAME: &str = "faults::the_default_configuration_is_the_environments";
    const KEY_TO_OPEN: &str = "FIELDSEAL_TEST_OPEN";
    if let Ok(key) = std::env::var(KEY_TO_OPEN) {
        let done = AwsKms::builder().open(&key).and_then(|kms| kms.wrap(&data_key(1), &binding()));
        println!("\nresult: {}", done.map_or_else(|error| format!("{error:?}"), |wrapped| wrapped.kek.to_string()));
        return;
    }
    let server = Stub::start(|_, request| match &*request.operation {
        "DescribeKey" => Reply::Ok(json!({"KeyMetadata": {"KeyId": "1234", "Arn": KEY}})),
        _ => encrypted(KEY),
    });
    let endpoint = ("AWS_ENDPOINT_URL_KMS", server.url.as_str());
    let region = ("AWS_REGION", REGION);
    let credentials = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    let open = |key: &str, set: &[(&str, &str)]| {
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", NAME, "--nocapture"]).env(KEY_TO_OPEN, key);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            process.env_remove(name);
        }
        // No machine whose metadata service could know better, and no profile.
        process.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", "/nonexistent");
        let output = process.envs(set.iter().copied()).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.lines().find_map(|line| line.strip_prefix("result: ")).expect("a result").to_owned()
    };
    let all = [endpoint, region, credentials[0], credentials[1]];
    assert_eq!(open("alias/app", &all), format!("aws-kms:{KEY}"));
    let of_every_service = ("AWS_ENDPOINT_URL", server.url.as_str());
    assert_eq!(open(KEY, &[of_every_service, credentials[0], credentials[1]]), format!("aws-kms:{KEY}"));
    let text = open("alias/app", &[endpoint, credentials[0], credentials[1]]);
    assert!(text.starts_with("the KMS provider is misconfigured: ") && text.contains("set AWS_REGION"), "{text}");
    let text = open(KEY, &[endpoint, region]);
    assert!(text.contains("misconfigured: no AWS credentials were found; hint: set AWS_ACCESS_KEY_ID"), "{text}");
}

#[test]
fn nothing_secret_is_printed() {
    let kms = AwsKms::builder().config(&config("http://127.0.0.1:1", REGION)).also_opens(crate::OTHER_KEY);
    for text in [format!("{kms:?}"), format!("{:?}", kms.open(KEY).unwrap())] {
        assert!(text.contains(crate::OTHER_KEY) && !text.contains(SECRET), "{text}");
    }
}
