//! MySQL and MariaDB.

use super::SqlxDatabase;
use crate::db::{SealedValue, StoredBytes, StoredValue};
use crate::error::Error;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySql, MySqlTypeInfo, MySqlValueRef};
use sqlx::{Decode, Encode, Type, ValueRef as _};

impl super::sealed::Closed for MySql {}

impl SqlxDatabase for MySql {
    fn check(value: &SealedValue) -> Result<(), Error> {
        value.as_value_for_mysql().map(drop)
    }
}

impl Type<MySql> for SealedValue {
    fn type_info() -> MySqlTypeInfo {
        <[u8] as Type<MySql>>::type_info()
    }
}

impl Encode<'_, MySql> for SealedValue {
    fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, BoxDynError> {
        match self.as_value_for_mysql()? {
            StoredValue::Bytes(bytes) | StoredValue::Text(bytes) => <&[u8] as Encode<MySql>>::encode(bytes, buffer),
            _ => Ok(IsNull::Yes),
        }
    }

    fn produces(&self) -> Option<MySqlTypeInfo> {
        self.is_base64().then(<str as Type<MySql>>::type_info)
    }

    fn size_hint(&self) -> usize {
        self.bytes().ok().flatten().map_or(0, <[u8]>::len)
    }
}

impl Type<MySql> for StoredBytes {
    fn type_info() -> MySqlTypeInfo {
        <[u8] as Type<MySql>>::type_info()
    }

    /// Whatever is stored is taken, and judged when it's opened.
    fn compatible(_: &MySqlTypeInfo) -> bool {
        true
    }
}

impl<'r> Decode<'r, MySql> for StoredBytes {
    fn decode(value: MySqlValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::null());
        }
        if !<[u8] as Type<MySql>>::compatible(&value.type_info()) {
            return Ok(Self::copy_of(StoredValue::Other));
        }
        Ok(Self::copy_of(StoredValue::Untyped(<&[u8] as Decode<MySql>>::decode(value)?)))
    }
}
