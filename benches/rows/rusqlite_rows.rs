//! rusqlite.

use super::*;
use rusqlite::{Connection, Row, params};

const INSERT: &str = "INSERT INTO patients (id, name, email, diagnosis) VALUES (:id, :name, :email, :diagnosis)";

pub(crate) fn on_sqlite(databases: [Database; 2], rows: &Rows) -> Result<(), Box<dyn Error>> {
    let connect = |database: &Database| -> Result<Connection, rusqlite::Error> {
        let conn = Connection::open(&database.url)?;
        conn.execute_batch(CREATE_SQLITE)?;
        Ok(conn)
    };
    let [plain, sealed] = &mut [connect(&databases[0])?, connect(&databases[1])?];
    let clear = |conn: &mut Connection| conn.execute_batch(DELETE);
    let insert = |conn: &mut Connection| {
        let transaction = conn.transaction()?;
        for Opaque { id, name, email, diagnosis } in &rows.opaque {
            transaction.prepare_cached(INSERT)?.execute(params![id, name, email, diagnosis])?;
        }
        transaction.commit()
    };
    let insert_sealed = |conn: &mut Connection| {
        let transaction = conn.transaction()?;
        for patient in &rows.sealed {
            transaction.prepare_cached(INSERT)?.execute(patient.params().bind().as_slice())?;
        }
        transaction.commit()
    };
    rows.compare("rusqlite, SQLite, insert one by one", versus!(plain, sealed, clear, insert, insert_sealed));

    let load = |conn: &mut Connection| {
        let mut statement = conn.prepare_cached(SELECT)?;
        let read = |row: &Row<'_>| {
            Ok(Opaque { id: row.get(0)?, name: row.get(1)?, email: row.get(2)?, diagnosis: row.get(3)? })
        };
        statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()
    };
    let load_sealed = |conn: &mut Connection| {
        let mut statement = conn.prepare_cached(SELECT)?;
        statement.query_map([], |row| Patient::try_from(row))?.collect::<rusqlite::Result<Vec<_>>>()
    };
    assert!(load_sealed(sealed)? == rows.sealed, "rusqlite reads what it wrote");
    rows.compare("rusqlite, SQLite, load", versus!(plain, sealed, |_| Ok(()), load, load_sealed));
    Ok(())
}
