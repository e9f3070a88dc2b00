//! Whether a database's columns are what the models say of them: one query, for whichever library
//! the program has.

use crate::dialect::{ColumnCheck, Dialect};
use crate::model::{Column, Schema};
use crate::suite::Suite;
use std::fmt::Write as _;

/// An SQL query that gives a line of text for each sealed column that isn't in the database as the
/// model says: missing, of another type, smaller than its `size`, without a `size` on MySQL, or
/// under a collation that doesn't tell base64 apart where values are looked up. No row means that
/// all is well.
///
/// For a test, or the start of a program, before anything is written: on MySQL without strict mode
/// a model that says more than its column holds loses what is cut off. It asks for the tables of
/// the connection's own schema.
///
/// ```
/// # use fieldseal::schema::column_check;
/// # use fieldseal::{Column, Dialect, Model, Schema};
/// # struct Patient;
/// # const NAME: Column = Column::new("patients", "name").unbound_row().with_size(145);
/// # impl Model for Patient {
/// #     const SCHEMA: Schema = Schema::new("patients", &[NAME]);
/// # }
/// let query = column_check(Dialect::Mysql, &[Patient::SCHEMA]);
/// // let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query));
/// // let problems: Vec<String> = query.fetch_all(&pool).await?;
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
    let ColumnCheck { source, problem } = dialect.columns();
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
        dialect.literal(schema.sql_table),
        dialect.literal(column.sql_name()),
        u8::from(column.is_base64()),
        column.size().unwrap_or(0),
        u8::from(is_looked_up),
    );
    row
}
