//! Which row a value belongs to, how rows are found and fetched, and values in the wrong place.

pub mod bindings;
pub mod damage;
pub mod lookups;
pub mod prefetched;
pub mod swaps;
