//! Rows that are there already, on SQLite: sweeps go through them, and guards refuse what isn't
//! sealed.

mod guards;
mod sweep;
