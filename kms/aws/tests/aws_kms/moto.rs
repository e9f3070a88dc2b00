//! What moto implements: authenticated ciphertexts, the right key for each, `ReEncrypt` and
//! rotation. It checks neither a key's state nor replicas.

use crate::emulators::Emulator;
use crate::kind;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use fieldseal::keys::{Binding, DataKey, KekUri, KeyState, WrappedKey};
use fieldseal::kms::{Kms, KmsError};
use fieldseal::store::Memory;
use fieldseal::testing::kms_contract::{self, binding, data_key};
use fieldseal::{Column, Keyring, RowContext, RowId, Scope};
use fieldseal_kms_aws::AwsKms;
use std::sync::Arc;

fn moto() -> Emulator {
    Emulator::named("FIELDSEAL_TEST_MOTO")
}

/// moto answers `AccessDeniedException` where a ciphertext names another key, and KMS
/// `IncorrectKeyException`.
#[derive(Debug)]
struct AsKmsSaysIt(AwsKms);

fn as_kms_says_it(error: KmsError) -> KmsError {
    match error {
        KmsError::Denied { message: text, .. } if text.contains("AccessDeniedException") => KmsError::Rejected,
        error => error,
    }
}

impl Kms for AsKmsSaysIt {
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
        self.0.unwrap(wrapped, binding).map_err(as_kms_says_it)
    }

    fn rewrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<Option<WrappedKey>, KmsError> {
        self.0.rewrap(wrapped, binding).map_err(as_kms_says_it)
    }
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn keeps_the_contract_of_a_kms() {
    let moto = moto();
    let open = || AsKmsSaysIt(moto.open(&moto.create_key()));
    kms_contract::check(&open(), &open());
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_keyset_is_encrypted_without_a_context_as_tink_decrypts_it() {
    let moto = moto();
    let key = moto.create_key();
    let encrypted = moto.open(&key).encrypt_tink_keyset(&[7; 4096]).unwrap();
    let decrypted = moto.administer(async |client| {
        client.decrypt().key_id(&key).ciphertext_blob(Blob::new(encrypted)).send().await
    });
    assert_eq!(decrypted.plaintext.unwrap().into_inner(), [7; 4096]);
    let refused = moto.open(&key).encrypt_tink_keyset(&[7; 4097]).unwrap_err();
    assert!(
        matches!(&refused, KmsError::Misconfigured { message: text, .. } if text.contains("4097 bytes")),
        "{refused}"
    );
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn an_alias_is_found_and_is_not_what_is_stored() {
    let moto = moto();
    let (first, second) = (moto.create_key(), moto.create_key());
    let alias = moto.create_alias(&first);
    let kms = moto.open(&alias);
    assert_eq!(kms.kek().as_str(), format!("aws-kms:{first}"));
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    moto.administer(async |client| client.update_alias().alias_name(&alias).target_key_id(&second).send().await);
    // What was opened goes on; what is opened anew wraps under the other key, and needs to be told
    // of the old one.
    assert_eq!(kms.unwrap(&wrapped, &binding()).unwrap().expose(), &[1; 32]);
    let after = moto.open(&alias);
    assert_eq!(after.kek().as_str(), format!("aws-kms:{second}"));
    assert!(matches!(after.unwrap(&wrapped, &binding()), Err(KmsError::NotFound { .. })));
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_key_that_is_not_there_is_not_found() {
    let moto = moto();
    let key = moto.create_key();
    let (key, _) = key.rsplit_once('/').unwrap();
    let missing = format!("{key}/00000000-0000-0000-0000-000000000000");
    for name in ["alias/fieldseal/missing", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(kind(&moto.try_open(name).unwrap_err()), "not found", "{name}");
    }
    let kms = moto.open(&missing);
    let error = kms.wrap(&data_key(1), &binding()).unwrap_err();
    assert_eq!(kind(&error), "not found");
    assert!(error.hint().contains("AWS_REGION") && error.to_string().contains(&missing), "{error:?}");
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn an_asymmetric_key_is_no_kek() {
    let moto = moto();
    let key = moto.create(KeySpec::Rsa2048, KeyUsageType::SignVerify, false);
    let error = moto.try_open(&moto.create_alias(&key)).unwrap_err();
    assert!(
        matches!(&error, KmsError::Misconfigured { .. } if error.hint().contains("SYMMETRIC_DEFAULT")),
        "{error}"
    );
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_rotated_key_opens_old_copies_and_wraps_again_inside_kms() {
    let moto = moto();
    let key = moto.create_key();
    let kms = moto.open(&key);
    let old = kms.wrap(&data_key(1), &binding()).unwrap();
    moto.administer(async |client| client.rotate_key_on_demand().key_id(&key).send().await);
    assert_eq!(kms.unwrap(&old, &binding()).unwrap().expose(), &[1; 32]);
    let new = kms.rewrap(&old, &binding()).unwrap().unwrap();
    assert_eq!((&new.kek, kms.unwrap(&new, &binding()).unwrap().expose()), (&old.kek, &[1; 32]));
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_copy_under_another_configured_key_moves_inside_kms() {
    let moto = moto();
    let (old, new) = (moto.create_key(), moto.create_key());
    let wrapped = moto.open(&old).wrap(&data_key(1), &binding()).unwrap();
    let kms = moto.also_opens(&new, &old);
    assert!(kms.holds(&wrapped.kek));
    assert_eq!(kms.unwrap(&wrapped, &binding()).unwrap().expose(), &[1; 32]);
    let moved = kms.rewrap(&wrapped, &binding()).unwrap().unwrap();
    assert_eq!(moved.kek.as_str(), format!("aws-kms:{new}"));
    assert_eq!(moto.open(&new).unwrap(&moved, &binding()).unwrap().expose(), &[1; 32]);
    assert!(matches!(moto.open(&new).unwrap(&wrapped, &binding()), Err(KmsError::NotFound { .. })));
}

#[test]
#[ignore = "needs an emulator of AWS KMS: bash tests/all"]
fn a_keyring_lives_under_it() {
    let moto = moto();
    let key = moto.create_key();
    let store = Arc::new(Memory::new());
    let open = || Keyring::start(moto.open(&key), Arc::clone(&store)).unwrap();
    let keyring = open();
    let scopes = [Scope::APPLICATION, Scope::tenant(42).unwrap(), Scope::tenant("Zürich 🏥").unwrap()];
    let column = Column::new("patients", "name");
    let context = |scope: &Scope| RowContext::of_row(RowId::of(&1)).in_scope(scope.clone());
    let seal = |keyring: &Keyring, scope: &Scope| keyring.seal_bytes(&column, &context(scope), b"Ada").unwrap();
    for scope in &scopes {
        keyring.admin().ensure_scope(scope).unwrap();
    }
    let before: Vec<_> = scopes.iter().map(|scope| seal(&keyring, scope)).collect();
    let rotated = keyring.admin().rotate(&scopes[1]).unwrap();
    moto.administer(async |client| client.rotate_key_on_demand().key_id(&key).send().await);
    assert_eq!(keyring.admin().rewrap().unwrap(), 4);
    let reopened = open();
    assert_eq!(reopened.keys(), keyring.keys());
    assert_eq!(reopened.primary(&scopes[1]), Some(rotated));
    assert_eq!(reopened.keys().iter().filter(|key| key.state == KeyState::Active).count(), 1);
    for (scope, sealed) in scopes.iter().zip(before) {
        for sealed in [sealed, seal(&keyring, scope)] {
            let opened = reopened.open_bytes(&column, &context(scope), &sealed).unwrap().unwrap();
            assert_eq!(*opened, b"Ada");
        }
    }
}
