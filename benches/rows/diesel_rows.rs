//! diesel on all three.

use super::*;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

macro_rules! on {
    ($function:ident, $Connection:ty, $create:expr, $place:literal) => {
        pub(crate) fn $function(databases: [Database; 2], rows: &Rows) -> Result<(), Box<dyn Error>> {
            let connect = |database: &Database| -> Result<$Connection, Box<dyn Error>> {
                let mut conn = <$Connection>::establish(&database.url)?;
                conn.batch_execute($create)?;
                Ok(conn)
            };
            let [plain, sealed] = &mut [connect(&databases[0])?, connect(&databases[1])?];
            let clear = |conn: &mut $Connection| conn.batch_execute(DELETE);
            let ready = |_: &mut $Connection| Ok(());

            let each = |conn: &mut $Connection| {
                conn.transaction(|conn| {
                    let mut all = rows.opaque.iter();
                    all.try_for_each(|row| diesel::insert_into(patients::table).values(row).execute(conn).map(drop))
                })
            };
            let each_sealed = |conn: &mut $Connection| {
                conn.transaction(|conn| {
                    let mut all = rows.sealed.iter();
                    all.try_for_each(|row| diesel::insert_into(patients::table).values(row).execute(conn).map(drop))
                })
            };
            let title = concat!("diesel, ", $place, ", insert one by one");
            rows.compare(title, versus!(plain, sealed, clear, each, each_sealed));

            let batches = |conn: &mut $Connection| {
                conn.transaction(|conn| {
                    let mut all = rows.opaque.chunks(BATCH);
                    all.try_for_each(|rows| {
                        diesel::insert_into(patients::table).values(rows).execute(conn).map(drop)
                    })
                })
            };
            let batches_sealed = |conn: &mut $Connection| {
                conn.transaction(|conn| {
                    let mut all = rows.sealed.chunks(BATCH);
                    all.try_for_each(|rows| {
                        diesel::insert_into(patients::table).values(rows).execute(conn).map(drop)
                    })
                })
            };
            let title = concat!("diesel, ", $place, ", insert in batches");
            rows.compare(title, versus!(plain, sealed, clear, batches, batches_sealed));

            let load = |conn: &mut $Connection| patients::table.select(Opaque::as_select()).load(conn);
            let load_sealed = |conn: &mut $Connection| patients::table.select(Patient::as_select()).load(conn);
            assert!(load_sealed(sealed)? == rows.sealed, "diesel reads what it wrote");
            rows.compare(concat!("diesel, ", $place, ", load"), versus!(plain, sealed, ready, load, load_sealed));
            Ok(())
        }
    };
}

on!(on_sqlite, SqliteConnection, CREATE_SQLITE, "SQLite");
on!(on_postgres, PgConnection, CREATE_POSTGRES, "PostgreSQL");
on!(on_mysql, MysqlConnection, CREATE_MYSQL, "MariaDB");
