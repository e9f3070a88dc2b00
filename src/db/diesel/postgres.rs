//! PostgreSQL. With diesel's backend for it alone: whether libpq or diesel-async carries the bytes
//! is the program's choice.

use super::on_backend;
use crate::db::postgres::StoredAs;
use crate::db::{SealedValue, StoredBytes, StoredValue};
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output};
use std::io::Write as _;

on_backend!(Pg, bind: SealedValue::as_value, write_bytes: write, write_text: write_text, copy: copy_of);

fn write(out: &mut Output<'_, '_, Pg>, bytes: &[u8]) -> serialize::Result {
    out.write_all(bytes)?;
    Ok(IsNull::No)
}

fn write_text(out: &mut Output<'_, '_, Pg>, text: &str) -> serialize::Result {
    write(out, text.as_bytes())
}

fn copy_of(value: PgValue<'_>) -> StoredBytes {
    let bytes = value.as_bytes();
    StoredBytes::copy_of(match StoredAs::of_oid(value.get_oid().get()) {
        StoredAs::Bytes => StoredValue::Untyped(bytes),
        StoredAs::Text => StoredValue::Text(bytes),
        StoredAs::Other => StoredValue::Other,
    })
}
