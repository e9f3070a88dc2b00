//! SQLite's catalog.

use super::{Class, TableColumn};
use crate::sql::{Client, quoted};
use fieldseal::Dialect;

/// The names of SQLite's own key of a row, each unless a column has the same name.
pub(crate) const ROWID: [&str; 3] = ["rowid", "_rowid_", "oid"];

pub(super) const TABLES: &str = "SELECT NULL, name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";

/// Hidden columns that aren't generated belong to virtual tables.
pub(super) const COLUMNS: &str = "SELECT name, type, \"notnull\" = 0, NULL, '', hidden > 1 FROM pragma_table_xinfo(?2, coalesce(?1, 'main')) \
    WHERE hidden <> 1 ORDER BY cid";

pub(super) const KEY: &str =
    "SELECT name FROM pragma_table_xinfo(?2, coalesce(?1, 'main')) WHERE pk > 0 ORDER BY pk";

/// Any column can hold anything, whatever its declared type.
pub(super) const fn class() -> Class {
    Class::Any
}

/// The name by which a table without a primary key has its rows' own key. A view has none, and
/// neither has a table WITHOUT ROWID, which always has a primary key.
pub(super) fn rowid(client: &mut dyn Client, table: &str, columns: &[TableColumn]) -> Option<String> {
    let taken = |alias: &&str| columns.iter().any(|column| column.name.eq_ignore_ascii_case(alias));
    let alias = ROWID.into_iter().find(|alias| !taken(alias))?;
    let probe = format!("SELECT {alias} FROM {} LIMIT 0", quoted(Dialect::Sqlite, table));
    client.rows(&probe, &[]).is_ok().then(|| alias.to_owned())
}
