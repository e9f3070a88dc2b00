//! Two clinics in one table: each has keys of its own, in the same database file, and one is
//! forgotten for good.
//!
//! `cargo run --example tenants`. One model serves diesel and rusqlite.

use diesel::prelude::*;
use fieldseal::keys::KeyState;
use fieldseal::{Encrypt, Error, Keyring, Scope, kms, store};

diesel::table! {
    patients (id) {
        id -> BigInt,
        clinic_id -> BigInt,
        name -> Binary,
        diagnosis -> Nullable<Binary>,
    }
}

const PATIENTS: &str = "CREATE TABLE patients (
    id INTEGER PRIMARY KEY, clinic_id INTEGER NOT NULL, name BLOB NOT NULL, diagnosis BLOB)";

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = clinic_id, rusqlite)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    clinic_id: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
}

const NORTH: i64 = 1;
const SOUTH: i64 = 2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("clinics.db");
    let keys = store::Rusqlite::open(&database)?;
    keys.create_table()?;
    let keyring = Keyring::start(kms::Local::create(folder.path().join("kek.json"))?, keys)?;
    fieldseal::install(keyring.clone())?;

    // Whoever signs a new clinic up does this once; a clinic without a key can't store anything.
    for clinic in [NORTH, SOUTH] {
        keyring.admin().ensure_scope(&Scope::tenant(clinic)?)?;
    }

    // One library writes ...
    let mut diesel = SqliteConnection::establish(database.to_str().ok_or("a path in UTF-8")?)?;
    diesel::sql_query(PATIENTS).execute(&mut diesel)?;
    let patient = |id, clinic_id, name: &str| Patient { id, clinic_id, name: name.into(), diagnosis: None };
    let rows = [patient(1, NORTH, "Ada"), patient(2, NORTH, "Grace"), patient(3, SOUTH, "Edsger")];
    diesel::insert_into(patients::table).values(&rows).execute(&mut diesel)?;

    // ... and another reads.
    let rusqlite = rusqlite::Connection::open(&database)?;
    let load = |id: i64| {
        let sql = "SELECT id, clinic_id, name, diagnosis FROM patients WHERE id = ?1";
        rusqlite.query_row(sql, [id], |row| Patient::try_from(row))
    };
    for id in [1, 3] {
        println!("{}: {:?}", load(id)?.name, load(id)?);
    }

    // A value that is carried into another clinic's row is refused: it's under another key, and
    // bound to its clinic.
    rusqlite.execute("UPDATE patients SET name = (SELECT name FROM patients WHERE id = 1) WHERE id = 3", [])?;
    println!("carried over: {}", refusal(load(3))?);

    // The northern clinic leaves, and its keys are destroyed. What is left is backups that hold the
    // key store's table, until they expire.
    let north = Scope::tenant(NORTH)?;
    keyring.admin().rotate(&north)?;
    for key in keyring.keys().into_iter().filter(|key| key.scope == north && key.state == KeyState::Active) {
        keyring.admin().retire(key.id)?;
        keyring.admin().destroy(key.id)?;
    }
    println!("forgotten: {}", refusal(load(1))?);
    Ok(())
}

fn refusal(loaded: rusqlite::Result<Patient>) -> Result<String, Box<dyn std::error::Error>> {
    match loaded {
        Ok(_) => Err("it opened".into()),
        Err(error) => Ok(Error::find_in(&error).ok_or("not fieldseal's error")?.to_string()),
    }
}
