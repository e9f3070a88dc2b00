//! What a key store needs of a diesel backend.

use crate::dialect::Dialect;
use crate::store::sql::{Cell, Param, Row};
use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::connection::LoadConnection;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};

/// A backend of diesel's that can hold a key store: `Sqlite`, `Pg` or `Mysql`, each in its file.
pub(in crate::store) trait StoreBackend: Backend {
    const DIALECT: Dialect;

    /// Whether its messages may be in another language than English.
    const MAY_BE_TRANSLATED: bool = true;

    /// What a new connection needs.
    fn prepare<C: LoadConnection<Backend = Self>>(_connection: &mut C) -> QueryResult<()> {
        Ok(())
    }

    fn bound<'a>(sql: &'static str, params: &[Param<'a>]) -> BoxedSqlQuery<'a, Self, SqlQuery>;

    fn select<C: LoadConnection<Backend = Self>>(
        connection: &mut C,
        query: BoxedSqlQuery<'_, Self, SqlQuery>,
    ) -> QueryResult<Vec<Row>>;

    fn integer<C: LoadConnection<Backend = Self>>(connection: &mut C, sql: &'static str) -> QueryResult<Cell>;

    fn execute<C: LoadConnection<Backend = Self>>(
        connection: &mut C,
        query: BoxedSqlQuery<'_, Self, SqlQuery>,
    ) -> QueryResult<usize>;
}

/// One integer, in the column `n`.
pub(in crate::store) struct Integer(pub(in crate::store) Cell);

/// What is the same for each backend and can only be written with the backend's name in it: a
/// function that reads a cell, and what [`StoreBackend`] adds.
macro_rules! on_backend {
    ($Backend:ty, cell: $cell:expr, { $($rest:tt)* }) => {
        impl $crate::store::diesel::backend::StoreBackend for $Backend {
            $($rest)*

            fn bound<'a>(
                sql: &'static str,
                params: &[$crate::store::sql::Param<'a>],
            ) -> diesel::query_builder::BoxedSqlQuery<'a, Self, diesel::query_builder::SqlQuery> {
                use $crate::store::sql::Param;
                params.iter().fold(diesel::sql_query(sql).into_boxed(), |query, param| match *param {
                    Param::Integer(integer) => query.bind::<diesel::sql_types::BigInt, _>(integer),
                    Param::Text(text) => query.bind::<diesel::sql_types::Text, _>(text),
                    Param::Blob(blob) => query.bind::<diesel::sql_types::Binary, _>(blob),
                })
            }

            fn select<C: diesel::connection::LoadConnection<Backend = Self>>(
                connection: &mut C,
                query: diesel::query_builder::BoxedSqlQuery<'_, Self, diesel::query_builder::SqlQuery>,
            ) -> diesel::QueryResult<Vec<$crate::store::sql::Row>> {
                diesel::RunQueryDsl::load(query, connection)
            }

            fn integer<C: diesel::connection::LoadConnection<Backend = Self>>(
                connection: &mut C,
                sql: &'static str,
            ) -> diesel::QueryResult<$crate::store::sql::Cell> {
                let integer: $crate::store::diesel::backend::Integer =
                    diesel::RunQueryDsl::get_result(diesel::sql_query(sql), connection)?;
                Ok(integer.0)
            }

            fn execute<C: diesel::connection::LoadConnection<Backend = Self>>(
                connection: &mut C,
                query: diesel::query_builder::BoxedSqlQuery<'_, Self, diesel::query_builder::SqlQuery>,
            ) -> diesel::QueryResult<usize> {
                diesel::RunQueryDsl::execute(query, connection)
            }
        }

        impl diesel::deserialize::QueryableByName<$Backend> for $crate::store::sql::Row {
            fn build<'a>(
                row: &impl diesel::row::NamedRow<'a, $Backend>,
            ) -> diesel::deserialize::Result<Self> {
                use $crate::store::sql::{COLUMNS, Cell};
                let mut cells = [const { Cell::Unusable }; COLUMNS.len()];
                for (cell, column) in cells.iter_mut().zip(COLUMNS) {
                    *cell = diesel::row::NamedRow::get::<diesel::sql_types::Binary, Cell>(row, column)?;
                }
                Ok(Self(cells))
            }
        }

        impl diesel::deserialize::QueryableByName<$Backend> for $crate::store::diesel::backend::Integer {
            fn build<'a>(
                row: &impl diesel::row::NamedRow<'a, $Backend>,
            ) -> diesel::deserialize::Result<Self> {
                diesel::row::NamedRow::get::<diesel::sql_types::Binary, _>(row, "n").map(Self)
            }
        }

        /// Reads whatever is stored, by the value's own type.
        impl diesel::deserialize::FromSql<diesel::sql_types::Binary, $Backend> for $crate::store::sql::Cell {
            fn from_sql(
                value: <$Backend as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                Ok($cell(value))
            }

            fn from_nullable_sql(
                value: Option<<$Backend as diesel::backend::Backend>::RawValue<'_>>,
            ) -> diesel::deserialize::Result<Self> {
                Ok(value.map_or(Self::Unusable, $cell))
            }
        }
    };
}

pub(super) use on_backend;
