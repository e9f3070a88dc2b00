//! diesel: what the derive's hidden row structs bind and load.

use super::{SealedValue, StoredBytes, StoredValue};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::result::UnexpectedNullError;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, Nullable};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};
use std::error::Error as StdError;

impl ToSql<Binary, Sqlite> for SealedValue {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        match self.bytes() {
            Ok(Some(bytes)) => {
                out.set_value(bytes);
                Ok(IsNull::No)
            }
            Ok(None) => Ok(IsNull::Yes),
            Err(error) => Err(Box::new(error.clone())),
        }
    }
}

/// A sealed column of a row, as it was loaded and not yet opened.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Loaded(pub StoredBytes);

impl FromSql<Binary, Sqlite> for Loaded {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(copy_of(value)))
    }

    /// NULL is an error later, when it's known for which table and column.
    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        Ok(Self(value.map_or_else(|| StoredBytes::copy_of(StoredValue::Null), copy_of)))
    }
}

/// [`Loaded`] for a column that hides NULL, whether the database lets it be NULL or not.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = Binary)]
#[diesel(sql_type = Nullable<Binary>)]
pub struct LoadedEither(pub StoredBytes);

impl FromSql<Binary, Sqlite> for LoadedEither {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(copy_of(value)))
    }

    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        Loaded::from_nullable_sql(value).map(|loaded| Self(loaded.0))
    }
}

impl FromSql<Nullable<Binary>, Sqlite> for LoadedEither {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(copy_of(value)))
    }

    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        Loaded::from_nullable_sql(value).map(|loaded| Self(loaded.0))
    }
}

/// Asks for the value's own type before reading it: SQLite would turn text into bytes without a word.
fn copy_of(mut value: SqliteValue<'_, '_, '_>) -> StoredBytes {
    StoredBytes::copy_of(match value.value_type() {
        None => StoredValue::Null,
        Some(SqliteType::Binary) => StoredValue::Bytes(value.read_blob()),
        Some(SqliteType::Text) => StoredValue::Text(value.read_blob()),
        Some(SqliteType::Float | SqliteType::Double) => StoredValue::Real(value.read_double()),
        Some(_) => StoredValue::Integer(value.read_long()),
    })
}

/// A column that may be NULL.
#[must_use]
pub fn stored_or_null(loaded: Option<Loaded>) -> StoredBytes {
    loaded.map_or_else(|| StoredBytes::copy_of(StoredValue::Null), |loaded| loaded.0)
}

/// diesel's sign that an optional side of a join is absent, for a struct that has sealed fields only.
#[must_use]
pub fn absent() -> Box<dyn StdError + Send + Sync> {
    Box::new(UnexpectedNullError)
}

/// The error that diesel's carries. `diesel::result::Error::source` passes over it.
pub(crate) fn inner_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    use diesel::result::Error::{DeserializationError, QueryBuilderError, SerializationError};
    match error.downcast_ref()? {
        DeserializationError(inner) | SerializationError(inner) | QueryBuilderError(inner) => Some(&**inner),
        _ => None,
    }
}
