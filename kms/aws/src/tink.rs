//! Encrypting for Tink in another program, whose `AwsKmsAead` decrypts.

use crate::driver;
use crate::error::Call;
use crate::provider::{ALGORITHM, AwsKms, check_answer, wrapped_under};
use aws_sdk_kms::primitives::Blob;
use fieldseal::kms::KmsError;

/// KMS's own limit.
const MAX_PLAINTEXT: usize = 4096;

impl AwsKms {
    /// Encrypts a serialized Tink keyset as Tink's own AEAD for AWS KMS does: by `Encrypt`, without
    /// encryption context. For [`fieldseal::keyring::Admin::export_encrypted_tink_keyset`].
    ///
    /// What it gives can't be taken for a wrapped data key, which has an encryption context. KMS
    /// takes at most 4,096 bytes, which are some 35 keys.
    ///
    /// # Errors
    ///
    /// [`KmsError::Misconfigured`] if the keyset is longer than that, and otherwise as for
    /// [`fieldseal::kms::Kms::wrap`].
    pub fn encrypt_tink_keyset(&self, keyset: &[u8]) -> Result<Vec<u8>, KmsError> {
        if keyset.len() > MAX_PLAINTEXT {
            return Err(KmsError::misconfigured(format!(
                "the keyset has {} bytes, and KMS encrypts at most {MAX_PLAINTEXT}",
                keyset.len()
            ))
            .with_hint("retire data keys that nothing is sealed under any more"));
        }
        let kek = self.kek.clone();
        let call = Call { action: "kms:Encrypt", key: kek.to_string() };
        let request =
            self.client.encrypt().key_id(&call.key).plaintext(Blob::new(keyset)).encryption_algorithm(ALGORITHM);
        driver::run(&self.driver, self.deadline, async move {
            let answer = request.send().await.map_err(|error| call.error(&error))?;
            check_answer(&kek, answer.key_id(), answer.encryption_algorithm())?;
            wrapped_under(&kek, answer.ciphertext_blob).map(|wrapped| wrapped.blob)
        })
    }
}
