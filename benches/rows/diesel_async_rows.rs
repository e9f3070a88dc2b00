//! diesel-async on the servers.

use super::*;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio::runtime::Builder;

macro_rules! on {
    ($function:ident, $Connection:ty, $create:expr, $place:literal) => {
        pub(crate) fn $function(databases: [Database; 2], rows: &Rows) -> Result<(), Box<dyn Error>> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let connect = |database: &Database| -> Result<$Connection, Box<dyn Error>> {
                runtime.block_on(async {
                    let mut conn = <$Connection>::establish(&database.url).await?;
                    conn.batch_execute($create).await?;
                    Ok(conn)
                })
            };
            let [plain, sealed] = &mut [connect(&databases[0])?, connect(&databases[1])?];
            let clear = |conn: &mut $Connection| runtime.block_on(conn.batch_execute(DELETE));
            let ready = |_: &mut $Connection| Ok(());

            let each = |conn: &mut $Connection| {
                runtime.block_on(conn.transaction::<_, DieselError, _>(async |conn| {
                    for row in &rows.opaque {
                        diesel::insert_into(patients::table).values(row).execute(conn).await?;
                    }
                    Ok(())
                }))
            };
            let each_sealed = |conn: &mut $Connection| {
                runtime.block_on(conn.transaction::<_, DieselError, _>(async |conn| {
                    for row in &rows.sealed {
                        diesel::insert_into(patients::table).values(row).execute(conn).await?;
                    }
                    Ok(())
                }))
            };
            let title = concat!("diesel-async, ", $place, ", insert one by one");
            rows.compare(title, versus!(plain, sealed, clear, each, each_sealed));

            let batches = |conn: &mut $Connection| {
                runtime.block_on(conn.transaction::<_, DieselError, _>(async |conn| {
                    for rows in rows.opaque.chunks(BATCH) {
                        diesel::insert_into(patients::table).values(rows).execute(conn).await?;
                    }
                    Ok(())
                }))
            };
            let batches_sealed = |conn: &mut $Connection| {
                runtime.block_on(conn.transaction::<_, DieselError, _>(async |conn| {
                    for rows in rows.sealed.chunks(BATCH) {
                        diesel::insert_into(patients::table).values(rows).execute(conn).await?;
                    }
                    Ok(())
                }))
            };
            let title = concat!("diesel-async, ", $place, ", insert in batches");
            rows.compare(title, versus!(plain, sealed, clear, batches, batches_sealed));

            let load =
                |conn: &mut $Connection| runtime.block_on(patients::table.select(Opaque::as_select()).load(conn));
            let load_sealed =
                |conn: &mut $Connection| runtime.block_on(patients::table.select(Patient::as_select()).load(conn));
            assert!(load_sealed(sealed)? == rows.sealed, "diesel-async reads what it wrote");
            let title = concat!("diesel-async, ", $place, ", load");
            rows.compare(title, versus!(plain, sealed, ready, load, load_sealed));
            Ok(())
        }
    };
}

on!(on_postgres, AsyncPgConnection, CREATE_POSTGRES, "PostgreSQL");
on!(on_mysql, AsyncMysqlConnection, CREATE_MYSQL, "MariaDB");
