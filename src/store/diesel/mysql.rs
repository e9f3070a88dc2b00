//! MySQL and MariaDB. With diesel's backend for them alone: whether libmysqlclient or diesel-async
//! carries the bytes is the program's choice.

use super::backend::on_backend;
use crate::dialect::Dialect;
use crate::store::sql::Cell;
use diesel::mysql::{Mysql, MysqlType, MysqlValue};

on_backend!(Mysql, cell: cell, {
    const DIALECT: Dialect = Dialect::Mysql;
});

/// Text with a binary collation is called a blob here, as everywhere in MySQL's protocol: all
/// strings are bytes.
fn cell(value: MysqlValue<'_>) -> Cell {
    let bytes = value.as_bytes();
    match value.value_type() {
        MysqlType::LongLong => {
            bytes.first_chunk().map_or(Cell::Unusable, |bytes| Cell::Integer(i64::from_ne_bytes(*bytes)))
        }
        // MariaDB's type for a short expression, even if it's cast to another.
        MysqlType::Long => {
            bytes.first_chunk().map_or(Cell::Unusable, |bytes| Cell::Integer(i32::from_ne_bytes(*bytes).into()))
        }
        MysqlType::Blob | MysqlType::String => Cell::from_blob(bytes),
        _ => Cell::Unusable,
    }
}
