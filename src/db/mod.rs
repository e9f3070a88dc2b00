//! Adapters for database libraries: one library, one file, one feature. What they share is beside
//! them.

#[cfg(feature = "diesel")]
pub(crate) mod diesel;
#[cfg(any(feature = "diesel-postgres", feature = "sqlx-postgres", feature = "_sweep"))]
pub(crate) use crate::dialect::postgres_types as postgres;
#[cfg(feature = "rusqlite")]
pub(crate) mod rusqlite;
mod sealed_value;
#[cfg(feature = "sqlx")]
pub(crate) mod sqlx;
mod stored_value;

pub use sealed_value::SealedValue;
pub(crate) use sealed_value::check_fits;
pub use stored_value::{StoredBytes, StoredValue};

/// The derive's code for diesel, or why there can't be any.
#[cfg(feature = "diesel")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_diesel { ($($code:tt)*) => { $($code)* } }

/// The derive's code for diesel, or why there can't be any.
#[cfg(not(feature = "diesel"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_diesel {
    ($($code:tt)*) => {
        ::core::compile_error!("`#[diesel(table_name = …)]` needs fieldseal's feature `diesel-sqlite`, `diesel-postgres` or `diesel-mysql`");
    };
}

/// The derive's code for rusqlite, or why there can't be any.
#[cfg(feature = "rusqlite")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_rusqlite { ($($code:tt)*) => { $($code)* } }

/// The derive's code for rusqlite, or why there can't be any.
#[cfg(not(feature = "rusqlite"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_rusqlite {
    ($($code:tt)*) => {
        ::core::compile_error!("`#[encrypt(rusqlite)]` needs fieldseal's feature `rusqlite`");
    };
}

/// The derive's code for sqlx, or why there can't be any.
#[cfg(feature = "sqlx")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_sqlx { ($($code:tt)*) => { $($code)* } }

/// The derive's code for sqlx, or why there can't be any.
#[cfg(not(feature = "sqlx"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_sqlx {
    ($($code:tt)*) => {
        ::core::compile_error!(
            "`#[encrypt(sqlx)]` needs fieldseal's feature `sqlx-sqlite`, `sqlx-postgres` or `sqlx-mysql`"
        );
    };
}
