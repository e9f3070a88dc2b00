//! The trait `Kms`, by calls of the AWS SDK.

use crate::arn::KeyArn;
use crate::driver;
use crate::encryption_context::encryption_context;
use crate::error::Call;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::EncryptionAlgorithmSpec;
use fieldseal::blocking::Driver;
use fieldseal::keys::{Binding, DataKey, KekUri, WrappedKey};
use fieldseal::kms::{Kms, KmsError};
use std::fmt;
use std::time::Duration;

/// KMS's own limit.
const MAX_BLOB: usize = 6144;
pub(crate) const ALGORITHM: EncryptionAlgorithmSpec = EncryptionAlgorithmSpec::SymmetricDefault;

/// A KEK in AWS KMS: a symmetric encryption key, which never leaves it.
///
/// The key is given by its ARN, its id or an alias; the [guide](crate) has the IAM policies. A full
/// ARN says the region too, and opening makes no call; an id or alias is looked up once, with
/// `DescribeKey`. What is stored is always the ARN, because an alias can be moved to another key.
///
/// Data keys are drawn here and wrapped by `Encrypt`, with the key's id, scope and commitment as
/// encryption context. `Decrypt` is always told which key to use, and only ever one that was
/// configured: what the key store says is compared, never followed. A key rotated inside KMS keeps
/// its ARN, and [`Kms::rewrap`] wraps under its newest material by `ReEncrypt`, without the data
/// key leaving KMS; KMS doesn't tell which material a copy is under, so it always wraps again.
///
/// Calls block for [`AwsKmsBuilder::deadline`](crate::AwsKmsBuilder::deadline) at most. The SDK
/// runs on a thread that this provider owns, so that it may be used from any thread, inside a tokio
/// runtime or outside. That thread isn't there after a fork: open it afterwards.
pub struct AwsKms {
    pub(crate) client: Client,
    pub(crate) kek: KeyArn,
    /// The others that it may unwrap under, all in its region.
    pub(crate) also_opens: Vec<KeyArn>,
    pub(crate) deadline: Duration,
    pub(crate) driver: Driver,
}

impl AwsKms {
    /// The configured key that a name in the key store stands for, as it's called in this region.
    fn configured(&self, kek: &KekUri) -> Option<&KeyArn> {
        let named = KeyArn::from_uri(kek)?;
        std::iter::once(&self.kek).chain(&self.also_opens).find(|own| own.is_replica_of(&named))
    }

    /// The configured key that a copy is under, if it can be a copy at all.
    fn check(&self, wrapped: &WrappedKey) -> Result<KeyArn, KmsError> {
        let Some(key) = self.configured(&wrapped.kek) else {
            // The name is the key store's: hostile, and of any length.
            let other: String = wrapped.kek.as_str().chars().take(120).collect();
            return Err(KmsError::not_found(format!(
                "the key is wrapped under {other:?}, and this provider is set up for {}",
                self.kek
            ))
            .with_hint("open it with that key, or name that one in `also_opens`"));
        };
        if (1..=MAX_BLOB).contains(&wrapped.blob.len()) { Ok(key.clone()) } else { Err(KmsError::Rejected) }
    }
}

impl Kms for AwsKms {
    fn kek(&self) -> KekUri {
        self.kek.to_uri()
    }

    fn holds(&self, kek: &KekUri) -> bool {
        self.configured(kek).is_some()
    }

    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        let kek = self.kek.clone();
        let call = Call { action: "kms:Encrypt", key: kek.to_string() };
        let request = self
            .client
            .encrypt()
            .key_id(&call.key)
            .plaintext(Blob::new(key.expose()))
            .encryption_algorithm(ALGORITHM)
            .set_encryption_context(Some(encryption_context(binding)));
        driver::run(&self.driver, self.deadline, async move {
            let answer = request.send().await.map_err(|error| call.error(&error))?;
            check_answer(&kek, answer.key_id(), answer.encryption_algorithm())?;
            wrapped_under(&kek, answer.ciphertext_blob)
        })
    }

    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
        let kek = self.check(wrapped)?;
        let call = Call { action: "kms:Decrypt", key: kek.to_string() };
        let request = self
            .client
            .decrypt()
            .key_id(&call.key)
            .ciphertext_blob(Blob::new(wrapped.blob.as_slice()))
            .encryption_algorithm(ALGORITHM)
            .set_encryption_context(Some(encryption_context(binding)));
        driver::run(&self.driver, self.deadline, async move {
            let mut answer = request.send().await.map_err(|error| call.error(&error))?;
            // First of all, so that it is wiped whatever else is wrong.
            let key = answer.plaintext.take().and_then(|plaintext| DataKey::take(&mut plaintext.into_inner()));
            check_answer(&kek, answer.key_id(), answer.encryption_algorithm())?;
            key.ok_or(KmsError::Rejected)
        })
    }

    fn rewrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<Option<WrappedKey>, KmsError> {
        let (from, to) = (self.check(wrapped)?, self.kek.clone());
        let call = Call { action: "kms:ReEncryptFrom and kms:ReEncryptTo", key: named(&from, &to) };
        let context = encryption_context(binding);
        let request = self
            .client
            .re_encrypt()
            .source_key_id(from.to_string())
            .ciphertext_blob(Blob::new(wrapped.blob.as_slice()))
            .source_encryption_algorithm(ALGORITHM)
            .set_source_encryption_context(Some(context.clone()))
            .destination_key_id(to.to_string())
            .destination_encryption_algorithm(ALGORITHM)
            .set_destination_encryption_context(Some(context));
        driver::run(&self.driver, self.deadline, async move {
            let answer = request.send().await.map_err(|error| call.error(&error))?;
            check_answer(&from, answer.source_key_id(), answer.source_encryption_algorithm())?;
            check_answer(&to, answer.key_id(), answer.destination_encryption_algorithm())?;
            wrapped_under(&to, answer.ciphertext_blob).map(Some)
        })
    }
}

impl fmt::Debug for AwsKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsKms")
            .field("kek", &self.kek())
            .field("also_opens", &self.also_opens.iter().map(KeyArn::to_uri).collect::<Vec<_>>())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// Whether the answer is about the key that was asked for, and the algorithm if it says one.
pub(crate) fn check_answer(
    asked: &KeyArn,
    key: Option<&str>,
    algorithm: Option<&EncryptionAlgorithmSpec>,
) -> Result<(), KmsError> {
    let same_key = key.and_then(KeyArn::parse).is_some_and(|key| key.is_replica_of(asked));
    if same_key && algorithm.is_none_or(|algorithm| *algorithm == ALGORITHM) {
        Ok(())
    } else {
        Err(KmsError::Rejected)
    }
}

pub(crate) fn wrapped_under(kek: &KeyArn, blob: Option<Blob>) -> Result<WrappedKey, KmsError> {
    let blob = blob.map(Blob::into_inner).unwrap_or_default();
    if (1..=MAX_BLOB).contains(&blob.len()) {
        Ok(WrappedKey::new(kek.to_uri(), blob))
    } else {
        Err(KmsError::Rejected)
    }
}

fn named(from: &KeyArn, to: &KeyArn) -> String {
    if from == to { from.to_string() } else { format!("{from} and {to}") }
}
