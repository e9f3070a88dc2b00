//! What the database holds, and what is left to do: counted by the database.

mod key_states;
mod prefix;
mod remaining;
mod survey;
mod tally;

pub(crate) use remaining::{Remaining, check_unknown_keys, count_remaining, new_tenants, tells_all};
pub use survey::Survey;
