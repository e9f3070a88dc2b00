//! Compare-and-swap: new values where the old ones still are.

mod by_lists;
mod by_params;
mod by_text;
mod change;
mod swapping;

pub(crate) use change::{Change, Swap, Values};
pub(crate) use swapping::{is_there, swap_all, swap_one};
