//! Databases that fail, and many connections at once.

mod concurrency;
mod faults;
