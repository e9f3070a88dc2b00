//! For the tests of programs that use fieldseal, and of providers and stores that others write.
//!
//! - [`FaultyKms`] and [`FaultyStore`] count their calls, and misbehave on command.
//! - [`Clock`](crate::keyring::Clock) is moved by hand, and [`use_keyring`] gives one test a
//!   keyring of its own.
//! - [`kms_contract`] and [`key_store_contract`] are what every [`Kms`](crate::kms::Kms) and every
//!   [`KeyStore`](crate::store::KeyStore) promises, as tests.
//!
//! With the feature `testing`, for `[dev-dependencies]`. What is here panics where a test has to
//! fail.
//!
//! ```
//! use fieldseal::testing::{FaultyKms, KmsFault};
//! use fieldseal::{Keyring, RowContext, RowId, Scope, store};
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kms = Arc::new(FaultyKms::new());
//! let keyring = Keyring::start(Arc::clone(&kms), store::Memory::new())?;
//! keyring.admin().ensure_scope(&Scope::APPLICATION)?;
//!
//! // This handler makes no KMS call at all.
//! let before = kms.calls().total();
//! const NAME: fieldseal::Column = fieldseal::Column::new("patients", "name");
//! keyring.seal_bytes(&NAME, &RowContext::of_row(RowId::of(&1)), b"Ada")?;
//! assert_eq!(kms.calls().total(), before);
//!
//! // A tenant whose key the KMS doesn't give.
//! kms.always(KmsFault::Denied);
//! assert!(keyring.admin().ensure_scope(&Scope::tenant(42)?).is_err());
//! # Ok(())
//! # }
//! ```

mod faulty_kms;
mod faulty_store;
pub mod key_store_contract;
pub mod kms_contract;
mod promise;
mod script;

pub use crate::keyring::slot::test_override::{KeyringOverride, use_keyring};
pub use faulty_kms::{FaultyKms, KmsCalls, KmsFault};
pub use faulty_store::{FaultyStore, StoreCalls, StoreFault};
