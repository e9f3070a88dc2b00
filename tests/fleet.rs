//! Several processes over one database: rotations under load, and processes that are killed while
//! they change keys.
//!
//! A binary of its own: its processes measure themselves against the clock, and shouldn't share the
//! machine with other tests.

use fieldseal::envelope::Envelope;
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::kms::Local;
use fieldseal::store::Rusqlite;
use fieldseal::{Column, Keyring, KeyringBuilder, KeyringError, RowContext, RowId, Scope};
use std::io::{BufRead as _, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::rerun;

const NAME: Column = Column::new("people", "name");
const REFRESH: Duration = Duration::from_millis(200);

fn connect(folder: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(folder.join("app.db")).unwrap();
    connection.busy_timeout(Duration::from_secs(30)).unwrap();
    connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
    connection
}

fn process(folder: &Path) -> KeyringBuilder {
    let kms = Local::open(folder.join("kek.json")).unwrap();
    Keyring::builder(kms, Rusqlite::from_connection(connect(folder)))
        .refresh_every(REFRESH)
        .propagation(REFRESH * 5)
        .lease(Duration::from_secs(6))
}

/// A database with a KEK beside it and the application's first key in it.
fn prepare(folder: &Path) -> Keyring {
    Local::create(folder.join("kek.json")).unwrap();
    let database = connect(folder);
    database
        .execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE people (id INTEGER PRIMARY KEY, name BLOB NOT NULL)",
        )
        .unwrap();
    Rusqlite::from_connection(database).create_table().unwrap();
    let admin = process(folder).start().unwrap();
    admin.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    admin
}

fn place(id: i64) -> RowContext {
    RowContext::of_row(RowId::of(&id))
}

fn write(keyring: &Keyring, database: &rusqlite::Connection, id: i64) -> Result<(), String> {
    let sealed = keyring.seal_bytes(&NAME, &place(id), &id.to_be_bytes()).map_err(|error| error.to_string())?;
    database
        .execute("INSERT INTO people (id, name) VALUES (?1, ?2)", (id, sealed))
        .map_err(|error| error.to_string())?;
    Ok(())
}

fn read(keyring: &Keyring, id: i64, name: &[u8]) -> Result<(), String> {
    let opened = keyring.open_bytes(&NAME, &place(id), name).map_err(|error| error.to_string())?;
    assert_eq!(**opened.unwrap(), id.to_be_bytes());
    Ok(())
}

/// Every row of the database opens.
fn check_all(keyring: &Keyring, database: &rusqlite::Connection) -> usize {
    let mut select = database.prepare("SELECT id, name FROM people").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
    rows.map(Result::unwrap).map(|(id, name)| read(keyring, id, &name).unwrap()).count()
}

/// Writes and reads until its standard input ends; says what it did, and what failed.
fn work(number: i64, folder: &Path) {
    let builder = process(folder);
    // Some never wait: what they need must be there.
    let keyring = if number % 2 == 0 { builder.never_wait() } else { builder }.start().unwrap();
    let (database, is_over) = (connect(folder), AtomicBool::new(false));
    println!("ready");
    std::thread::scope(|threads| {
        threads.spawn(|| {
            std::io::stdin().lock().read_to_end(&mut Vec::new()).unwrap();
            is_over.store(true, Ordering::SeqCst);
        });
        let (mut written, mut opened, mut failures) = (0_i64, 0, Vec::new());
        while !is_over.load(Ordering::SeqCst) {
            match write(&keyring, &database, number * 1_000_000 + written) {
                Ok(()) => written += 1,
                Err(error) => failures.push(error),
            }
            // The newest rows are those that others wrote a moment ago.
            let mut select =
                database.prepare_cached("SELECT id, name FROM people ORDER BY rowid DESC LIMIT 3").unwrap();
            let newest = "SELECT id, name FROM people WHERE id % 1000000 >= ?1 LIMIT 20";
            let mut others = database.prepare_cached(newest).unwrap();
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?));
            let mut rows: Vec<(i64, Vec<u8>)> = select.query_map([], row).unwrap().map(Result::unwrap).collect();
            rows.extend(others.query_map([(written - 3).max(0)], row).unwrap().map(Result::unwrap));
            for (id, name) in rows {
                match read(&keyring, id, &name) {
                    Ok(()) => opened += 1,
                    Err(error) => failures.push(error),
                }
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        failures.truncate(3);
        println!("did {written} {opened} {} {failures:?}", keyring.primary(&Scope::APPLICATION).unwrap());
    });
}

