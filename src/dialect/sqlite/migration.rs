//! The SQL that makes the key store's table on SQLite.

use crate::dialect::migration::Scripts;

pub(super) const SCRIPTS: Scripts = Scripts { up: include_str!("up.sql"), down: include_str!("down.sql") };
