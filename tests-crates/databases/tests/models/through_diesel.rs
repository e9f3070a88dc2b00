//! The behaviours of `testkit/diesel` on every connection of diesel's and diesel-async's.
//!
//! diesel has no `returning` for MySQL and MariaDB, and no `replace_into` for PostgreSQL: those two
//! files are included where they can be.

/// What every module uses.
macro_rules! prelude {
    () => {
        use diesel::prelude::*;
        use diesel::sql_query;
        use diesel::sql_types::{Binary, Nullable, Text};
        use fieldseal::keyring::KeyringSource;
        use fieldseal::{Encrypt, Error, ErrorKind, Scope, Sealed};
        use fieldseal_databases::Database;
        use serde::{Deserialize, Serialize};
    };
}

/// What an upsert of SQLite's and PostgreSQL's names.
macro_rules! on_id {
    () => {
        patients::id
    };
}

/// What one of MySQL's names.
macro_rules! on_any_key {
    () => {
        diesel::dsl::DuplicatedKeys
    };
}

macro_rules! at_once {
    ($done:expr) => {
        $done
    };
}

macro_rules! function {
    ($name:ident($($parameters:tt)*) $(-> $Result:ty)? $body:block) => {
        fn $name($($parameters)*) $(-> $Result)? $body
    };
}

macro_rules! test {
    ($name:ident, |$conn:ident| $body:block) => {
        #[test]
        fn $name() {
            let place = place();
            let $conn = &mut Conn::establish(&place.url).unwrap();
            create_tables($conn);
            $body
        }
    };
}

macro_rules! awaited {
    ($done:expr) => {
        $done.await
    };
}

macro_rules! async_function {
    ($name:ident($($parameters:tt)*) $(-> $Result:ty)? $body:block) => {
        async fn $name($($parameters)*) $(-> $Result)? $body
    };
}

macro_rules! async_test {
    ($name:ident, |$conn:ident| $body:block) => {
        #[tokio::test]
        async fn $name() {
            let place = place();
            let $conn = &mut Conn::establish(&place.url).await.unwrap();
            create_tables($conn).await;
            $body
        }
    };
}

mod sqlite {
    prelude!();
    use at_once as done;
    use diesel::SqliteConnection as Conn;
    use diesel::sqlite::Sqlite as Db;
    use function as helper;
    use on_id as on_conflict;
    use test as behaviour;

    const BYTES: &str = "BLOB";

    fn place() -> Database {
        Database::sqlite()
    }

    include!("../../../../testkit/diesel/behaviours.rs");
    include!("../../../../testkit/diesel/returning.rs");
    include!("../../../../testkit/diesel/replacing.rs");
}

mod postgres {
    prelude!();
    use at_once as done;
    use diesel::PgConnection as Conn;
    use diesel::pg::Pg as Db;
    use function as helper;
    use on_id as on_conflict;
    use test as behaviour;

    const BYTES: &str = "bytea";

    fn place() -> Database {
        Database::postgres()
    }

    include!("../../../../testkit/diesel/behaviours.rs");
    include!("../../../../testkit/diesel/returning.rs");
}

mod mysql {
    prelude!();
    use at_once as done;
    use diesel::MysqlConnection as Conn;
    use diesel::mysql::Mysql as Db;
    use function as helper;
    use on_any_key as on_conflict;
    use test as behaviour;

    const BYTES: &str = "BLOB";

    fn place() -> Database {
        Database::mysql()
    }

    include!("../../../../testkit/diesel/behaviours.rs");
    include!("../../../../testkit/diesel/replacing.rs");
}

mod postgres_async {
    prelude!();
    use async_function as helper;
    use async_test as behaviour;
    use awaited as done;
    use diesel::pg::Pg as Db;
    use diesel_async::AsyncPgConnection as Conn;
    use diesel_async::{AsyncConnection as _, RunQueryDsl};
    use on_id as on_conflict;

    const BYTES: &str = "bytea";

    fn place() -> Database {
        Database::postgres()
    }

    include!("../../../../testkit/diesel/behaviours.rs");
    include!("../../../../testkit/diesel/returning.rs");
}

mod mysql_async {
    prelude!();
    use async_function as helper;
    use async_test as behaviour;
    use awaited as done;
    use diesel::mysql::Mysql as Db;
    use diesel_async::AsyncMysqlConnection as Conn;
    use diesel_async::{AsyncConnection as _, RunQueryDsl};
    use on_any_key as on_conflict;

    const BYTES: &str = "BLOB";

    fn place() -> Database {
        Database::mysql()
    }

    include!("../../../../testkit/diesel/behaviours.rs");
    include!("../../../../testkit/diesel/replacing.rs");
}
