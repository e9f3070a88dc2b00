//! For the tests of programs that use fieldseal: a KMS that counts and misbehaves on command, a clock that is moved by
//! hand, and a keyring for one test alone.
//!
//! With the feature `testing`, for `[dev-dependencies]`.
//!
//! ```
//! use fieldseal::testing::{Fault, Kms};
//! use fieldseal::{Clock, Keyring, RowContext, RowId, Scope, store};
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kms = Arc::new(Kms::new());
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
//! kms.always(Fault::Denied);
//! assert!(keyring.admin().ensure_scope(&Scope::tenant(42)?).is_err());
//! # Ok(())
//! # }
//! ```

mod kms;

pub use crate::keyring::{Clock, KeyringOverride, use_keyring};
pub use kms::{Calls, Fault, Kms};
