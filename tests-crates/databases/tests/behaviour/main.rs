//! The behaviours of `testkit/behaviours/src/models` on nine clients: diesel, diesel-async, sqlx
//! and rusqlite on SQLite, PostgreSQL and MariaDB, where there is such a library for the database.

#[macro_use]
mod servers;
mod sqlx;

use behaviours::{at_once, models, on_id, store_by_diesel};

/// sqlx keeps every model already, and the clients of SQLite keep them where they are.
macro_rules! stores {
    ($($model:ident in $table:ident $(find $($column:ident)+)?),+ $(,)?) => {$(
        store_by_diesel!($crate::servers::DieselPostgres, at_once, on_id, $model in $table $(find $($column)+)?);
        store_by_diesel!($crate::servers::DieselMysql, at_once, on_any_key, $model in $table $(find $($column)+)?);
        store_by_diesel!($crate::servers::DieselAsyncPostgres, awaited, on_id, $model in $table $(find $($column)+)?);
        store_by_diesel!($crate::servers::DieselAsyncMysql, awaited, on_any_key, $model in $table $(find $($column)+)?);
    )+};
}

/// PostgreSQL has a type for UUIDs; the others keep their bytes.
macro_rules! uuid_stores {
    (bytes: $($model:ident in $table:ident),+) => {$(
        store_by_diesel!($crate::servers::DieselMysql, at_once, on_any_key, $model in $table);
        store_by_diesel!($crate::servers::DieselAsyncMysql, awaited, on_any_key, $model in $table);
    )+};
    (native: $($model:ident in $table:ident),+) => {$(
        store_by_diesel!($crate::servers::DieselPostgres, at_once, on_id, $model in $table);
        store_by_diesel!($crate::servers::DieselAsyncPostgres, awaited, on_id, $model in $table);
    )+};
}

macro_rules! behaviours {
    ($($behaviour:ident)+) => {
        behaviours! { sqlite_diesel: models::DieselSqlite, $($behaviour)+ }
        behaviours! { sqlite_rusqlite: models::Rusqlite, $($behaviour)+ }
        behaviours! { sqlite_sqlx: sqlx::SqlxSqlite, $($behaviour)+ }
        behaviours! { postgres_diesel: servers::DieselPostgres, $($behaviour)+ }
        behaviours! { postgres_diesel_async: servers::DieselAsyncPostgres, $($behaviour)+ }
        behaviours! { postgres_sqlx: sqlx::SqlxPostgres, $($behaviour)+ }
        behaviours! { mysql_diesel: servers::DieselMysql, $($behaviour)+ }
        behaviours! { mysql_diesel_async: servers::DieselAsyncMysql, $($behaviour)+ }
        behaviours! { mysql_sqlx: sqlx::SqlxMysql, $($behaviour)+ }
    };
    ($module:ident: $from:ident::$Client:ident, $($behaviour:ident)+) => {
        mod $module {
            $(#[test] fn $behaviour() { super::$behaviour::<$crate::$from::$Client>(); })+
        }
    };
}

/// A test of each library that writes and each other that reads what it wrote.
macro_rules! pairs {
    ($($behaviour:ident)+) => {
        pairs! { sqlite_diesel_to_rusqlite: models::DieselSqlite, models::Rusqlite, $($behaviour)+ }
        pairs! { sqlite_diesel_to_sqlx: models::DieselSqlite, sqlx::SqlxSqlite, $($behaviour)+ }
        pairs! { sqlite_rusqlite_to_diesel: models::Rusqlite, models::DieselSqlite, $($behaviour)+ }
        pairs! { sqlite_rusqlite_to_sqlx: models::Rusqlite, sqlx::SqlxSqlite, $($behaviour)+ }
        pairs! { sqlite_sqlx_to_diesel: sqlx::SqlxSqlite, models::DieselSqlite, $($behaviour)+ }
        pairs! { sqlite_sqlx_to_rusqlite: sqlx::SqlxSqlite, models::Rusqlite, $($behaviour)+ }
        pairs! { postgres_diesel_to_diesel_async: servers::DieselPostgres, servers::DieselAsyncPostgres, $($behaviour)+ }
        pairs! { postgres_diesel_to_sqlx: servers::DieselPostgres, sqlx::SqlxPostgres, $($behaviour)+ }
        pairs! { postgres_diesel_async_to_diesel: servers::DieselAsyncPostgres, servers::DieselPostgres, $($behaviour)+ }
        pairs! { postgres_diesel_async_to_sqlx: servers::DieselAsyncPostgres, sqlx::SqlxPostgres, $($behaviour)+ }
        pairs! { postgres_sqlx_to_diesel: sqlx::SqlxPostgres, servers::DieselPostgres, $($behaviour)+ }
        pairs! { postgres_sqlx_to_diesel_async: sqlx::SqlxPostgres, servers::DieselAsyncPostgres, $($behaviour)+ }
        pairs! { mysql_diesel_to_diesel_async: servers::DieselMysql, servers::DieselAsyncMysql, $($behaviour)+ }
        pairs! { mysql_diesel_to_sqlx: servers::DieselMysql, sqlx::SqlxMysql, $($behaviour)+ }
        pairs! { mysql_diesel_async_to_diesel: servers::DieselAsyncMysql, servers::DieselMysql, $($behaviour)+ }
        pairs! { mysql_diesel_async_to_sqlx: servers::DieselAsyncMysql, sqlx::SqlxMysql, $($behaviour)+ }
        pairs! { mysql_sqlx_to_diesel: sqlx::SqlxMysql, servers::DieselMysql, $($behaviour)+ }
        pairs! { mysql_sqlx_to_diesel_async: sqlx::SqlxMysql, servers::DieselAsyncMysql, $($behaviour)+ }
    };
    ($module:ident: $at:ident::$Writer:ident, $from:ident::$Reader:ident, $($behaviour:ident)+) => {
        mod $module {
            $(#[test] fn $behaviour() { super::$behaviour::<$crate::$at::$Writer, $crate::$from::$Reader>(); })+
        }
    };
}

/// Libraries that share a database. On servers a history takes longer.
macro_rules! histories {
    ($history:ident) => {
        histories! { sqlite: models::Rusqlite, sqlx::SqlxSqlite, 16, $history }
        histories! { postgres: servers::DieselPostgres, sqlx::SqlxPostgres, 8, $history }
        histories! { postgres_async: servers::DieselAsyncPostgres, sqlx::SqlxPostgres, 8, $history }
        histories! { mysql: servers::DieselMysql, sqlx::SqlxMysql, 8, $history }
        histories! { mysql_async: servers::DieselAsyncMysql, sqlx::SqlxMysql, 8, $history }
    };
    ($module:ident: $one:ident::$One:ident, $two:ident::$Two:ident, $cases:literal, $history:ident) => {
        mod $module {
            #[test]
            fn $history() {
                use $crate::{$one::$One, $two::$Two};
                super::$history::<$One, $Two>($cases);
            }
        }
    };
}

behaviours::every_model!(stores, uuid_stores);
behaviours::every_behaviour!(behaviours, pairs, histories);
