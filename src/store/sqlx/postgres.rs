//! PostgreSQL.

use super::on_database;
use crate::store::Dialect;
use crate::store::sql::{Cell, Kind};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnection, PgRow, PgValueFormat};
use sqlx::{Row as _, ValueRef as _};

on_database!(PgConnection, Dialect::Postgres, cell: cell, kind: kind);

impl super::Engine for PgConnection {}

fn kind(error: &dyn DatabaseError) -> Kind {
    error.code().map_or(Kind::Other, |code| Kind::of_sqlstate(&code))
}

fn cell(row: &PgRow, at: usize) -> Cell {
    let Ok(value) = row.try_get_raw(at) else { return Cell::Unusable };
    let oid = value.type_info().oid().map(|oid| oid.0);
    match (oid, value.as_bytes()) {
        (Some(oid), Ok(bytes)) if value.format() == PgValueFormat::Binary => Cell::of_postgres(oid, bytes),
        _ => Cell::Unusable,
    }
}
