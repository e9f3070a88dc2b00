//! SQLite, where any column can hold a value of any type.

use super::backend::on_backend;
use crate::dialect::Dialect;
use crate::store::sql::{BUSY_TIMEOUT, Cell};
use diesel::connection::LoadConnection;
use diesel::deserialize::{self, QueryableByName};
use diesel::row::NamedRow;
use diesel::sql_types::BigInt;
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};
use diesel::{QueryResult, RunQueryDsl, sql_query};

on_backend!(Sqlite, cell: cell, {
    const DIALECT: Dialect = Dialect::Sqlite;
    const MAY_BE_TRANSLATED: bool = false;

    /// A busy timeout, unless the program has set one.
    fn prepare<C: LoadConnection<Backend = Self>>(connection: &mut C) -> QueryResult<()> {
        if busy_timeout(connection)? == 0 {
            connection.batch_execute(&format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis()))?;
        }
        Ok(())
    }
});

/// By the pragma itself: a SELECT from it would read the schema, and fail while the database is
/// locked.
pub(super) fn busy_timeout<C: LoadConnection<Backend = Sqlite>>(connection: &mut C) -> QueryResult<i64> {
    let Timeout(timeout) = sql_query("PRAGMA busy_timeout").get_result(connection)?;
    Ok(timeout)
}

struct Timeout(i64);

impl QueryableByName<Sqlite> for Timeout {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        NamedRow::get::<BigInt, _>(row, "timeout").map(Self)
    }
}

/// SQLite's own type decides, not the column's.
fn cell(mut value: SqliteValue<'_, '_, '_>) -> Cell {
    match value.value_type() {
        Some(SqliteType::Long | SqliteType::Integer | SqliteType::SmallInt) => Cell::Integer(value.read_long()),
        Some(SqliteType::Text) => {
            let text = Cell::from_text(value.read_text().as_bytes());
            match text {
                // diesel puts U+FFFD for what isn't UTF-8; only the stored bytes can tell.
                Cell::Text(text) if text.contains('\u{FFFD}') && value.read_blob() != text.as_bytes() => {
                    Cell::Unusable
                }
                text => text,
            }
        }
        Some(SqliteType::Binary) => Cell::from_blob(value.read_blob()),
        _ => Cell::Unusable,
    }
}
