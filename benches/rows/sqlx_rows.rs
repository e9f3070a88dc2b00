//! sqlx on all three.

use super::*;
use fieldseal::sqlx::{BindRow as _, PushRows as _};
use sqlx::{Connection as _, Executor as _, QueryBuilder};
use tokio::runtime::Builder;

macro_rules! on {
    ($function:ident, $Connection:ty, $scheme:literal, $create:expr, $insert:literal, $place:literal) => {
        pub(crate) fn $function(databases: [Database; 2], rows: &Rows) -> Result<(), Box<dyn Error>> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let connect = |database: &Database| -> Result<$Connection, sqlx::Error> {
                runtime.block_on(async {
                    let mut conn = <$Connection>::connect(&format!("{}{}", $scheme, database.url)).await?;
                    conn.execute($create).await?;
                    Ok(conn)
                })
            };
            let [plain, sealed] = &mut [connect(&databases[0])?, connect(&databases[1])?];
            let clear = |conn: &mut $Connection| runtime.block_on(conn.execute(DELETE)).map(drop);
            let ready = |_: &mut $Connection| Ok(());

            let each = |conn: &mut $Connection| {
                runtime.block_on(async {
                    let mut transaction = conn.begin().await?;
                    for Opaque { id, name, email, diagnosis } in &rows.opaque {
                        let query = sqlx::query($insert).bind(id).bind(name).bind(email).bind(diagnosis);
                        query.execute(&mut *transaction).await?;
                    }
                    transaction.commit().await
                })
            };
            let each_sealed = |conn: &mut $Connection| {
                runtime.block_on(async {
                    let mut transaction = conn.begin().await?;
                    for patient in &rows.sealed {
                        sqlx::query($insert).bind_row(patient)?.execute(&mut *transaction).await?;
                    }
                    transaction.commit().await
                })
            };
            let title = concat!("sqlx, ", $place, ", insert one by one");
            rows.compare(title, versus!(plain, sealed, clear, each, each_sealed));

            let batches = |conn: &mut $Connection| {
                runtime.block_on(async {
                    let mut transaction = conn.begin().await?;
                    for rows in rows.opaque.chunks(BATCH) {
                        let mut query = QueryBuilder::new("INSERT INTO patients (id, name, email, diagnosis) ");
                        query.push_values(rows, |mut values, Opaque { id, name, email, diagnosis }| {
                            values.push_bind(id).push_bind(name).push_bind(email).push_bind(diagnosis);
                        });
                        query.build().execute(&mut *transaction).await?;
                    }
                    transaction.commit().await
                })
            };
            let batches_sealed = |conn: &mut $Connection| {
                runtime.block_on(async {
                    let mut transaction = conn.begin().await?;
                    for rows in rows.sealed.chunks(BATCH) {
                        let mut query = QueryBuilder::new("INSERT INTO patients (id, name, email, diagnosis) ");
                        query.push_rows(rows)?.build().execute(&mut *transaction).await?;
                    }
                    transaction.commit().await
                })
            };
            let title = concat!("sqlx, ", $place, ", insert in batches");
            rows.compare(title, versus!(plain, sealed, clear, batches, batches_sealed));

            let load =
                |conn: &mut $Connection| runtime.block_on(sqlx::query_as::<_, Opaque>(SELECT).fetch_all(conn));
            let load_sealed =
                |conn: &mut $Connection| runtime.block_on(sqlx::query_as::<_, Patient>(SELECT).fetch_all(conn));
            assert!(load_sealed(sealed)? == rows.sealed, "sqlx reads what it wrote");
            rows.compare(concat!("sqlx, ", $place, ", load"), versus!(plain, sealed, ready, load, load_sealed));
            Ok(())
        }
    };
}

on!(
    on_sqlite,
    sqlx::SqliteConnection,
    "sqlite://",
    CREATE_SQLITE,
    "INSERT INTO patients (id, name, email, diagnosis) VALUES (?, ?, ?, ?)",
    "SQLite"
);
on!(
    on_postgres,
    sqlx::PgConnection,
    "",
    CREATE_POSTGRES,
    "INSERT INTO patients (id, name, email, diagnosis) VALUES ($1, $2, $3, $4)",
    "PostgreSQL"
);
on!(
    on_mysql,
    sqlx::MySqlConnection,
    "",
    CREATE_MYSQL,
    "INSERT INTO patients (id, name, email, diagnosis) VALUES (?, ?, ?, ?)",
    "MariaDB"
);
