//! The behaviours of `tests/common/behaviour` on SQLite, with diesel and with rusqlite. `tests/databases` has them with
//! every library on every database.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/database.rs"]
mod database;

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

/// A test of each library that writes and each that reads.
macro_rules! pairs {
    ($($behaviour:ident)+) => {
        pairs! { sqlite_diesel_to_diesel: DieselSqlite, DieselSqlite, $($behaviour)+ }
        pairs! { sqlite_diesel_to_rusqlite: DieselSqlite, Rusqlite, $($behaviour)+ }
        pairs! { sqlite_rusqlite_to_diesel: Rusqlite, DieselSqlite, $($behaviour)+ }
        pairs! { sqlite_rusqlite_to_rusqlite: Rusqlite, Rusqlite, $($behaviour)+ }
    };
    ($module:ident: $Writer:ident, $Reader:ident, $($behaviour:ident)+) => {
        mod $module {
            $(#[test] fn $behaviour() {
                super::$behaviour::<$crate::behaviour::$Writer, $crate::behaviour::$Reader>();
            })+
        }
    };
}

#[path = "../common/behaviour/mod.rs"]
mod behaviour;