#[test]
fn three_rotations_under_load_fail_nobody() {
    if let Some(role) = rerun::role() {
        let (number, folder) = role.split_once(' ').unwrap();
        return work(number.parse().unwrap(), Path::new(folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let admin = prepare(folder.path());
    let test = "three_rotations_under_load_fail_nobody";
    let mut workers: Vec<_> =
        (1..=4).map(|number| rerun::start(test, &format!("{number} {}", folder.path().display()))).collect();
    for worker in &mut workers {
        rerun::wait_for(worker.stdout.as_mut().unwrap(), "ready\n");
    }
    let mut newest = admin.primary(&Scope::APPLICATION).unwrap();
    for _ in 0..3 {
        newest = admin.admin().stage(&Scope::APPLICATION).unwrap();
        while let Err(KeyringError::TooEarly { wait, .. }) = admin.admin().promote(newest) {
            std::thread::sleep(wait);
        }
        std::thread::sleep(REFRESH * 5);
    }
    for mut worker in workers {
        drop(worker.stdin.take());
        let [did] = &rerun::finish(worker, "did ")[..] else { panic!("it says what it did") };
        let [written, opened, primary, failures] = did.splitn(4, ' ').collect::<Vec<_>>()[..] else {
            panic!("{did}")
        };
        assert_eq!(failures, "[]");
        assert!(written.parse::<u32>().unwrap() > 10 && opened.parse::<u32>().unwrap() > 30, "{did}");
        assert_eq!(primary, newest.to_string(), "it sees the last rotation");
    }
    let database = connect(folder.path());
    assert!(check_all(&process(folder.path()).start().unwrap(), &database) > 40);
    let under_newest: Vec<Vec<u8>> = database
        .prepare("SELECT name FROM people")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let keys: std::collections::BTreeSet<KeyId> =
        under_newest.iter().map(|name| Envelope::parse(name).unwrap().key_id).collect();
    assert_eq!(keys.len(), 4, "values under each of the four keys");
}

/// Creates scopes and rotates them as fast as it can, until it's killed.
fn churn(folder: &Path, round: i64) {
    let (keyring, database) = (process(folder).start().unwrap(), connect(folder));
    println!("ready");
    for step in 0.. {
        let scope = Scope::tenant(step % 5).unwrap();
        keyring.admin().ensure_scope(&scope).unwrap();
        keyring.admin().rotate(&scope).unwrap();
        let staged = keyring.admin().stage(&Scope::APPLICATION).unwrap();
        keyring.admin().promote_at_once(staged).unwrap();
        write(&keyring, &database, round * 1_000_000 + step).unwrap();
        println!("step {step}");
    }
}

#[test]
fn a_process_that_is_killed_leaves_one_primary_and_every_value() {
    if let Some(role) = rerun::role() {
        let (round, folder) = role.split_once(' ').unwrap();
        return churn(Path::new(folder), round.parse().unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    drop(prepare(folder.path()));
    let test = "a_process_that_is_killed_leaves_one_primary_and_every_value";
    let rounds: i64 = std::env::var("FIELDSEAL_KILLS").map_or(25, |kills| kills.parse().unwrap());
    let mut steps = 0;
    for round in 0..rounds {
        let mut child = rerun::start(test, &format!("{round} {}", folder.path().display()));
        rerun::wait_for(child.stdout.as_mut().unwrap(), "ready\n");
        // Somewhere else in what it does each time.
        let until = Instant::now() + Duration::from_micros(u64::try_from(round).unwrap() * 1_733 % 40_000);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        steps += std::io::BufReader::new(child.stdout.take().unwrap())
            .lines()
            .filter(|line| line.as_ref().is_ok_and(|line| line.starts_with("step")))
            .count();
        child.wait().unwrap();
        let keyring = process(folder.path()).start().unwrap();
        let primaries = keyring.keys().into_iter().filter(|key| key.state == KeyState::Primary);
        let scopes: Vec<_> = primaries.map(|key| key.scope).collect();
        assert_eq!(scopes.iter().collect::<std::collections::BTreeSet<_>>().len(), scopes.len(), "{scopes:?}");
        assert!(scopes.contains(&Scope::APPLICATION));
        assert!(check_all(&keyring, &connect(folder.path())) >= steps);
    }
    assert!(steps > 0, "it was killed before it did anything");
}
