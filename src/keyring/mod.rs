//! The types around [`Keyring`]: administration, the slots where models find it, prefetching,
//! statistics, and a clock for tests.

// Every value goes through `values`, which finds its key in `cache`; nothing there waits or locks.
// `load` fetches a key that isn't in the cache. `upkeep` keeps the cache in step with the KMS and
// the key store, and `admin` changes what the store holds. `handle` is what programs hold, `inner`
// what all clones of it share. Imports go one way: `admin`, `values` and `upkeep` use `load`, which
// uses `inner`, which uses the parts below, among them `cache`.

mod admin;
pub(crate) mod builder;
mod cache;
mod clock;
pub(crate) mod error;
pub(crate) mod handle;
mod inner;
mod load;
mod need;
mod settings;
pub(crate) mod slot;
mod stats;
mod upkeep;
pub(crate) mod values;

pub use admin::Admin;
pub use clock::Clock;
pub use error::LoadError;
pub use handle::KeyInfo;
pub use need::Need;
pub use slot::{AlreadyInstalled, Installed, KeyringSlot, KeyringSource};
pub use stats::Stats;

// At the crate's root for others.
pub(crate) use error::KeyringError;
pub(crate) use handle::Keyring;
