//! Keys in memory: what administers them, chooses and measures a [`Keyring`].

// What every value goes through is `values` over `cache`; nothing there waits or locks. A key that
// isn't there is a `load`. `upkeep` and `refresh` keep the cache as the KMS and the key store say,
// and `admin` changes what the store says. `handle` is what programs hold, `inner` what its clones
// share. Imports go one way: `admin`, `values` and `upkeep` use `load`, that uses `inner`, and that
// the parts below, of which `cache` is one.

mod admin;
pub(crate) mod builder;
mod cache;
mod clock;
pub(crate) mod error;
pub(crate) mod handle;
mod inner;
mod load;
mod need;
mod refresh;
mod schedule;
mod settings;
pub(crate) mod slot;
mod stats;
#[cfg(feature = "testing")]
pub(crate) mod test_override;
mod turns;
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
