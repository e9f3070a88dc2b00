//! What PostgreSQL says of the columns that are sealed.

use crate::dialect::columns::ColumnCheck;

pub(super) const COLUMNS: ColumnCheck = ColumnCheck {
    source: "LEFT JOIN information_schema.columns d ON d.table_schema = current_schema() AND d.table_name = e.t \
             AND d.column_name = e.c",
    problem: "e.t || '.' || e.c || ': ' || CASE \
              WHEN d.column_name IS NULL THEN 'there is no such column' \
              WHEN e.is_text = 0 AND d.data_type <> 'bytea' \
              THEN 'it is ' || d.data_type || ', and sealed bytes need bytea; or the model must say base64' \
              WHEN e.is_text = 1 AND d.data_type NOT IN ('text', 'character varying') AND d.udt_name <> 'citext' \
              THEN 'it is ' || d.data_type || ', and base64 needs text or varchar; or take base64 off the model' \
              WHEN e.is_looked_up = 1 AND d.udt_name = 'citext' \
              THEN 'citext takes different values of base64 for equal' \
              WHEN e.is_text = 1 AND d.character_maximum_length < e.size \
              THEN 'it holds ' || d.character_maximum_length || ', and the model says size = ' || e.size END",
};
