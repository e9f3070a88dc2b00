//! What a column holds: every type, every size, in every form, and what of it can be seen.

pub mod armor;
pub mod hidden;
pub mod limits;
pub mod printed;
pub mod sizes;
pub mod types;
