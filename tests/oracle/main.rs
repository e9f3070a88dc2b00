//! Rust beside the Python oracle, which knows `docs/format.md` and nothing of the library. Ignored,
//! because the oracle needs packages of its own: `tests/oracle/README.md` says how to run it.

mod client;
mod database;
mod random;
mod values;
