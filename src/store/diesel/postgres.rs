//! PostgreSQL. With diesel's backend for it alone: whether libpq or diesel-async carries the bytes is the program's choice.

use super::on_backend;
use crate::store::Dialect;
use crate::store::sql::{Cell, Kind};
use diesel::pg::{Pg, PgValue};

on_backend!(Pg, cell: cell, {
    const DIALECT: Dialect = Dialect::Postgres;

    /// diesel has no place for the SQLSTATE. Where the server speaks another language than English the table is looked at,
    /// and a deadlock or a lock that wasn't given is reported by the server's words alone.
    fn kind(text: &str) -> Kind {
        let says = |what: &str| text.contains(what);
        if says("deadlock detected") {
            Kind::Again
        } else if says("lock timeout") {
            Kind::Busy
        } else {
            Kind::Unclear
        }
    }
});

fn cell(value: PgValue<'_>) -> Cell {
    Cell::of_postgres(value.get_oid().get(), value.as_bytes())
}
