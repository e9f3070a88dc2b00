//! A UUID in a column of bytes, for databases and libraries that have no type for it.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use fieldseal::context::{AsRowId, AsScope, ContextError, ContextKind};
use fieldseal::{RowId, Scope};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Key(pub Uuid);

impl From<Uuid> for Key {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl AsRowId for Key {
    const KIND: ContextKind = <Uuid as AsRowId>::KIND;

    fn push_to(&self, row: &mut RowId) {
        self.0.push_to(row);
    }
}

impl AsScope for Key {
    const KIND: ContextKind = <Uuid as AsScope>::KIND;

    fn as_scope(&self) -> Result<Scope, ContextError> {
        self.0.as_scope()
    }
}

impl<DB: Backend> ToSql<Binary, DB> for Key
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_bytes().as_slice().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Binary, DB> for Key
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(&Vec::from_sql(bytes)?)?))
    }
}

impl rusqlite::ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        rusqlite::ToSql::to_sql(&self.0)
    }
}

impl rusqlite::types::FromSql for Key {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        <Uuid as rusqlite::types::FromSql>::column_result(value).map(Self)
    }
}

#[cfg(feature = "sqlx")]
mod by_sqlx {
    use super::*;
    use sqlx::error::BoxDynError;

    impl<DB: sqlx::Database> sqlx::Type<DB> for Key
    where
        Uuid: sqlx::Type<DB>,
    {
        fn type_info() -> DB::TypeInfo {
            <Uuid as sqlx::Type<DB>>::type_info()
        }

        fn compatible(info: &DB::TypeInfo) -> bool {
            <Uuid as sqlx::Type<DB>>::compatible(info)
        }
    }

    impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for Key
    where
        Uuid: sqlx::Encode<'q, DB>,
    {
        fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<sqlx::encode::IsNull, BoxDynError> {
            sqlx::Encode::<DB>::encode_by_ref(&self.0, buffer)
        }
    }

    impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for Key
    where
        Uuid: sqlx::Decode<'r, DB>,
    {
        fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
            <Uuid as sqlx::Decode<DB>>::decode(value).map(Self)
        }
    }
}
