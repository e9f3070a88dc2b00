//! By which names a key can be opened.

use crate::stub::{Reply, Stub};
use crate::{KEY, MULTI_REGION, OTHER_KEY, builder};
use fieldseal::kms::{Kms as _, KmsError};
use serde_json::{Value, json};

fn describes(extra: Value) -> Stub {
    Stub::start(move |_, request| {
        assert_eq!(request.operation, "DescribeKey");
        let mut metadata = json!({"KeyId": "1234", "Arn": KEY});
        for (name, value) in extra.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        Reply::Ok(json!({"KeyMetadata": metadata}))
    })
}

#[test]
fn an_arn_is_taken_as_it_is_without_a_call() {
    let server = describes(json!({}));
    for key in [KEY, MULTI_REGION] {
        assert_eq!(builder(&server.url).open(key).unwrap().kek().as_str(), format!("aws-kms:{key}"));
    }
    assert!(server.requests().is_empty());
}

#[test]
fn every_other_name_is_looked_up_once_and_stored_as_the_arn() {
    for name in [
        "alias/app",
        "arn:aws:kms:us-east-1:111122223333:alias/app",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "mrk-1234abcd12ab34cd56ef1234567890ab",
    ] {
        let server = describes(json!({"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}));
        let kms = builder(&server.url).open(name).unwrap();
        assert_eq!(kms.kek().as_str(), format!("aws-kms:{KEY}"), "{name}");
        assert_eq!(server.requests()[0].body, json!({"KeyId": name}));
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_key_that_cannot_be_a_kek_is_refused_when_it_is_opened() {
    for metadata in [
        json!({"KeySpec": "RSA_2048"}),
        json!({"KeyUsage": "SIGN_VERIFY"}),
        json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
        json!({"Arn": "nonsense"}),
        json!({"Arn": null}),
    ] {
        let server = describes(metadata.clone());
        let error = builder(&server.url).open("alias/app").unwrap_err();
        let says = |text: &str| text.contains("alias/app") && text.contains("SYMMETRIC_DEFAULT");
        assert!(
            matches!(&error, KmsError::Misconfigured { message: text, .. } if says(text)),
            "{metadata}: {error}"
        );
    }
}

#[test]
fn another_kek_must_be_reachable_from_here() {
    let url = "http://127.0.0.1:1";
    let error = builder(url).also_opens("alias/old").open(KEY).unwrap_err();
    assert!(
        matches!(&error, KmsError::Misconfigured { message: text, .. } if text.contains("alias/old")),
        "{error}"
    );
    let elsewhere = OTHER_KEY.replace("us-east-1", "eu-west-1");
    let error = builder(url).also_opens(&elsewhere).open(KEY).unwrap_err();
    assert!(
        matches!(&error, KmsError::Misconfigured { message: text, .. } if text.contains(&elsewhere)),
        "{error}"
    );
    let error = builder(url).open("my key").unwrap_err();
    assert!(
        matches!(&error, KmsError::Misconfigured { message: text, .. } if text.contains("\"my key\"")),
        "{error}"
    );
}
