//! Keys: the keyring, what it does in a running process, the stores and the KMS that it works with,
//! and attacks on them.

mod attacks;
mod key_stores;
mod keyring;
mod kms_local;
mod runtime;
mod shredding;
