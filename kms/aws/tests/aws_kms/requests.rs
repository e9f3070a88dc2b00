//! What KMS is asked, and which of its answers are believed.

use crate::stub::{Reply, Stub};
use crate::{KEY, MULTI_REGION, OTHER_KEY, builder};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fieldseal::Scope;
use fieldseal::keys::{Binding, KekUri, WrappedKey};
use fieldseal::kms::{Kms as _, KmsError};
use fieldseal::testing::kms_contract::{binding, data_key};
use fieldseal_kms_aws::AwsKms;
use serde_json::{Value, json};

const BLOB: &[u8] = b"a blob of KMS";

pub(crate) fn wrapped(key: &str) -> WrappedKey {
    WrappedKey::new(KekUri::new(format!("aws-kms:{key}")), BLOB.to_vec())
}

pub(crate) fn decrypted(key: &str, plaintext: &[u8]) -> Reply {
    let plaintext = BASE64_STANDARD.encode(plaintext);
    Reply::Ok(json!({"KeyId": key, "Plaintext": plaintext, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}))
}

pub(crate) fn encrypted(key: &str) -> Reply {
    let blob = BASE64_STANDARD.encode(BLOB);
    Reply::Ok(json!({"KeyId": key, "CiphertextBlob": blob, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}))
}

fn reencrypted(from: &str, to: &str) -> Value {
    let algorithm = "SYMMETRIC_DEFAULT";
    json!({
        "CiphertextBlob": BASE64_STANDARD.encode(BLOB), "SourceKeyId": from, "KeyId": to,
        "SourceEncryptionAlgorithm": algorithm, "DestinationEncryptionAlgorithm": algorithm,
    })
}

/// The context of [`binding`].
fn context() -> Value {
    json!({
        "fieldseal:format": "fieldseal/1 data key",
        "fieldseal:key-id": "00000007",
        "fieldseal:tenant-sha256": "ab08262d0bd8715a6f46182c0befa658f184c9e4e8dc99a68dfb606f6901cec6",
        "fieldseal:commitment": "09".repeat(32),
    })
}

fn kms(server: &Stub, key: &str) -> AwsKms {
    builder(&server.url).open(key).unwrap()
}

/// The body of the only request.
fn asked(server: &Stub) -> Value {
    let [request] = &*server.requests() else { panic!("{:?}", server.requests()) };
    request.body.clone()
}

#[test]
fn each_call_names_the_key_and_the_whole_binding() {
    let server = Stub::start(|_, _| encrypted(KEY));
    assert_eq!(kms(&server, KEY).wrap(&data_key(1), &binding()).unwrap(), wrapped(KEY));
    let plaintext = BASE64_STANDARD.encode([1; 32]);
    let algorithm = "SYMMETRIC_DEFAULT";
    let expected = json!({
        "KeyId": KEY, "Plaintext": plaintext, "EncryptionContext": context(), "EncryptionAlgorithm": algorithm,
    });
    assert_eq!(asked(&server), expected);

    let server = Stub::start(|_, _| decrypted(KEY, &[1; 32]));
    assert_eq!(kms(&server, KEY).unwrap(&wrapped(KEY), &binding()).unwrap().expose(), &[1; 32]);
    let blob = BASE64_STANDARD.encode(BLOB);
    let expected = json!({
        "KeyId": KEY, "CiphertextBlob": blob, "EncryptionContext": context(), "EncryptionAlgorithm": algorithm,
    });
    assert_eq!(asked(&server), expected);

    let server = Stub::start(|_, _| Reply::Ok(reencrypted(OTHER_KEY, KEY)));
    let kms = builder(&server.url).also_opens(OTHER_KEY).open(KEY).unwrap();
    assert_eq!(kms.rewrap(&wrapped(OTHER_KEY), &binding()).unwrap(), Some(wrapped(KEY)));
    let expected = json!({
        "CiphertextBlob": blob,
        "SourceKeyId": OTHER_KEY, "SourceEncryptionContext": context(), "SourceEncryptionAlgorithm": algorithm,
        "DestinationKeyId": KEY, "DestinationEncryptionContext": context(), "DestinationEncryptionAlgorithm": algorithm,
    });
    assert_eq!(asked(&server), expected);
}

#[test]
fn the_applications_scope_and_plain_tenants_are_readable() {
    let server = Stub::start(|_, _| encrypted(KEY));
    let kms = kms(&server, KEY);
    for scope in [Scope::APPLICATION, Scope::tenant(42).unwrap()] {
        let Binding { id, commitment, .. } = binding();
        kms.wrap(&data_key(1), &Binding::new(id, scope, commitment)).unwrap();
    }
    let contexts: Vec<_> =
        server.requests().into_iter().map(|request| request.body["EncryptionContext"].clone()).collect();
    assert_eq!(contexts[0]["fieldseal:scope"], json!("application"));
    assert_eq!(contexts[1]["fieldseal:tenant"], json!("42"));
    assert!(contexts.iter().all(|context| context.as_object().unwrap().len() == 4), "{contexts:?}");
}

