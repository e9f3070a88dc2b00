//! MySQL and MariaDB.

use super::on_database;
use crate::store::Dialect;
use crate::store::sql::{Cell, Kind};
use sqlx::decode::Decode;
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySql, MySqlConnection, MySqlDatabaseError, MySqlRow};
use sqlx::{Row as _, Type, TypeInfo as _, ValueRef as _};

on_database!(MySqlConnection, Dialect::Mysql, cell: cell, kind: kind);

impl super::Engine for MySqlConnection {}

fn kind(error: &dyn DatabaseError) -> Kind {
    let error: Option<&MySqlDatabaseError> = error.try_downcast_ref();
    error.map_or(Kind::Other, |error| Kind::of_mysql(error.number()))
}

/// Text with a binary collation is called a blob here, as everywhere in MySQL's protocol: all strings are bytes.
fn cell(row: &MySqlRow, at: usize) -> Cell {
    let Ok(value) = row.try_get_raw(at) else { return Cell::Unusable };
    if value.is_null() {
        return Cell::Unusable;
    }
    let type_info = value.type_info().into_owned();
    match type_info.name() {
        // INT is what MariaDB makes of a short expression, whatever it's cast to.
        "BIGINT" | "INT" => <i64 as Decode<MySql>>::decode(value).map_or(Cell::Unusable, Cell::Integer),
        _ if <Vec<u8> as Type<MySql>>::compatible(&type_info) || <str as Type<MySql>>::compatible(&type_info) => {
            <&[u8] as Decode<MySql>>::decode(value).map_or(Cell::Unusable, Cell::from_blob)
        }
        _ => Cell::Unusable,
    }
}
