//! What ministack implements: the states of a key, and replicas. It doesn't authenticate
//! ciphertexts, decrypts with whatever key the ciphertext names, and has no `ReEncrypt`.

use crate::emulators::Emulator;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use fieldseal::keys::{Binding, DataKey, KekUri, WrappedKey};
use fieldseal::kms::{Kms, KmsError, Local};
use fieldseal::store::Memory;
use fieldseal::testing::kms_contract::{self, binding, data_key};
use fieldseal::{Column, ErrorKind, Keyring, KeyringError, RowContext, RowId, Scope};
use fieldseal_kms_aws::AwsKms;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn ministack() -> Emulator {
    Emulator::named("FIELDSEAL_TEST_MINISTACK")
}

/// Rewraps as the trait does by itself.
#[derive(Debug)]
struct WithoutReEncrypt(AwsKms);

impl Kms for WithoutReEncrypt {
    fn kek(&self) -> KekUri {
        self.0.kek()
    }

    fn holds(&self, kek: &KekUri) -> bool {
        self.0.holds(kek)
    }

    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        self.0.wrap(key, binding)
    }

    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
        self.0.unwrap(wrapped, binding)
    }
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn keeps_its_part_of_the_contract_of_a_kms() {
    let ministack = ministack();
    let open = || WithoutReEncrypt(ministack.open(&ministack.create_key()));
    let (kms, other) = (open(), open());
    kms_contract::unwraps_what_it_wrapped(&kms);
    kms_contract::refuses_another_binding(&kms);
    kms_contract::refuses_names_that_it_does_not_hold(&kms, &other);
    kms_contract::rewraps_to_the_same_key(&kms);
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_disabled_key_and_one_to_be_deleted_are_disabled_until_they_are_back() {
    let ministack = ministack();
    let key = ministack.create_key();
    let kms = ministack.open(&key);
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let disabled = |text: &str| {
        for error in [kms.unwrap(&wrapped, &binding()).err(), kms.wrap(&data_key(1), &binding()).err()] {
            let error = error.expect("an error");
            assert!(matches!(&error, KmsError::Disabled { message, .. } if message.contains(&key)), "{error:?}");
            assert!(error.hint().contains(text), "{error:?}");
        }
    };
    ministack.administer(async |client| client.disable_key().key_id(&key).send().await);
    disabled("aws kms enable-key");
    ministack.administer(async |client| client.enable_key().key_id(&key).send().await);
    kms.unwrap(&wrapped, &binding()).unwrap();
    ministack.administer(async |client| {
        client.schedule_key_deletion().key_id(&key).pending_window_in_days(7).send().await
    });
    disabled("aws kms cancel-key-deletion");
    ministack.administer(async |client| client.cancel_key_deletion().key_id(&key).send().await);
    ministack.administer(async |client| client.enable_key().key_id(&key).send().await);
    kms.unwrap(&wrapped, &binding()).unwrap();
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_replica_opens_what_the_key_in_the_other_region_wrapped() {
    let ministack = ministack();
    let key = ministack.create(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt, true);
    assert!(key.contains(":key/mrk-"), "{key}");
    let wrapped = ministack.open(&key).wrap(&data_key(1), &binding()).unwrap();
    ministack
        .administer(async |client| client.replicate_key().key_id(&key).replica_region("eu-west-1").send().await);
    let replica = key.replace("us-east-1", "eu-west-1");
    let kms = ministack.open_in("eu-west-1", &replica);
    assert!(kms.holds(&wrapped.kek) && kms.kek() != wrapped.kek);
    assert_eq!(kms.unwrap(&wrapped, &binding()).unwrap().expose(), &[1; 32]);
    let here = kms.wrap(&data_key(2), &binding()).unwrap();
    assert_eq!(here.kek.as_str(), format!("aws-kms:{replica}"));
    assert_eq!(ministack.open(&key).unwrap(&here, &binding()).unwrap().expose(), &[2; 32]);
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn what_a_key_or_an_endpoint_cannot_do_says_what_to_change() {
    let ministack = ministack();
    let rsa = ministack.open(&ministack.create(KeySpec::Rsa2048, KeyUsageType::SignVerify, false));
    let error = rsa.wrap(&data_key(1), &binding()).unwrap_err();
    assert!(
        matches!(&error, KmsError::Misconfigured { .. } if error.hint().contains("SYMMETRIC_DEFAULT")),
        "{error}"
    );
    let kms = ministack.open(&ministack.create_key());
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let error = kms.rewrap(&wrapped, &binding()).unwrap_err();
    assert!(
        matches!(&error, KmsError::Misconfigured { .. } if error.hint().contains("AWS_ENDPOINT_URL_KMS")),
        "{error}"
    );
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_keyring_stops_opening_when_the_key_is_disabled() {
    let ministack = ministack();
    let key = ministack.create_key();
    let store = Arc::new(Memory::new());
    let open = || Keyring::start(ministack.open(&key), Arc::clone(&store));
    let keyring = open().unwrap();
    let tenant = Scope::tenant(42).unwrap();
    let first = keyring.admin().ensure_scope(&tenant).unwrap();
    let second = keyring.admin().rotate(&tenant).unwrap();
    assert_eq!(open().unwrap().keys(), keyring.keys());
    ministack.administer(async |client| client.disable_key().key_id(&key).send().await);
    match open().unwrap_err() {
        KeyringError::Kms { id, error: KmsError::Disabled { .. } } => assert!(id == first || id == second),
        error => panic!("{error}"),
    }
    assert!(matches!(keyring.admin().rotate(&tenant), Err(KeyringError::Wrap(KmsError::Disabled { .. }))));
    ministack.administer(async |client| client.enable_key().key_id(&key).send().await);
    assert_eq!(open().unwrap().keys(), keyring.keys());
}

/// What a running process does, with nobody's hand on it.
#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_disabled_key_stops_a_running_process_within_its_lease() {
    const NAME: Column = Column::new("patients", "name");
    const LEASE: Duration = Duration::from_secs(3);
    let ministack = ministack();
    let key = ministack.create_key();
    let keyring = Keyring::builder(ministack.open(&key), Memory::new()).lease(LEASE).start().unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let row = RowContext::of_row(RowId::of(&1));
    let value = keyring.seal_bytes(&NAME, &row, b"Ada").unwrap();
    let works =
        || keyring.open_bytes(&NAME, &row, &value).is_ok() && keyring.seal_bytes(&NAME, &row, b"Ada").is_ok();
    let until = Instant::now() + LEASE * 2;
    while Instant::now() < until {
        assert!(works(), "it renews its lease in time");
        std::thread::sleep(Duration::from_millis(20));
    }
    let stats = keyring.stats();
    assert!(stats.renewals >= 1 && stats.misses == 0, "{stats:?}");
    ministack.administer(async |client| client.disable_key().key_id(&key).send().await);
    let disabled = Instant::now();
    while works() {
        assert!(disabled.elapsed() < LEASE + Duration::from_secs(1), "it goes on without its KEK");
        std::thread::sleep(Duration::from_millis(20));
    }
    match keyring.open_bytes(&NAME, &row, &value).unwrap_err().kind() {
        ErrorKind::LoadFailed(load) => {
            assert!(matches!(load.error(), KeyringError::Kms { error: KmsError::Disabled { .. }, .. }), "{load}");
        }
        kind => panic!("{kind}"),
    }
    ministack.administer(async |client| client.enable_key().key_id(&key).send().await);
    // A refusal is remembered for a moment, so that a KMS isn't asked by every value.
    let enabled = Instant::now();
    while !works() {
        assert!(enabled.elapsed() < Duration::from_secs(20), "it comes back by itself");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Two accounts' keys, and a file in a safe: a data key opens with any of them.
#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_break_glass_file_opens_what_a_disabled_key_does_not() {
    let ministack = ministack();
    let (key, other) = (ministack.create_key(), ministack.create_key());
    let (folder, store) = (tempfile::tempdir().unwrap(), Arc::new(Memory::new()));
    let in_aws =
        Keyring::builder(ministack.open(&key), Arc::clone(&store)).and_kms(ministack.open(&other)).start().unwrap();
    let id = in_aws.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let file = || Local::open_or_create(folder.path().join("break-glass.json")).unwrap();
    let everything =
        Keyring::builder(ministack.open(&key), Arc::clone(&store)).and_kms(ministack.open(&other)).and_kms(file());
    assert_eq!(everything.start().unwrap().admin().add_copies().unwrap(), 1);
    for key in [&key, &other] {
        ministack.administer(async |client| client.disable_key().key_id(key).send().await);
    }
    assert!(Keyring::start(ministack.open(&key), Arc::clone(&store)).is_err());
    let glass = Keyring::start(file(), Arc::clone(&store)).unwrap();
    assert_eq!(glass.primary(&Scope::APPLICATION), Some(id));
    let both = Keyring::builder(ministack.open(&key), Arc::clone(&store)).and_kms(file()).start().unwrap();
    assert_eq!(both.primary(&Scope::APPLICATION), Some(id));
    assert_eq!(both.stats().keys_loaded, 1);
}
