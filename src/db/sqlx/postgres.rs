//! PostgreSQL.

use super::SqlxDatabase;
use crate::db::postgres::StoredAs;
use crate::db::{SealedValue, StoredBytes, StoredValue};
use crate::error::Error;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type, ValueRef as _};

impl super::sealed::Closed for Postgres {}

impl SqlxDatabase for Postgres {
    fn check(value: &SealedValue) -> Result<(), Error> {
        value.as_value().map(drop)
    }
}

impl Type<Postgres> for SealedValue {
    fn type_info() -> PgTypeInfo {
        <[u8] as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for SealedValue {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self.as_value()? {
            StoredValue::Bytes(bytes) | StoredValue::Text(bytes) => {
                <&[u8] as Encode<Postgres>>::encode(bytes, buffer)
            }
            _ => Ok(IsNull::Yes),
        }
    }

    /// NULL too has the type of its column.
    fn produces(&self) -> Option<PgTypeInfo> {
        self.is_base64().then(<str as Type<Postgres>>::type_info)
    }

    fn size_hint(&self) -> usize {
        self.bytes().ok().flatten().map_or(0, <[u8]>::len)
    }
}

/// For `= ANY($1)`, with the values of `seal_x_under_each_key`. Those of a column of base64 must be
/// bound one by one.
impl PgHasArrayType for SealedValue {
    fn array_type_info() -> PgTypeInfo {
        <Vec<u8> as PgHasArrayType>::array_type_info()
    }
}

impl Type<Postgres> for StoredBytes {
    fn type_info() -> PgTypeInfo {
        <[u8] as Type<Postgres>>::type_info()
    }

    /// Whatever is stored is taken, and judged when it's opened.
    fn compatible(_: &PgTypeInfo) -> bool {
        true
    }
}

impl<'r> Decode<'r, Postgres> for StoredBytes {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::null());
        }
        let stored_as = value.type_info().oid().map_or(StoredAs::Other, |oid| StoredAs::of_oid(oid.0));
        Ok(match (stored_as, value.format()) {
            // Of a simple query: in hex.
            (StoredAs::Bytes, PgValueFormat::Text) => {
                Self::copy_of(StoredValue::Untyped(&<Vec<u8> as Decode<Postgres>>::decode(value)?))
            }
            (StoredAs::Bytes, PgValueFormat::Binary) => Self::copy_of(StoredValue::Untyped(value.as_bytes()?)),
            (StoredAs::Text, _) => Self::copy_of(StoredValue::Text(value.as_bytes()?)),
            (StoredAs::Other, _) => Self::copy_of(StoredValue::Other),
        })
    }
}
