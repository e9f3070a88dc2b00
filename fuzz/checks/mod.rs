//! What the fuzz targets check, as plain functions: `tests/values/fuzz_corpus.rs` replays the seeds
//! through them without a fuzzer.
//!
//! Each `check` panics where the library broke a promise, and says whether it took the input for
//! good. `seeds.py` writes the seeds, and describes how each target reads its input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

pub mod context;
pub mod envelope;
pub mod key_record;
pub mod key_store;
pub mod local_kek;
pub mod open;

mod input;
mod keys;
mod scratch;

/// A target: its name and its check.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// Every target, by name.
pub const TARGETS: [Target; 6] = [
    ("context", context::check),
    ("envelope", envelope::check),
    ("key_record", key_record::check),
    ("key_store", key_store::check),
    ("local_kek", local_kek::check),
    ("open", open::check),
];
