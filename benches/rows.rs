//! Rows with three sealed fields written and read, beside rows with opaque blobs of the same lengths in the same table:
//! what sealing costs a program whose database is SQLite.
//!
//! `cargo bench --bench rows`, with `--markdown` or `--quick` after a `--`. The figures are for one row of 10,000 in one
//! transaction, or one load.

mod measure;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fieldseal::{Encrypt, Keyring, Scope, kms, store};
use measure::{Contestant, Options, Rounds, compare};
use rusqlite::{Row, params};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const SETUP: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE patients (id INTEGER PRIMARY KEY, name BLOB NOT NULL, email BLOB NOT NULL, diagnosis BLOB NOT NULL)";
const INSERT: &str = "INSERT INTO patients (id, name, email, diagnosis) VALUES (:id, :name, :email, :diagnosis)";
const SELECT: &str = "SELECT id, name, email, diagnosis FROM patients";
const DELETE: &str = "DELETE FROM patients";

diesel::table! {
    patients (id) {
        id -> BigInt,
        name -> Binary,
        email -> Binary,
        diagnosis -> Binary,
    }
}

#[derive(PartialEq, Encrypt)]
#[encrypt(table = "patients", row = id, rusqlite)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    #[encrypt]
    name: String,
    #[encrypt]
    email: String,
    #[encrypt]
    diagnosis: String,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = patients)]
struct Opaque {
    id: i64,
    name: Vec<u8>,
    email: Vec<u8>,
    diagnosis: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args();
    let (rows, rounds) = if options.quick { (500, 3) } else { (10_000, 60) };
    let dir = tempfile::tempdir()?;
    let keyring = Keyring::open(kms::Local::create(dir.path().join("kek.json"), None)?, store::Memory::new())?;
    keyring.ensure_scope(&Scope::APPLICATION)?;
    fieldseal::install(keyring).map_err(|_| "a keyring is installed already")?;

    let patients: Vec<_> = (1..=rows).map(patient).collect();
    let opaque: Vec<_> = patients.iter().map(opaque).collect();
    let rounds = Rounds::OfOperations(rounds, rows.try_into()?);
    for dir in [Some(dir.path()), None] {
        diesel_rows(dir, &patients, &opaque, rounds, options)?;
        rusqlite_rows(dir, &patients, &opaque, rounds, options)?;
    }
    Ok(())
}

/// Texts of 20 bytes.
fn patient(id: i64) -> Patient {
    let text = |what: &str| format!("{what} {id:>0$}", 19 - what.len());
    Patient { id, name: text("name"), email: text("email"), diagnosis: text("diagnosis") }
}

/// Random bytes as long as the patient's sealed fields.
fn opaque(patient: &Patient) -> Opaque {
    let mut seed = patient.id.unsigned_abs();
    let mut blob =
        |text: &str| (0..text.len() + fieldseal::Suite::default().overhead()).map(|_| random(&mut seed)).collect();
    Opaque {
        id: patient.id,
        name: blob(&patient.name),
        email: blob(&patient.email),
        diagnosis: blob(&patient.diagnosis),
    }
}

fn random(seed: &mut u64) -> u8 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    seed.to_be_bytes()[0]
}

fn diesel_rows(
    dir: Option<&Path>,
    patients: &[Patient],
    opaque: &[Opaque],
    rounds: Rounds,
    options: Options,
) -> Result<(), Box<dyn Error>> {
    let connect = |name: &str| -> Result<SqliteConnection, Box<dyn Error>> {
        let mut conn = SqliteConnection::establish(&database(dir, name))?;
        conn.batch_execute(SETUP)?;
        Ok(conn)
    };
    let [plain, sealed] = &mut [connect("diesel-plain.db")?, connect("diesel-sealed.db")?];
    let clear = |conn: &mut SqliteConnection| conn.batch_execute(DELETE);
    let insert_opaque = |conn: &mut SqliteConnection| {
        conn.transaction(|conn| {
            opaque
                .iter()
                .try_for_each(|row| diesel::insert_into(patients::table).values(row).execute(conn).map(drop))
        })
    };
    let insert_sealed = |conn: &mut SqliteConnection| {
        conn.transaction(|conn| {
            patients
                .iter()
                .try_for_each(|row| diesel::insert_into(patients::table).values(row).execute(conn).map(drop))
        })
    };
    let inserts = vec![
        contestant("opaque blobs", plain, clear, insert_opaque),
        contestant("sealed fields", sealed, clear, insert_sealed),
    ];
    compare(&format!("diesel, insert {}", place(dir)), inserts, rounds, options);

    let load_opaque = |conn: &mut SqliteConnection| patients::table.select(Opaque::as_select()).load(conn);
    let load_sealed = |conn: &mut SqliteConnection| patients::table.select(Patient::as_select()).load(conn);
    assert!(load_sealed(sealed)? == patients, "diesel reads what it wrote");
    let loads = vec![
        contestant("opaque blobs", plain, |_| Ok(()), load_opaque),
        contestant("sealed fields", sealed, |_| Ok(()), load_sealed),
    ];
    compare(&format!("diesel, load {}", place(dir)), loads, rounds, options);
    Ok(())
}

