//! PostgreSQL.

use super::on_database;
use crate::dialect::{Dialect, Fault};
use crate::store::sql::Cell;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnection, PgRow, PgValueFormat};
use sqlx::{Row as _, ValueRef as _};

on_database!(PgConnection, Dialect::Postgres, cell: cell, prepared: false);

impl super::StoreDatabase for PgConnection {
    fn fault(error: &dyn DatabaseError) -> Fault {
        Fault::of_postgres(&error.code().unwrap_or_default())
    }
}

fn cell(row: &PgRow, at: usize) -> Cell {
    let Ok(value) = row.try_get_raw(at) else { return Cell::Unusable };
    let oid = value.type_info().oid().map(|oid| oid.0);
    match (oid, value.as_bytes()) {
        (Some(oid), Ok(bytes)) if value.format() == PgValueFormat::Binary => Cell::of_postgres(oid, bytes),
        _ => Cell::Unusable,
    }
}
