//! Stores inside asynchronous programs.

use crate::places::{MYSQL, POSTGRES, SERVERS, Store};
use fieldseal::store::{Sqlx, StoreError, load_all};
use fieldseal::{Column, Keyring, RowContext, RowId, Scope, kms};
use fieldseal_databases::Database;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

const NOTE: Column = Column::new("notes", "note");

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
    ]
}

/// Everything that a program does with a keyring, on the runtime's own thread.
fn use_it(store: Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    store.create_table().unwrap();
    let kms = kms::Local::open_or_create(folder.path().join("kek.json")).unwrap();
    let keyring = Keyring::start(kms, store).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let place = RowContext::of_row(RowId::of(&1));
    let value = keyring.seal_bytes(&NOTE, &place, b"note").unwrap();
    keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    keyring.forget_keys();
    assert_eq!(keyring.open_bytes(&NOTE, &place, &value).unwrap().unwrap().as_slice(), b"note");
}

#[test]
fn a_keyring_works_inside_either_kind_of_runtime() {
    for server in SERVERS {
        for (_, open) in server.libraries {
            for runtime in runtimes() {
                let database = (server.database)();
                runtime.block_on(async {
                    // Made, used and dropped inside it.
                    use_it(Arc::from(open(&database.url)));
                    tokio::task::spawn({
                        let store: Arc<dyn Store> = Arc::from(open(&database.url));
                        async move { assert_eq!(load_all(&store).unwrap().len(), 2) }
                    })
                    .await
                    .unwrap();
                });
            }
        }
    }
}

#[test]
fn a_pool_whose_only_connection_is_taken_is_no_deadlock() {
    for runtime in runtimes() {
        let (postgres, mysql, sqlite) = ((POSTGRES.database)(), (MYSQL.database)(), Database::sqlite());
        runtime.block_on(async {
            let pool = PgPoolOptions::new().max_connections(1).connect(&postgres.url).await.unwrap();
            let _taken = pool.acquire().await.unwrap();
            use_it(Arc::new(Sqlx::like_pool(&pool).unwrap()));
            let pool = MySqlPoolOptions::new().max_connections(1).connect(&mysql.url).await.unwrap();
            let _taken = pool.acquire().await.unwrap();
            use_it(Arc::new(Sqlx::like_pool(&pool).unwrap()));
            let url = format!("sqlite://{}?mode=rwc", sqlite.url);
            let pool = SqlitePoolOptions::new().max_connections(1).connect(&url).await.unwrap();
            let _taken = pool.acquire().await.unwrap();
            use_it(Arc::new(Sqlx::like_pool(&pool).unwrap()));
        });
    }
}

#[test]
fn a_database_in_memory_is_refused_with_a_reason() {
    let runtime = runtimes().into_iter().next().unwrap();
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite://?mode=memory"] {
        let pool = runtime.block_on(SqlitePoolOptions::new().max_connections(1).connect(url)).unwrap();
        let error = Sqlx::like_pool(&pool).unwrap().create_table().unwrap_err();
        assert!(
            matches!(&error, StoreError::Unavailable { message, .. } if message.contains("memory")),
            "{error:?}"
        );
    }
}
