//! Whether a database's columns are what the models say of them: one query, for whichever library the program has.

use crate::model::{Column, Schema};
use crate::quoting::literal;
use crate::store::Dialect;
use crate::suite::Suite;
use std::fmt::Write as _;

/// An SQL query that gives a line of text for each sealed column that isn't in the database as the model says: missing, of
/// another type, smaller than its `size`, without a `size` on MySQL, or under a collation that doesn't tell base64 apart
/// where values are looked up. No row means that all is well.
///
/// For a test, or the start of a program, before anything is written: on MySQL without strict mode a model that says more
/// than its column holds loses what is cut off. It asks for the tables of the connection's own schema.
///
/// ```
/// # use fieldseal::{Column, Model, Schema, column_check, store::Dialect};
/// # struct Patient;
/// # impl Model for Patient {
/// #     const SCHEMA: Schema = Schema { model: "Patient", table: "patients", sql_table: "patients",
/// #         row: &[], scope: None, columns: &[Column::new("patients", "name").unbound_row().with_size(145)] };
/// # }
/// let query = column_check(Dialect::Mysql, &[Patient::SCHEMA]);
/// // let problems: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&pool).await?;
/// // assert!(problems.is_empty(), "{problems:#?}");
/// # assert!(query.contains("'patients' AS t, 'name' AS c"));
/// ```
#[must_use]
pub fn column_check(dialect: Dialect, schemas: &[Schema]) -> String {
    let columns = schemas.iter().flat_map(|schema| schema.columns.iter().map(move |column| (schema, column)));
    let expected: Vec<_> = columns.map(|(schema, column)| expected(dialect, schema, column)).collect();
    if expected.is_empty() {
        return "SELECT 'nothing' AS problem WHERE 1 = 0".to_owned();
    }
    let expected = expected.join(" UNION ALL ");
    let Parts { source, problem } = match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MYSQL,
    };
    format!(
        "SELECT problem FROM (SELECT {problem} AS problem FROM ({expected}) e {source}) p WHERE problem IS NOT NULL"
    )
}

/// One column as the model has it, as a row of constants.
fn expected(dialect: Dialect, schema: &Schema, column: &Column) -> String {
    let mut row = String::from("SELECT ");
    let is_looked_up = column.is_base64() && column.suite() == Suite::Aes256Siv;
    let _ = write!(
        row,
        "{} AS t, {} AS c, {} AS is_text, {} AS size, {} AS is_looked_up",
        literal(dialect, schema.sql_table),
        literal(dialect, column.sql_name()),
        u8::from(column.is_base64()),
        column.size().unwrap_or(0),
        u8::from(is_looked_up),
    );
    row
}

/// `source` joins what the database has, as `d`, to the rows of [`expected`], `e`.
struct Parts {
    source: &'static str,
    problem: &'static str,
}

/// SQLite's columns hold anything of any length.
const SQLITE: Parts = Parts {
    source: "LEFT JOIN pragma_table_info(e.t) d ON d.name = e.c COLLATE NOCASE",
    problem: "CASE WHEN d.name IS NULL THEN e.t || '.' || e.c || ': there is no such column' END",
};

const POSTGRES: Parts = Parts {
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

/// BINARY and CHAR aren't among the types: they change a value's end.
const MYSQL: Parts = Parts {
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
