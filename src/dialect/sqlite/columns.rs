//! What SQLite says of the columns that are sealed.

use crate::dialect::columns::ColumnCheck;

/// SQLite's columns hold anything of any length.
pub(super) const COLUMNS: ColumnCheck = ColumnCheck {
    source: "LEFT JOIN pragma_table_info(e.t) d ON d.name = e.c COLLATE NOCASE",
    problem: "CASE WHEN d.name IS NULL THEN e.t || '.' || e.c || ': there is no such column' END",
};
