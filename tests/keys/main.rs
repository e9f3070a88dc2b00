//! Keys: the keyring, what it does in a running process, the stores and the KMS that it works with, and attacks on them.

mod attacks;
mod key_stores;
mod keyring;
mod kms_local;
mod runtime;
mod shredding;

// The contracts are on their way into `fieldseal::testing`. Until they are there they are included, since `testkit` would
// make them public twice.
#[path = "../common/kms_contract.rs"]
mod kms_contract;
#[path = "../common/store_contract.rs"]
mod store_contract;
