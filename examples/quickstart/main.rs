//! fieldseal from end to end: 1,200 people, sealed in an SQLite file, and what an attacker can do
//! with that file.
//!
//! `cargo run --example quickstart [FOLDER]`. Nothing is needed but Rust and a C compiler.

mod counting;
mod folder;
mod model;
mod search;
mod show;

use counting::Counting;
use diesel::prelude::*;
use fieldseal::{ErrorKind, Keyring, SchemaLock, Scope, kms, store};
use model::{Customer, customers};
use show::{Step, grouped};
use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let done = folder::from_args().and_then(|folder| match folder {
        Some(folder) => run(&folder),
        None => {
            println!("{}", folder::USAGE);
            Ok(())
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Result<()> {
    let started = Instant::now();
    let database = folder.join(folder::DATABASE);
    let people = model::read_csv()?;
    println!("Working in {}\n", folder.display());

    let kms = Arc::new(Counting::new(kms::Local::create(folder.join(folder::KEK))?));
    let keyring = open_keyring(Arc::clone(&kms), &database)?;
    write_schema_lock(folder)?;
    let conn = &mut model::connect(&database)?;
    let sqlite = rusqlite::Connection::open(&database)?;

    write(conn, &people)?;
    read_back(conn, &sqlite, &people)?;
    show::side_by_side(&sqlite, &people)?;
    look_for_plaintext(&sqlite, folder, &people)?;
    let newcomers = rotate(conn, &sqlite, &keyring, &people)?;
    move_a_ciphertext(conn, &sqlite, &people)?;

    let rows = grouped(people.len() + newcomers);
    let build = if cfg!(debug_assertions) { " in a debug build" } else { "" };
    println!("{rows} rows, {} ms{build}, {} calls to the KMS.", started.elapsed().as_millis(), kms.calls());
    Ok(())
}

/// The KEK is in a file here; in production it's in a KMS. The data keys, wrapped by it, are in the
/// program's own database.
fn open_keyring(kms: Arc<Counting>, database: &Path) -> Result<Keyring> {
    let step = Step::begin("Opening a keyring");
    let store = store::Rusqlite::open(database)?;
    store.create_table()?;
    let keyring = Keyring::start(kms, store)?;
    let key = keyring.admin().ensure_scope(&Scope::APPLICATION)?;
    // From here on every model in the program finds its keys.
    fieldseal::install(keyring.clone())?;
    step.done(&format!("data key {key} made, and wrapped by the KEK"));
    Ok(keyring)
}

/// What each sealed column is, for tools that don't have the model: `fieldseal` the command, a
/// reader in another language. A program commits this file, and a test compares it with the models
/// (`docs/schema-lock.md`).
fn write_schema_lock(folder: &Path) -> Result<()> {
    let step = Step::begin("Writing the schema lock");
    SchemaLock::new().model::<Customer>().write(folder.join(folder::LOCK))?;
    step.done("what a reader needs beside the keys");
    Ok(())
}

fn write(conn: &mut SqliteConnection, people: &[Customer]) -> Result<()> {
    let step = Step::begin("Writing through diesel");
    let rows = insert(conn, people)?;
    ensure(rows == people.len(), "not every row was written")?;
    step.done(&format!("{} rows in one transaction", grouped(rows)));
    Ok(())
}

/// Ordinary diesel.
fn insert(conn: &mut SqliteConnection, people: &[Customer]) -> QueryResult<usize> {
    conn.transaction(|conn| diesel::insert_into(customers::table).values(people).execute(conn))
}

/// Ordinary diesel.
fn load(conn: &mut SqliteConnection) -> QueryResult<Vec<Customer>> {
    customers::table.order(customers::id).select(Customer::as_select()).load(conn)
}

/// Ordinary rusqlite.
fn load_with_rusqlite(sqlite: &rusqlite::Connection) -> rusqlite::Result<Vec<Customer>> {
    let mut statement = sqlite.prepare("SELECT * FROM customers ORDER BY id")?;
    statement.query_map([], |row| Customer::try_from(row))?.collect()
}

fn read_back(conn: &mut SqliteConnection, sqlite: &rusqlite::Connection, people: &[Customer]) -> Result<()> {
    let step = Step::begin("Reading through diesel");
    ensure(load(conn)? == people, "diesel read something else than was written")?;
    step.done("equal to the CSV");
    let step = Step::begin("Reading through rusqlite");
    ensure(load_with_rusqlite(sqlite)? == people, "rusqlite read something else than was written")?;
    step.done("equal to the CSV");
    Ok(())
}

fn look_for_plaintext(sqlite: &rusqlite::Connection, folder: &Path, people: &[Customer]) -> Result<()> {
    let step = Step::begin("Searching the file's bytes");
    ensure(model::checkpoint(sqlite)?, "the database could not be checkpointed")?;
    let bytes = folder::database_bytes(folder)?;
    let sealed = people.iter().flat_map(Customer::sealed_texts).filter(|text| search::is_searchable(text));
    // The ids aren't sealed. If the search didn't find them, it would prove nothing.
    let ids: HashSet<_> = people.iter().map(|person| person.id.as_str()).collect();
    let found = search::found(&bytes, sealed.clone().chain(ids.iter().copied()));
    ensure(found.is_superset(&ids), "the search doesn't find what is not sealed")?;
    ensure(found.len() == ids.len(), &format!("{} sealed texts are readable", found.len() - ids.len()))?;
    let (sealed, kib) = (grouped(sealed.count()), grouped(bytes.len() / 1024));
    step.done(&format!("none of {sealed} names, e-mails, phones and notes in {kib} KiB"));
    Ok(())
}

/// A new data key for what is written from now on. Old rows stay as they are, and open.
fn rotate(
    conn: &mut SqliteConnection,
    sqlite: &rusqlite::Connection,
    keyring: &Keyring,
    people: &[Customer],
) -> Result<usize> {
    let step = Step::begin("Rotating the data key");
    let new = keyring.admin().rotate(&Scope::APPLICATION)?;
    let newcomers = Customer::newcomers();
    insert(conn, &newcomers)?;

    let mut expected = [people, &newcomers].concat();
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    ensure(load(conn)? == expected, "old and new rows don't all open")?;
    step.done("old and new rows open");
    let rows = model::rows_by_key(sqlite)?;
    ensure(rows.get(&new) == Some(&newcomers.len()), "the new rows aren't under the new key")?;
    for key in keyring.keys() {
        println!("    key {} ({}): {} rows", key.id, key.state, grouped(rows.get(&key.id).copied().unwrap_or(0)));
    }
    Ok(newcomers.len())
}

/// Somebody who can write to the database gives one person another one's name.
fn move_a_ciphertext(
    conn: &mut SqliteConnection,
    sqlite: &rusqlite::Connection,
    people: &[Customer],
) -> Result<()> {
    let step = Step::begin("Moving a ciphertext by SQL");
    let [from, to, ..] = people else { return Err("two people are needed".into()) };
    let own = model::stored_name(sqlite, &to.id)?;
    model::store_name(sqlite, &to.id, &model::stored_name(sqlite, &from.id)?)?;

    let refused = load(conn).err().ok_or("a ciphertext from another row was accepted")?;
    let refused = fieldseal::Error::find_in(&refused).ok_or("diesel failed for another reason")?;
    ensure(*refused.kind() == ErrorKind::Rejected, "it was refused for another reason")?;
    step.done("refused");
    println!("    {refused}");

    model::store_name(sqlite, &to.id, &own)?;
    load(conn)?;
    println!("    put back, it opens again\n");
    Ok(())
}

fn ensure(holds: bool, otherwise: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
