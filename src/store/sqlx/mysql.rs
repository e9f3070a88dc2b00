//! MySQL and MariaDB.

use super::on_database;
use crate::dialect::{Dialect, Fault};
use crate::store::sql::Cell;
use sqlx::decode::Decode;
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySql, MySqlConnection, MySqlDatabaseError, MySqlRow};
use sqlx::{Row as _, Type, TypeInfo as _, ValueRef as _};

on_database!(MySqlConnection, Dialect::Mysql, cell: cell, prepared: true);

impl super::StoreDatabase for MySqlConnection {
    fn fault(error: &dyn DatabaseError) -> Fault {
        let number = error.try_downcast_ref().map_or(0, MySqlDatabaseError::number);
        Fault::of_mysql(number, error.code().as_deref())
    }
}

/// Text with a binary collation is called a blob here, as everywhere in MySQL's protocol: all
/// strings are bytes.
fn cell(row: &MySqlRow, at: usize) -> Cell {
    let Ok(value) = row.try_get_raw(at) else { return Cell::Unusable };
    if value.is_null() {
        return Cell::Unusable;
    }
    let type_info = value.type_info().into_owned();
    match type_info.name() {
        // MariaDB's type for a short expression is INT, even if it's cast to another.
        "BIGINT" | "INT" => <i64 as Decode<MySql>>::decode(value).map_or(Cell::Unusable, Cell::Integer),
        _ if <Vec<u8> as Type<MySql>>::compatible(&type_info) || <str as Type<MySql>>::compatible(&type_info) => {
            <&[u8] as Decode<MySql>>::decode(value).map_or(Cell::Unusable, Cell::from_blob)
        }
        _ => Cell::Unusable,
    }
}
