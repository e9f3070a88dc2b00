//! The way of a value, in and out: without a lock and without a KMS call, unless its key isn't
//! loaded.
//!
//! In: a field is *encoded* (`value`), *framed* (`format::frame`), *encrypted* under its column's
//! key (`cipher`), and in a column of base64 written as text. *Sealing* is all of it. Out: the
//! other way round, and *opening* is all of it.

mod cipher;
mod keys;
mod lookup;
mod open;
#[cfg(feature = "_sweep")]
mod reseal;
mod seal;

#[cfg(feature = "_sweep")]
pub use reseal::Resealed;
