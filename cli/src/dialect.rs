//! `--dialect`: the kind of a database, where no URL says it.

use crate::error::Error;
use crate::target::Target;
use clap::ValueEnum;
use fieldseal::Dialect;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectName {
    Sqlite,
    Postgres,
    Mysql,
}

/// The kind that was named, or else that of the program's database.
pub(crate) fn dialect(named: Option<DialectName>, target: &Target) -> Result<Dialect, Error> {
    Ok(match named {
        Some(DialectName::Sqlite) => Dialect::Sqlite,
        Some(DialectName::Postgres) => Dialect::Postgres,
        Some(DialectName::Mysql) => Dialect::Mysql,
        None => target.database().map_err(|error| error.hint("or name its kind: --dialect postgres"))?.dialect(),
    })
}
