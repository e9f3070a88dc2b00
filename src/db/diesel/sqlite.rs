//! SQLite, where any column can hold a value of any type.

use super::on_backend;
use crate::db::{SealedValue, StoredBytes, StoredValue};
use diesel::serialize::{self, IsNull, Output};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};

on_backend!(Sqlite, bind: SealedValue::as_value, write_bytes: write_bytes, write_text: write_text, copy: copy_of);

fn write_bytes<'b>(out: &mut Output<'b, '_, Sqlite>, bytes: &'b [u8]) -> serialize::Result {
    out.set_value(bytes);
    Ok(IsNull::No)
}

fn write_text<'b>(out: &mut Output<'b, '_, Sqlite>, text: &'b str) -> serialize::Result {
    out.set_value(text);
    Ok(IsNull::No)
}

/// Asks for the value's own type before reading it: SQLite would turn text into bytes without a
/// word.
fn copy_of(mut value: SqliteValue<'_, '_, '_>) -> StoredBytes {
    StoredBytes::copy_of(match value.value_type() {
        None => StoredValue::Null,
        Some(SqliteType::Binary) => StoredValue::Bytes(value.read_blob()),
        Some(SqliteType::Text) => StoredValue::Text(value.read_blob()),
        Some(SqliteType::Float | SqliteType::Double) => StoredValue::Real(value.read_double()),
        Some(_) => StoredValue::Integer(value.read_long()),
    })
}