fn rusqlite_rows(
    dir: Option<&Path>,
    patients: &[Patient],
    opaque: &[Opaque],
    rounds: Rounds,
    options: Options,
) -> Result<(), Box<dyn Error>> {
    let connect = |name: &str| -> Result<rusqlite::Connection, rusqlite::Error> {
        let conn = rusqlite::Connection::open(database(dir, name))?;
        conn.execute_batch(SETUP)?;
        Ok(conn)
    };
    let [plain, sealed] = &mut [connect("rusqlite-plain.db")?, connect("rusqlite-sealed.db")?];
    let clear = |conn: &mut rusqlite::Connection| conn.execute_batch(DELETE);
    let insert_opaque = |conn: &mut rusqlite::Connection| {
        let transaction = conn.transaction()?;
        for Opaque { id, name, email, diagnosis } in opaque {
            transaction.prepare_cached(INSERT)?.execute(params![id, name, email, diagnosis])?;
        }
        transaction.commit()
    };
    let insert_sealed = |conn: &mut rusqlite::Connection| {
        let transaction = conn.transaction()?;
        for patient in patients {
            transaction.prepare_cached(INSERT)?.execute(patient.params().bind().as_slice())?;
        }
        transaction.commit()
    };
    let inserts = vec![
        contestant("opaque blobs", plain, clear, insert_opaque),
        contestant("sealed fields", sealed, clear, insert_sealed),
    ];
    compare(&format!("rusqlite, insert {}", place(dir)), inserts, rounds, options);

    let load_opaque = |conn: &mut rusqlite::Connection| {
        let mut statement = conn.prepare_cached(SELECT)?;
        let read = |row: &Row<'_>| {
            Ok(Opaque { id: row.get(0)?, name: row.get(1)?, email: row.get(2)?, diagnosis: row.get(3)? })
        };
        statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()
    };
    let load_sealed = |conn: &mut rusqlite::Connection| {
        let mut statement = conn.prepare_cached(SELECT)?;
        statement.query_map([], |row| Patient::try_from(row))?.collect::<rusqlite::Result<Vec<_>>>()
    };
    assert!(load_sealed(sealed)? == patients, "rusqlite reads what it wrote");
    let loads = vec![
        contestant("opaque blobs", plain, |_| Ok(()), load_opaque),
        contestant("sealed fields", sealed, |_| Ok(()), load_sealed),
    ];
    compare(&format!("rusqlite, load {}", place(dir)), loads, rounds, options);
    Ok(())
}

/// Only `run` is timed, and dropping what it returns.
fn contestant<'a, C, T, E: Error>(
    name: &str,
    conn: &'a mut C,
    prepare: impl Fn(&mut C) -> Result<(), E> + 'a,
    run: impl Fn(&mut C) -> Result<T, E> + 'a,
) -> Contestant<'a> {
    Contestant::timing_itself(name, move |_| {
        prepare(conn).expect("an empty table");
        let start = Instant::now();
        drop(black_box(run(conn).expect("all rows")));
        start.elapsed()
    })
}

fn database(dir: Option<&Path>, name: &str) -> String {
    dir.map_or_else(|| ":memory:".to_owned(), |dir| dir.join(name).display().to_string())
}

const fn place(dir: Option<&Path>) -> &'static str {
    if dir.is_some() { "in a file" } else { "in memory" }
}
