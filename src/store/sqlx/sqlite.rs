//! SQLite, where any column can hold a value of any type.

use super::on_database;
use crate::dialect::{Dialect, Fault};
use crate::store::remote::Client as _;
use crate::store::sql::{Cell, Said};
use sqlx::decode::Decode;
use sqlx::error::DatabaseError;
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
use sqlx_sqlite::{Sqlite, SqliteConnection, SqliteRow};

on_database!(SqliteConnection, Dialect::Sqlite, cell: cell, prepared: false);

impl super::StoreDatabase for SqliteConnection {
    fn fault(error: &dyn DatabaseError) -> Fault {
        let code = error.code().and_then(|code| code.parse().ok()).unwrap_or(0);
        Fault::of_sqlite(code, error.message())
    }

    async fn check(&mut self) -> Result<(), Said> {
        if self.integer("SELECT file = '' AS n FROM pragma_database_list WHERE name = 'main'").await? == Some(1) {
            let message = "a database in memory belongs to one connection, and the store has its own, so its keys would be \
                           gone with it: use a file, or `store::Memory`";
            return Err(Said::own(Fault::Other, message));
        }
        Ok(())
    }
}

/// SQLite's own type decides, not the column's.
fn cell(row: &SqliteRow, at: usize) -> Cell {
    let Ok(value) = row.try_get_raw(at) else { return Cell::Unusable };
    if value.is_null() {
        return Cell::Unusable;
    }
    let type_info = value.type_info().into_owned();
    match type_info.name() {
        "INTEGER" => <i64 as Decode<Sqlite>>::decode(value).map_or(Cell::Unusable, Cell::Integer),
        "TEXT" => <&[u8] as Decode<Sqlite>>::decode(value).map_or(Cell::Unusable, Cell::from_text),
        "BLOB" => <&[u8] as Decode<Sqlite>>::decode(value).map_or(Cell::Unusable, Cell::from_blob),
        _ => Cell::Unusable,
    }
}