/// The store's name of a KEK is compared with what was configured, and never sent.
#[test]
fn a_name_from_the_key_store_is_not_followed() {
    let server = Stub::start(|_, _| decrypted(KEY, &[1; 32]));
    let kms = kms(&server, KEY);
    let not_a_replica = KEY.replace("us-east-1", "eu-west-1");
    for name in [OTHER_KEY, MULTI_REGION, "alias/app", &not_a_replica, &KEY.replace("111122223333", "999999999999")]
    {
        assert!(!kms.holds(&wrapped(name).kek), "{name}");
        let error = kms.unwrap(&wrapped(name), &binding()).unwrap_err();
        assert!(matches!(&error, KmsError::NotFound { message: text, .. } if text.contains(name)), "{error}");
        assert!(matches!(kms.rewrap(&wrapped(name), &binding()), Err(KmsError::NotFound { .. })), "{name}");
    }
    for length in [0, 6145, 65_536] {
        let wrapped = WrappedKey::new(wrapped(KEY).kek, vec![1; length]);
        assert!(matches!(kms.unwrap(&wrapped, &binding()), Err(KmsError::Rejected)), "{length}");
        assert!(matches!(kms.rewrap(&wrapped, &binding()), Err(KmsError::Rejected)), "{length}");
    }
    assert!(server.requests().is_empty(), "{:?}", server.operations());
    kms.unwrap(&WrappedKey::new(wrapped(KEY).kek, vec![1; 6144]), &binding()).unwrap();
}

#[test]
fn a_replica_is_opened_by_the_one_in_this_region() {
    let server = Stub::start(|_, _| decrypted(MULTI_REGION, &[1; 32]));
    let kms = kms(&server, MULTI_REGION);
    let replica = MULTI_REGION.replace("us-east-1", "ap-southeast-2");
    assert!(kms.holds(&wrapped(&replica).kek));
    kms.unwrap(&wrapped(&replica), &binding()).unwrap();
    assert_eq!(asked(&server)["KeyId"], json!(MULTI_REGION));
    for (from, to) in [("aws:", "aws-cn:"), ("111122223333", "999999999999"), ("90ab", "90ac")] {
        assert!(!kms.holds(&wrapped(&replica.replace(from, to)).kek), "{to}");
    }
    // One that is named in `also_opens` too, wherever it was made.
    let kms = builder(&server.url).also_opens(&replica).open(KEY).unwrap();
    for name in [KEY, MULTI_REGION, &replica] {
        assert!(kms.holds(&wrapped(name).kek), "{name}");
    }
    kms.unwrap(&wrapped(&replica), &binding()).unwrap();
    assert_eq!(server.requests()[1].body["KeyId"], json!(MULTI_REGION));
    assert_eq!(kms.kek(), wrapped(KEY).kek);
}

#[test]
fn an_answer_about_another_key_is_rejected() {
    let with = |field: &str, value: Value| {
        let Reply::Ok(mut answer) = decrypted(KEY, &[1; 32]) else { unreachable!() };
        answer[field] = value;
        answer
    };
    let plaintext = |bytes: &[u8]| with("Plaintext", json!(BASE64_STANDARD.encode(bytes)));
    for answer in [
        plaintext(&[1; 31]),
        plaintext(&[1; 33]),
        plaintext(&[]),
        with("Plaintext", Value::Null),
        with("KeyId", json!(OTHER_KEY)),
        with("KeyId", Value::Null),
        with("KeyId", json!("1234abcd-12ab-34cd-56ef-1234567890ab")),
        with("KeyId", json!(KEY.replace("us-east-1", "eu-west-1"))),
        with("EncryptionAlgorithm", json!("RSAES_OAEP_SHA_256")),
        json!({}),
    ] {
        let reply = answer.clone();
        let server = Stub::start(move |_, _| Reply::Ok(reply.clone()));
        let result = kms(&server, KEY).unwrap(&wrapped(KEY), &binding());
        assert!(matches!(result, Err(KmsError::Rejected)), "{answer}: {result:?}");
    }
    for answer in [
        json!({"KeyId": OTHER_KEY, "CiphertextBlob": "AAAA"}),
        json!({"CiphertextBlob": "AAAA"}),
        json!({"KeyId": KEY}),
        json!({"KeyId": KEY, "CiphertextBlob": ""}),
        json!({"KeyId": KEY, "CiphertextBlob": BASE64_STANDARD.encode(vec![1; 6145])}),
        json!({"KeyId": KEY, "CiphertextBlob": "AAAA", "EncryptionAlgorithm": "SM2PKE"}),
    ] {
        let reply = answer.clone();
        let server = Stub::start(move |_, _| Reply::Ok(reply.clone()));
        let result = kms(&server, KEY).wrap(&data_key(1), &binding());
        assert!(matches!(result, Err(KmsError::Rejected)), "{answer}: {result:?}");
    }
    for (field, value) in [
        ("KeyId", json!(OTHER_KEY)),
        ("SourceKeyId", json!(OTHER_KEY)),
        ("SourceEncryptionAlgorithm", json!("SM2PKE")),
        ("DestinationEncryptionAlgorithm", json!("SM2PKE")),
        ("CiphertextBlob", Value::Null),
    ] {
        let mut answer = reencrypted(KEY, KEY);
        answer[field] = value;
        let server = Stub::start(move |_, _| Reply::Ok(answer.clone()));
        let result = kms(&server, KEY).rewrap(&wrapped(KEY), &binding());
        assert!(matches!(result, Err(KmsError::Rejected)), "{field}: {result:?}");
    }
}
