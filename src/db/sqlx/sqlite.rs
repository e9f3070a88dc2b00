//! SQLite, where any column can hold a value of any type.

use super::SqlxDatabase;
use crate::db::{SealedValue, StoredBytes, StoredValue};
use crate::error::Error;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Decode, Encode, Type, TypeInfo as _, ValueRef as _};
use sqlx_sqlite::{Sqlite, SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};

impl super::sealed::Closed for Sqlite {}

impl SqlxDatabase for Sqlite {
    fn check(value: &SealedValue) -> Result<(), Error> {
        value.as_value().map(drop)
    }
}

impl Type<Sqlite> for SealedValue {
    fn type_info() -> SqliteTypeInfo {
        <[u8] as Type<Sqlite>>::type_info()
    }

    fn compatible(info: &SqliteTypeInfo) -> bool {
        <[u8] as Type<Sqlite>>::compatible(info)
    }
}

impl Encode<'_, Sqlite> for SealedValue {
    /// Without a copy of the bytes.
    fn encode(self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        let is_base64 = self.is_base64();
        match self.into_bytes()? {
            None => Ok(IsNull::Yes),
            Some(text) if is_base64 => <String as Encode<Sqlite>>::encode(String::from_utf8(text)?, buffer),
            Some(bytes) => <Vec<u8> as Encode<Sqlite>>::encode(bytes, buffer),
        }
    }

    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode(self.clone(), buffer)
    }

    fn produces(&self) -> Option<SqliteTypeInfo> {
        self.is_base64().then(<str as Type<Sqlite>>::type_info)
    }
}

impl Type<Sqlite> for StoredBytes {
    fn type_info() -> SqliteTypeInfo {
        <[u8] as Type<Sqlite>>::type_info()
    }

    /// Whatever is stored is taken, and judged when it's opened.
    fn compatible(_: &SqliteTypeInfo) -> bool {
        true
    }
}

impl<'r> Decode<'r, Sqlite> for StoredBytes {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::null());
        }
        // The value's own type, whatever the column was declared as.
        let stored_as = value.type_info().into_owned();
        Ok(match stored_as.name() {
            "BLOB" => Self::copy_of(StoredValue::Bytes(<&[u8] as Decode<Sqlite>>::decode(value)?)),
            "INTEGER" => Self::copy_of(StoredValue::Integer(<i64 as Decode<Sqlite>>::decode(value)?)),
            "REAL" => Self::copy_of(StoredValue::Real(<f64 as Decode<Sqlite>>::decode(value)?)),
            "TEXT" => match <&str as Decode<Sqlite>>::decode(value) {
                Ok(text) => Self::copy_of(StoredValue::Text(text.as_bytes())),
                // Not UTF-8.
                Err(_) => Self::copy_of(StoredValue::Other),
            },
            _ => Self::copy_of(StoredValue::Other),
        })
    }
}
