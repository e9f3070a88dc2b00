//! PostgreSQL.

use super::sqlx::{client, runtime};
use crate::sql::{Cell, Client, Database, Param, SqlError};
use fieldseal::__sweep;
use fieldseal::Dialect;
use fieldseal::dialect::Fault;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow, PgValueFormat};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, ValueRef as _};
use tokio::runtime::Runtime;

/// A PostgreSQL database, by sqlx's options: `Postgres::new(url.parse()?)`.
#[derive(Debug, Clone)]
pub struct Postgres {
    options: PgConnectOptions,
}

impl Postgres {
    /// Connects as the options say.
    #[must_use]
    pub fn new(options: PgConnectOptions) -> Self {
        // sqlx would log statements that take long.
        Self { options: options.disable_statement_logging() }
    }
}

impl Database for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn connect(&self) -> Result<Box<dyn Client>, SqlError> {
        let runtime = runtime()?;
        let connection = runtime.block_on(self.options.connect()).map_err(|error| failed(&error))?;
        let mut connected = Connected { runtime, connection };
        // Keys travel as text: the same text in every session.
        connected.batch(
            "SET extra_float_digits = 1; SET datestyle = 'ISO'; SET timezone = 'UTC'; SET bytea_output = 'hex'; \
             SET intervalstyle = 'postgres'; SET statement_timeout = 0; \
             SET standard_conforming_strings = on; SET row_security = off",
        )?;
        Ok(Box::new(connected))
    }
}

struct Connected {
    runtime: Runtime,
    connection: PgConnection,
}

/// The longest message that the server takes, in bytes.
const MOST: usize = (1 << 30) - 1;

client!(Connected, Dialect::Postgres, bound: bound, cell: cell, failed: failed, most: |_: &Connected| MOST);

fn bound<'q>(sql: &str, params: &'q [Param<'_>]) -> Query<'q, sqlx::Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    params.iter().fold(query, |query, param| match param {
        Param::Texts(texts) => query.bind(texts),
        Param::Blobs(blobs) => query.bind(blobs),
        Param::Cell(cell) => match &**cell {
            Cell::Null | Cell::Other => query.bind(None::<&str>),
            Cell::Integer(integer) => query.bind(integer),
            Cell::Unsigned(integer) => query.bind(integer.to_string()),
            Cell::Real(real) => query.bind(real),
            // PostgreSQL's text is UTF-8: a value that isn't can't have been read from it.
            Cell::Text(text) => query.bind(std::str::from_utf8(text).ok()),
            Cell::Bytes(bytes) => query.bind(bytes.as_slice()),
        },
    })
}

fn cell(row: &PgRow, at: usize) -> Cell {
    const BOOL: u32 = 16;
    const INT8: u32 = 20;
    const INT2: u32 = 21;
    const INT4: u32 = 23;
    let Ok(value) = row.try_get_raw(at) else { return Cell::Other };
    if value.is_null() {
        return Cell::Null;
    }
    let oid = value.type_info().oid().map(|oid| oid.0);
    let (Some(oid), Ok(bytes), PgValueFormat::Binary) = (oid, value.as_bytes(), value.format()) else {
        return Cell::Other;
    };
    let integer = match oid {
        INT8 => bytes.try_into().map(i64::from_be_bytes).ok(),
        INT4 => bytes.try_into().map(|bytes| i32::from_be_bytes(bytes).into()).ok(),
        INT2 => bytes.try_into().map(|bytes| i16::from_be_bytes(bytes).into()).ok(),
        BOOL => bytes.first().map(|bit| i64::from(*bit)),
        _ => None,
    };
    match integer {
        Some(integer) => Cell::Integer(integer),
        None if __sweep::postgres_holds_bytes(oid) => Cell::Bytes(bytes.to_vec()),
        None if __sweep::postgres_holds_text(oid) => Cell::Text(bytes.to_vec()),
        None => Cell::Other,
    }
}

fn failed(error: &sqlx::Error) -> SqlError {
    super::sqlx::failed(error, said)
}

/// The fault by SQLSTATE: appendix A of PostgreSQL's manual.
fn said(error: &dyn DatabaseError) -> SqlError {
    let code = error.code().unwrap_or_default();
    // Guards raise check_violation, and raise_exception is raised where a guard can't be made.
    if let Some(error) = SqlError::of_guard(error.message()).filter(|_| matches!(&*code, "23514" | "P0001")) {
        return error;
    }
    SqlError::said(Fault::of_postgres(&code), &code, error.message())
}
