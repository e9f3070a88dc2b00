//! Rows with three sealed fields written and read, beside rows with opaque blobs of the same
//! lengths in a table of the same shape: what sealing costs a program, with each library on each
//! database.
//!
//! `bash tests/with_databases cargo bench --manifest-path tests-crates/databases/Cargo.toml --bench
//! rows`, with `--markdown` or `--quick` after a `--`. The figures are for one row of 10,000:
//! inserted one statement a row or 500 rows a statement, in one transaction, or loaded by one
//! query. The two take turns.

mod diesel_async_rows;
mod diesel_rows;
mod rusqlite_rows;
mod sqlx_rows;

use fieldseal::{Encrypt, Keyring, Scope, kms, store};
use fieldseal_databases::Database;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use testkit::measure::{Contestant, Options, Rounds, compare};

/// How many rows a statement of a batch inserts.
const BATCH: usize = 500;

const CREATE_SQLITE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE patients (id INTEGER PRIMARY KEY, name BLOB NOT NULL, email BLOB NOT NULL, diagnosis BLOB NOT NULL)";
const CREATE_POSTGRES: &str = "CREATE TABLE patients (id BIGINT PRIMARY KEY, name BYTEA NOT NULL, email BYTEA NOT NULL, diagnosis BYTEA NOT NULL)";
const CREATE_MYSQL: &str =
    "CREATE TABLE patients (id BIGINT PRIMARY KEY, name VARBINARY(255) NOT NULL, email VARBINARY(255) NOT NULL,
    diagnosis VARBINARY(255) NOT NULL)";
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
#[encrypt(table = "patients", row = id, rusqlite, sqlx, size = 255)]
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

#[derive(Clone, diesel::Insertable, diesel::Queryable, diesel::Selectable, sqlx::FromRow)]
#[diesel(table_name = patients)]
struct Opaque {
    id: i64,
    name: Vec<u8>,
    email: Vec<u8>,
    diagnosis: Vec<u8>,
}

/// What is inserted.
struct Rows {
    sealed: Vec<Patient>,
    opaque: Vec<Opaque>,
    rounds: Rounds,
    options: Options,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args();
    let (rows, rounds) = if options.quick { (600, 2) } else { (10_000, 30) };
    let dir = tempfile::tempdir()?;
    let keyring = Keyring::start(kms::Local::create(dir.path().join("kek.json"))?, store::Memory::new())?;
    keyring.admin().ensure_scope(&Scope::APPLICATION)?;
    fieldseal::install(keyring)?;

    let sealed: Vec<_> = (1..=rows).map(patient).collect();
    let opaque = sealed.iter().map(opaque).collect();
    let rows = Rows { sealed, opaque, rounds: Rounds::OfOperations(rounds, rows.try_into()?), options };

    let (sqlite, postgres, mysql) = (Database::sqlite, Database::postgres, Database::mysql);
    diesel_rows::on_sqlite([sqlite(), sqlite()], &rows)?;
    rusqlite_rows::on_sqlite([sqlite(), sqlite()], &rows)?;
    sqlx_rows::on_sqlite([sqlite(), sqlite()], &rows)?;
    diesel_rows::on_postgres([postgres(), postgres()], &rows)?;
    diesel_async_rows::on_postgres([postgres(), postgres()], &rows)?;
    sqlx_rows::on_postgres([postgres(), postgres()], &rows)?;
    diesel_rows::on_mysql([mysql(), mysql()], &rows)?;
    diesel_async_rows::on_mysql([mysql(), mysql()], &rows)?;
    sqlx_rows::on_mysql([mysql(), mysql()], &rows)
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

impl Rows {
    fn compare(&self, title: &str, contestants: [Contestant<'_>; 2]) {
        compare(title, Vec::from(contestants), self.rounds, self.options);
    }
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

/// The two contestants of one comparison.
macro_rules! versus {
    ($plain:expr, $sealed:expr, $prepare:expr, $run_plain:expr, $run_sealed:expr) => {
        [
            $crate::contestant("opaque blobs", $plain, $prepare, $run_plain),
            $crate::contestant("sealed fields", $sealed, $prepare, $run_sealed),
        ]
    };
}
use versus;
