//! A KMS provider: the trait `Kms` around another one, counting its calls.

use fieldseal::keys::{Binding, DataKey, KekUri, WrappedKey};
use fieldseal::kms;
use fieldseal::kms::{Kms, KmsError};
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug)]
pub struct Counting {
    kms: kms::Local,
    calls: AtomicUsize,
}

impl Counting {
    pub const fn new(kms: kms::Local) -> Self {
        Self { kms, calls: AtomicUsize::new(0) }
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn counted(&self) -> &kms::Local {
        self.calls.fetch_add(1, Ordering::Relaxed);
        &self.kms
    }
}

impl Kms for Counting {
    /// A name, known without asking.
    fn kek(&self) -> KekUri {
        self.kms.kek()
    }

    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        self.counted().wrap(key, binding)
    }

    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
        self.counted().unwrap(wrapped, binding)
    }

    fn rewrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<Option<WrappedKey>, KmsError> {
        self.counted().rewrap(wrapped, binding)
    }
}
