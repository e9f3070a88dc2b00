//! diesel on SQLite: the behaviours of `testkit/diesel`, which `tests-crates/databases` has on
//! every connection.

use diesel::SqliteConnection as Conn;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Binary, Nullable, Text};
use diesel::sqlite::Sqlite as Db;
use fieldseal::keyring::KeyringSource;
use fieldseal::{Encrypt, Error, ErrorKind, Scope, Sealed};
use serde::{Deserialize, Serialize};

const BYTES: &str = "BLOB";

macro_rules! behaviour {
    ($name:ident, |$conn:ident| $body:block) => {
        #[test]
        fn $name() {
            let $conn = &mut Conn::establish(":memory:").unwrap();
            create_tables($conn);
            $body
        }
    };
}

macro_rules! helper {
    ($name:ident($($parameters:tt)*) $(-> $Result:ty)? $body:block) => {
        fn $name($($parameters)*) $(-> $Result)? $body
    };
}

macro_rules! done {
    ($done:expr) => {
        $done
    };
}

macro_rules! on_conflict {
    () => {
        patients::id
    };
}

include!("../../testkit/diesel/behaviours.rs");
include!("../../testkit/diesel/returning.rs");
include!("../../testkit/diesel/replacing.rs");
