//! What MySQL and MariaDB say of the columns that are sealed.

use crate::dialect::columns::ColumnCheck;

/// BINARY and CHAR aren't among the types: they pad or trim a value's end.
pub(super) const COLUMNS: ColumnCheck = ColumnCheck {
    source: "LEFT JOIN information_schema.columns d ON d.table_schema = DATABASE() AND d.table_name = e.t \
             AND d.column_name = e.c",
    problem: "CONCAT(e.t, '.', e.c, ': ', CASE \
              WHEN d.column_name IS NULL THEN 'there is no such column' \
              WHEN e.is_text = 0 AND d.data_type NOT IN ('varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob') \
              THEN CONCAT('it is ', d.column_type, ', and sealed bytes need VARBINARY or a BLOB; or the model must say base64') \
              WHEN e.is_text = 1 AND d.data_type NOT IN ('varchar', 'tinytext', 'text', 'mediumtext', 'longtext') \
              THEN CONCAT('it is ', d.column_type, ', and base64 needs VARCHAR or TEXT; or take base64 off the model') \
              WHEN e.is_looked_up = 1 AND d.collation_name NOT LIKE '%\\_bin' \
              THEN CONCAT('its collation ', d.collation_name, ' takes different values of base64 for equal: make it a binary one') \
              WHEN e.size = 0 THEN CONCAT('the model must say how much it holds: size = ', d.character_maximum_length) \
              WHEN d.character_maximum_length < e.size \
              THEN CONCAT('it holds ', d.character_maximum_length, ', and the model says size = ', e.size) END)",
};
