//! What PostgreSQL and MySQL have in common: a connection of sqlx's, on a runtime of its own.

use super::{Param, SqlError};
use fieldseal::dialect::Fault;
use tokio::runtime::{Builder, Runtime};

/// A runtime for one connection, on the thread that uses it.
pub(super) fn runtime() -> Result<Runtime, SqlError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| SqlError::new(Fault::Other, format!("no runtime could be started: {error}")))
}

/// The fault of an error: the database's, by `of_database`, or the connection's.
pub(super) fn failed(
    error: &sqlx::Error,
    of_database: impl FnOnce(&dyn sqlx::error::DatabaseError) -> SqlError,
) -> SqlError {
    match error {
        sqlx::Error::Database(error) => of_database(&**error),
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            SqlError::new(Fault::Lost, error.to_string())
        }
        _ => SqlError::new(Fault::Other, error.to_string()),
    }
}

/// [`super::Client`] for one connection and its runtime.
macro_rules! client {
    ($Connected:ty, $Dialect:expr, bound: $bound:expr, cell: $cell:expr, failed: $failed:expr, most: $most:expr) => {
        impl $crate::sql::Client for $Connected {
            fn dialect(&self) -> fieldseal::Dialect {
                $Dialect
            }

            fn query(
                &mut self,
                sql: &str,
                params: &[$crate::sql::Param<'_>],
                each: &mut dyn FnMut(Vec<$crate::sql::Cell>) -> std::ops::ControlFlow<()>,
            ) -> Result<(), $crate::sql::SqlError> {
                use futures_util::TryStreamExt as _;
                use sqlx::Row as _;
                let Self { runtime, connection, .. } = self;
                runtime.block_on(async {
                    let mut rows = $bound(sql, params).fetch(connection);
                    while let Some(row) = rows.try_next().await.map_err(|error| $failed(&error))? {
                        let cells = (0..row.len()).map(|at| $cell(&row, at)).collect();
                        if each(cells).is_break() {
                            break;
                        }
                    }
                    Ok(())
                })
            }

            fn execute(
                &mut self,
                sql: &str,
                params: &[$crate::sql::Param<'_>],
            ) -> Result<u64, $crate::sql::SqlError> {
                $crate::sql::sqlx::check_length($crate::sql::sqlx::length_of(sql, params), $most(self))?;
                let Self { runtime, connection, .. } = self;
                let done = runtime.block_on($bound(sql, params).execute(connection));
                done.map(|done| done.rows_affected()).map_err(|error| $failed(&error))
            }

            fn batch(&mut self, sql: &str) -> Result<u64, $crate::sql::SqlError> {
                $crate::sql::sqlx::check_length(sql.len(), $most(self))?;
                let Self { runtime, connection, .. } = self;
                let sql = sqlx::AssertSqlSafe(sql.to_owned());
                let done = runtime.block_on(sqlx::raw_sql(sql).execute(connection));
                done.map(|done| done.rows_affected()).map_err(|error| $failed(&error))
            }
        }
    };
}

pub(super) use client;

/// A server that gets a message that is too long for it ends the connection, as if it were lost.
pub(super) fn check_length(length: usize, most: usize) -> Result<(), SqlError> {
    if length <= most {
        return Ok(());
    }
    let text = format!(
        "it makes a statement of {length} bytes, and the server takes {most} (MySQL's max_allowed_packet; PostgreSQL never takes more than 1 GiB)"
    );
    Err(SqlError::new(Fault::Refused, text))
}

/// About how many bytes the message for a statement has: rather a little less than more.
pub(super) fn length_of(sql: &str, params: &[Param<'_>]) -> usize {
    let of_one = |param: &Param<'_>| match param {
        Param::Cell(cell) => cell.size(),
        Param::Texts(texts) => texts.iter().flatten().map(|text| text.len()).sum(),
        Param::Blobs(blobs) => blobs.iter().flatten().map(|blob| blob.len()).sum(),
    };
    // MySQL gets the statement and the values in two messages.
    sql.len().max(params.iter().map(of_one).sum())
}
