//! Key management: where KEKs live, and what wraps and unwraps data keys.

mod error;
mod local;

pub use error::KmsError;
pub use local::{Argon2Params, Local, LocalError, Passphrase};

use crate::context::Scope;
use crate::keys::{Binding, DataKey, KekUri, KeyId, WrappedKey, commitment};
use crate::random::NoRandomness;
use std::fmt::Debug;
use subtle::ConstantTimeEq as _;

/// A key management service, or anything else that holds a KEK and never gives it away.
///
/// A provider wraps and unwraps 32 bytes. It's called when a key is loaded, when its lease is
/// renewed, and when keys are administered, from several threads; never per value or per row. The
/// methods block; a provider whose client is asynchronous drives it on a thread of its own, so that
/// it can be called from any thread, inside an async runtime or not: `fieldseal::blocking` (feature
/// `blocking`) does that. `fieldseal::testing::kms_contract` (feature `testing`) checks what is
/// promised here.
///
/// Providers outside of this crate implement it; a method that is added later has a default.
pub trait Kms: Debug + Send + Sync {
    /// The KEK that new data keys are wrapped under.
    fn kek(&self) -> KekUri;

    /// Whether this provider holds that KEK, and can therefore try to unwrap a copy under it.
    ///
    /// The name comes from the key store and is hostile: a provider answers for the KEKs that it
    /// was configured with, and for no other. A copy under an attacker's own KEK would unwrap to an
    /// attacker's key.
    fn holds(&self, kek: &KekUri) -> bool {
        *kek == self.kek()
    }

    /// Wraps `key` under [`Self::kek`], with `binding` as associated data or encryption context.
    ///
    /// The caller controls both; a scope's name in the binding has up to 65,535 bytes. Repeating a
    /// call gives another wrapped copy of the same key; both open.
    ///
    /// # Errors
    ///
    /// See [`KmsError`]; nothing is stored anywhere in that case.
    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError>;

    /// Unwraps a copy that [`Self::wrap`] made under the same `binding`.
    ///
    /// `wrapped` comes from the key store: it is hostile until the KMS has authenticated it
    /// together with `binding`. The caller checks the key's commitment as well.
    ///
    /// # Errors
    ///
    /// [`KmsError::Rejected`] if the copy isn't authentic for this binding. [`KmsError::NotFound`]
    /// if it is under a KEK that this provider doesn't have: the text names that KEK, as much as is
    /// read at a glance, since the name is hostile too. See [`KmsError`] for the others.
    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError>;

    /// Wraps the key again under the newest version of the KEK; `Ok(None)` if it already is. This
    /// default can't tell, and always wraps again. The caller checks what comes back against the
    /// key's commitment.
    ///
    /// # Errors
    ///
    /// As for [`Self::unwrap`] and [`Self::wrap`]. The old copy stays valid.
    fn rewrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<Option<WrappedKey>, KmsError> {
        let key = self.unwrap(wrapped, binding)?;
        self.wrap(&key, binding).map(Some)
    }
}

/// Whether this caller may use the KEK: wraps a key that is thrown away, and unwraps it again.
///
/// # Errors
///
/// What the KMS said, or [`KmsError::Rejected`] if another key came back.
pub fn check_rights(kms: &dyn Kms) -> Result<(), KmsError> {
    let refused = |_: NoRandomness| {
        KmsError::misconfigured("the operating system's random generator failed").with_hint(NoRandomness::HINT)
    };
    let (key, id) = (DataKey::random().map_err(refused)?, KeyId::random().map_err(refused)?);
    let commitment = commitment(&key, id, &Scope::APPLICATION);
    let binding = Binding { id, scope: Scope::APPLICATION, commitment };
    let again = kms.unwrap(&kms.wrap(&key, &binding)?, &binding)?;
    if again.expose().ct_eq(key.expose()).into() { Ok(()) } else { Err(KmsError::Rejected) }
}

impl<K: Kms + ?Sized> Kms for std::sync::Arc<K> {
    fn kek(&self) -> KekUri {
        (**self).kek()
    }

    fn holds(&self, kek: &KekUri) -> bool {
        (**self).holds(kek)
    }

    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        (**self).wrap(key, binding)
    }

    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
        (**self).unwrap(wrapped, binding)
    }

    fn rewrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<Option<WrappedKey>, KmsError> {
        (**self).rewrap(wrapped, binding)
    }
}
