//! What must hold on every database and with every library, defined once.
//!
//! - [`models`]: what a model keeps, shows and refuses, with each library.
//! - [`guards`]: what the guards of a table let in.
//! - [`sweep`]: what a sweep over rows does, however it is disturbed.
//!
//! A crate runs them on its own connections. Apart from the testkit, which every crate's tests
//! have: this takes most of a minute to compile.

#![forbid(unsafe_code)]

pub mod guards;
pub mod models;
pub mod sweep;
