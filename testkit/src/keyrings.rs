//! What the integration tests share: a keyring over a local KMS and a memory store, and databases.

use fieldseal::{Keyring, Scope, kms, store};
use tempfile::TempDir;

/// A keyring with a primary key for the application and for the tenants, and the folder its KEK is
/// in.
pub fn keyring(tenants: &[i64]) -> (Keyring, TempDir) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let kms = kms::Local::open_or_create(dir.path().join("kek.json")).expect("a local KEK");
    let keyring = Keyring::start(kms, store::Memory::new()).expect("a keyring");
    keyring.admin().ensure_scope(&Scope::APPLICATION).expect("the application's key");
    for tenant in tenants {
        keyring.admin().ensure_scope(&Scope::tenant(tenant).expect("a tenant")).expect("a tenant's key");
    }
    (keyring, dir)
}

/// Declares a marker type with a keyring of its own, made at its first use.
#[macro_export]
macro_rules! test_keyring {
    ($name:ident, $tenants:expr) => {
        pub struct $name;

        impl fieldseal::keyring::KeyringSource for $name {
            fn keyring() -> Result<&'static fieldseal::Keyring, fieldseal::Error> {
                static KEYRING: std::sync::LazyLock<(fieldseal::Keyring, tempfile::TempDir)> =
                    std::sync::LazyLock::new(|| $crate::keyrings::keyring($tenants));
                Ok(&KEYRING.0)
            }
        }
    };
}
