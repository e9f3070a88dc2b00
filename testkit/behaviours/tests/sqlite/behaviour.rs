//! The behaviours of `testkit/behaviours/src/models` on SQLite, with diesel and with rusqlite.

macro_rules! behaviours {
    ($($behaviour:ident)+) => {
        behaviours! { sqlite_diesel: DieselSqlite, $($behaviour)+ }
        behaviours! { sqlite_rusqlite: Rusqlite, $($behaviour)+ }
    };
    ($module:ident: $Client:ident, $($behaviour:ident)+) => {
        mod $module {
            $(#[test] fn $behaviour() { super::$behaviour::<behaviours::models::$Client>(); })+
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
                super::$behaviour::<behaviours::models::$Writer, behaviours::models::$Reader>();
            })+
        }
    };
}

macro_rules! histories {
    ($history:ident) => {
        mod sqlite {
            #[test]
            fn $history() {
                use behaviours::models::{DieselSqlite, Rusqlite};
                super::$history::<DieselSqlite, Rusqlite>(64);
            }
        }
    };
}

behaviours::every_behaviour!(behaviours, pairs, histories);
