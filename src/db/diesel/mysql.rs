//! MySQL and MariaDB. With diesel's backend for them alone: whether libmysqlclient or diesel-async
//! carries the bytes is the program's choice.

use super::on_backend;
use crate::db::{SealedValue, StoredBytes, StoredValue};
use diesel::mysql::{Mysql, MysqlType, MysqlValue};
use diesel::serialize::{self, IsNull, Output};
use std::io::Write as _;

on_backend!(Mysql, bind: SealedValue::as_value_for_mysql, write_bytes: write, write_text: write_text, copy: copy_of);

fn write(out: &mut Output<'_, '_, Mysql>, bytes: &[u8]) -> serialize::Result {
    out.write_all(bytes)?;
    Ok(IsNull::No)
}

fn write_text(out: &mut Output<'_, '_, Mysql>, text: &str) -> serialize::Result {
    write(out, text.as_bytes())
}

/// diesel calls a VARBINARY a string, and text with a binary collation a blob.
fn copy_of(value: MysqlValue<'_>) -> StoredBytes {
    StoredBytes::copy_of(match value.value_type() {
        MysqlType::Blob | MysqlType::String => StoredValue::Untyped(value.as_bytes()),
        _ => StoredValue::Other,
    })
}
