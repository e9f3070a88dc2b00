//! The behaviours of `tests/common/behaviour` on SQLite, with diesel and with rusqlite. `tests-crates/databases` has them with
//! every library on every database.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/database.rs"]
mod database;
#[path = "../common/scanner.rs"]
mod scanner;

/// A model for diesel, by its own attributes, and for rusqlite.
macro_rules! model {
    ($($model:tt)*) => {
        #[derive(fieldseal::Encrypt)]
        #[encrypt(rusqlite)]
        $($model)*
    };
}

macro_rules! stores {
    ($($model:ident in $table:ident $(find $($column:ident)+)?),+ $(,)?) => {$(
        store_by_diesel!($crate::behaviour::DieselSqlite, at_once, on_id, $model in $table $(find $($column)+)?);
        store_by_rusqlite!($crate::behaviour::Rusqlite, $model);
    )+};
}

/// SQLite keeps UUIDs as their bytes.
macro_rules! uuid_modules {
    () => {
        by_uuid! { bytes: Key in Binary }
    };
}

macro_rules! uuid_stores {
    (bytes: $($stores:tt)+) => {
        stores! { $($stores)+ }
    };
}

macro_rules! behaviours {
    ($($behaviour:ident)+) => {
        behaviours! { sqlite_diesel: DieselSqlite, $($behaviour)+ }
        behaviours! { sqlite_rusqlite: Rusqlite, $($behaviour)+ }
    };
    ($module:ident: $Client:ident, $($behaviour:ident)+) => {
        mod $module {
            $(#[test] fn $behaviour() { super::$behaviour::<$crate::behaviour::$Client>(); })+
        }
    };
}

/// A test of each library that writes and each other that reads.
macro_rules! pairs {
    ($($behaviour:ident)+) => {
        pairs! { sqlite_diesel_to_rusqlite: DieselSqlite, Rusqlite, $($behaviour)+ }
        pairs! { sqlite_rusqlite_to_diesel: Rusqlite, DieselSqlite, $($behaviour)+ }
    };
    ($module:ident: $Writer:ident, $Reader:ident, $($behaviour:ident)+) => {
        mod $module {
            $(#[test] fn $behaviour() {
                super::$behaviour::<$crate::behaviour::$Writer, $crate::behaviour::$Reader>();
            })+
        }
    };
}

macro_rules! histories {
    () => {
        mod sqlite {
            #[test]
            fn every_read_gives_what_was_written_or_the_right_error() {
                use $crate::behaviour::{DieselSqlite, Rusqlite};
                super::every_read_gives_what_was_written_or_the_right_error::<DieselSqlite, Rusqlite>(64);
            }
        }
    };
}

#[path = "../common/behaviour/mod.rs"]
mod behaviour;
