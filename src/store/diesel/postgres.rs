//! PostgreSQL. With diesel's backend for it alone: whether libpq or diesel-async carries the bytes
//! is the program's choice.

use super::backend::on_backend;
use crate::dialect::Dialect;
use crate::store::sql::Cell;
use diesel::pg::{Pg, PgValue};

on_backend!(Pg, cell: cell, {
    const DIALECT: Dialect = Dialect::Postgres;
});

fn cell(value: PgValue<'_>) -> Cell {
    Cell::of_postgres(value.get_oid().get(), value.as_bytes())
}
