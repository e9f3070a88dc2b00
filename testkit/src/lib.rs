//! What the tests of several crates share.
//!
//! - **Doubles and places** to test in: [`keyrings`] over a local KMS, [`known_keys`], a [`spy`] on
//!   a KMS, a [`database`] in one file, a test that is [run again](rerun) as another process.
//! - **Values**: [`plaintexts`] of the frozen vectors, how they are [`spelt`], the [`place`] that a
//!   value is sealed for, [`sqlite_damage`], and a [`scanner`] that looks for secrets in what a
//!   program leaves behind.
//!
//! What every database and every library must show is in the crate `behaviours`, beside this one.

#![forbid(unsafe_code)]

pub mod database;
pub mod keyrings;
pub mod known_keys;
pub mod measure;
pub mod place;
pub mod plaintexts;
pub mod rerun;
pub mod scanner;
pub mod spelt;
pub mod spy;
pub mod sqlite_damage;
