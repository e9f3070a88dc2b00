//! A KEK that data keys are copied onto, and others that open them meanwhile.

use crate::target::Kek;
use fieldseal::keys::{Binding, DataKey, KekUri, WrappedKey};
use fieldseal::kms::{Kms, KmsError};
use std::sync::Arc;

/// One provider in place of several, because a keyring gives every key a copy under each of its
/// own: this one wraps under the new KEK alone, and unwraps under any.
#[derive(Debug)]
pub(super) struct Onto {
    new: Arc<dyn Kms>,
    others: Vec<Arc<dyn Kms>>,
}

impl Onto {
    pub(super) fn new(new: &Kek, others: &[Kek]) -> Self {
        Self { new: new.kms(), others: others.iter().map(Kek::kms).collect() }
    }

    fn holder(&self, kek: &KekUri) -> &dyn Kms {
        let mut all = std::iter::once(&self.new).chain(&self.others);
        // If none does, the error is the new one's.
        &**all.find(|kms| kms.holds(kek)).unwrap_or(&self.new)
    }
}

impl Kms for Onto {
    fn kek(&self) -> KekUri {
        self.new.kek()
    }

    fn holds(&self, kek: &KekUri) -> bool {
        self.holder(kek).holds(kek)
    }

    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        self.new.wrap(key, binding)
    }

    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
        self.holder(&wrapped.kek).unwrap(wrapped, binding)
    }

    fn rewrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<Option<WrappedKey>, KmsError> {
        self.holder(&wrapped.kek).rewrap(wrapped, binding)
    }
}
