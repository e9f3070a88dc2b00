//! Rows that are there already, on real servers: sweeps go through them, and guards refuse what
//! isn't sealed.

mod guards;
mod sweep;
