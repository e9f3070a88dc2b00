//! How a sweep's work is divided: leases on ranges of keys, in two tables beside the data, so that
//! any number of processes share a sweep and finish it when some of them die.
//!
//! `fieldseal_sweeps` has a row for each sweep, with the key up to which ranges were handed out;
//! `fieldseal_leases` one for each range that a worker has, with its progress. A lease ends by the
//! database's clock. A worker whose lease has ended may go on writing: values are swapped only
//! where the old ones still are, so that two workers in one range do nothing twice.

mod leases;
mod meter;
mod statements;
mod sweeps;
mod tables;

pub(crate) use leases::{Claim, RangeLease};
pub(crate) use meter::Meter;
pub(crate) use sweeps::{Begun, Counts, Ledger};
pub(crate) use tables::create_tables;
pub use tables::{Running, migrations, running};
