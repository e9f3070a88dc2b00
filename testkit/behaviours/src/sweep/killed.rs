//! Sweeps that are killed, and fleets that read and write while keys and rows move.

use super::Site;
use super::world::{NAME, PEOPLE, World, place};
use fieldseal::Dialect;
use fieldseal::{Keyring, Schema, Scope, kms, store};
use fieldseal_sweep::sql::{Cell, Client, Database, Param};
use fieldseal_sweep::{Job, Sweep};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::rerun;

/// How many processes are killed; many more with FIELDSEAL_LONG.
fn kills() -> u32 {
    if std::env::var_os("FIELDSEAL_LONG").is_some() { 1000 } else { 200 }
}

fn sweep() -> Sweep {
    // Small steps have many moments between them, and short leases don't keep who comes next
    // waiting.
    Sweep::new(Job::Reencrypt, PEOPLE).batch(20).range(200).lease(Duration::from_millis(150))
}

/// What a process does that is started to be killed.
fn child(site: &Site, role: &str) {
    let mut role = role.splitn(3, '|');
    let mut next = || role.next().unwrap();
    let (job, folder, url) = (next(), next(), next());
    let sweep = match job {
        "reencrypt" => sweep(),
        job => migration(job == "encrypt", (site.open)(url).dialect()),
    };
    let keyring = keyring(Path::new(folder));
    let report = sweep.run(&keyring, &*(site.open)(url), |_| {}).unwrap();
    assert_eq!(report.failed, 0, "{report:?}");
}

/// Of a column of plaintext, in place.
fn migration(encrypt: bool, dialect: Dialect) -> Sweep {
    const BYTES: Schema = PEOPLE.with_columns(&[NAME.migrating()]);
    const BASE64: Schema = PEOPLE.with_columns(&[NAME.base64().migrating()]);
    let schema = if dialect == Dialect::Sqlite { BYTES } else { BASE64 };
    let job = if encrypt { Job::Encrypt { from: None } } else { Job::Decrypt { into: None } };
    Sweep::new(job, schema).batch(20).range(200).lease(Duration::from_millis(150))
}

/// Whether a worker that was killed just now was in the middle of a range.
fn was_inside(world: &mut World) -> bool {
    let leases = world.client.integer("SELECT count(*) FROM fieldseal_leases", &[]);
    leases.is_ok_and(|leases| leases > Some(0))
}

fn keyring(folder: &Path) -> Keyring {
    let kms = kms::Local::open(folder.join("kek.json")).unwrap();
    let store = store::File::open(folder.join("keys.json")).unwrap();
    Keyring::builder(kms, store).refresh_every(Duration::from_millis(300)).start().unwrap()
}

/// A number that nobody could have chosen.
fn random(below: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_be_bytes(bytes) % below
}

pub fn no_row_is_lost_whenever_it_is_killed(site: &Site, test: &str) {
    if let Some(role) = rerun::role() {
        return child(site, &role);
    }
    let (mut world, url) = prepared(site, 3000);
    let (folder, mut killed, mut inside, mut ended) = (world.folder().display().to_string(), 0, 0, 0);
    world.rotate();
    while killed < kills() {
        let mut child = rerun::start(test, &format!("reencrypt|{folder}|{url}"));
        std::thread::sleep(Duration::from_micros(random(250_000)));
        if end(&mut child) {
            killed += 1;
            inside += u32::from(was_inside(&mut world));
        } else {
            // It was done before.
            ended += 1;
            world.rotate();
        }
    }
    let (report, problems) = world.sweep(&sweep());
    assert!(problems.is_empty() && report.is_complete(), "{report:?} {problems:?}");
    assert_eq!(world.stale(), 0, "left behind after {killed} kills and {ended} whole sweeps");
    let opened = world.opened();
    assert_eq!(opened.len(), 3000);
    assert!(opened.iter().all(|(id, name)| *name == format!("person {id}")));
    eprintln!("{killed} killed, {inside} of them in a range, {ended} ended by themselves");
    assert!(inside >= killed / 10, "only {inside} of {killed} were killed in a range");
}

/// There and back again, in place: at each moment a value is either plaintext or sealed, and never
/// neither.
pub fn no_plaintext_is_lost_whenever_it_is_killed(site: &Site, test: &str) {
    if let Some(role) = rerun::role() {
        return child(site, &role);
    }
    let home = (site.home)();
    let url = home.url.clone();
    let mut world = World::on_files(home);
    world.people("text");
    let names = |id: i64| format!("person {id} \u{1F511}");
    for id in 1..=2000 {
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::text(names(id))]);
    }
    let folder = world.folder().display().to_string();
    let (mut killed, mut inside, mut encrypt) = (0, 0, true);
    while killed < kills() {
        let job = if encrypt { "encrypt" } else { "decrypt" };
        let mut child = rerun::start(test, &format!("{job}|{folder}|{url}"));
        std::thread::sleep(Duration::from_micros(random(250_000)));
        if end(&mut child) {
            killed += 1;
            inside += u32::from(was_inside(&mut world));
        } else {
            encrypt = !encrypt;
        }
    }
    for encrypt in [true, false] {
        let (report, problems) = world.sweep(&migration(encrypt, world.dialect()));
        assert!(problems.is_empty() && report.failed == 0, "{report:?} {problems:?}");
    }
    let stored = world.stored();
    assert_eq!(stored.len(), 2000);
    assert!(stored.iter().all(|(id, cell)| *cell == Cell::text(names(*id))));
    assert!(inside >= killed / 10, "only {inside} of {killed} were killed in a range");
}

pub fn two_workers_and_writers_lose_nothing_whenever_workers_are_killed(site: &Site, test: &str) {
    if let Some(role) = rerun::role() {
        return child(site, &role);
    }
    let (mut world, url) = prepared(site, 2000);
    let folder = world.folder().display().to_string();
    let stop = AtomicBool::new(false);
    let (keyring, database) = (world.keyring.clone(), world.database.clone());
    let expected = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&keyring, &*database, 2000, &stop));
        let (mut killed, mut inside, mut ended) = (0, 0, 0);
        world.rotate();
        let start = || rerun::start(test, &format!("reencrypt|{folder}|{url}"));
        let mut children = [start(), start()];
        while killed < kills() {
            std::thread::sleep(Duration::from_micros(random(150_000)));
            let child = &mut children[usize::from(random(2) == 1)];
            if end(child) {
                killed += 1;
                inside += u32::from(was_inside(&mut world));
            } else {
                ended += 1;
                if ended % 4 == 0 {
                    world.rotate();
                }
            }
            *child = start();
        }
        assert!(inside >= killed / 10, "only {inside} of {killed} were killed in a range");
        for child in &mut children {
            end(child);
        }
        stop.store(true, Ordering::Relaxed);
        eprintln!("{killed} killed, {ended} ended by themselves");
        writer.join().unwrap()
    });
    assert!(expected.len() > 100, "{} people were written", expected.len());
    let (report, problems) = world.sweep(&sweep());
    assert!(problems.is_empty() && report.is_complete(), "{report:?} {problems:?}");
    check(&mut world, 2000, &expected);
}

/// From the first key to the fourth, with readers and writers running all the while, each with a
/// keyring of its own.
pub fn a_fleet_reads_and_writes_while_keys_and_rows_move(site: &Site, _test: &str) {
    let (mut world, _) = prepared(site, 2000);
    let stop = AtomicBool::new(false);
    let (folder, database) = (world.folder().to_owned(), world.database.clone());
    let (expected, reads) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&keyring(&folder), &*database, 2000, &stop));
        let readers: Vec<_> = (0..2).map(|_| scope.spawn(|| read(&keyring(&folder), &*database, &stop))).collect();
        let first = world.keyring.primary(&Scope::APPLICATION).unwrap();
        for _ in 0..3 {
            let staged = world.keyring.admin().stage(&Scope::APPLICATION).unwrap();
            // All keyrings read the store within this time.
            std::thread::sleep(Duration::from_millis(700));
            world.keyring.admin().promote_at_once(staged).unwrap();
            std::thread::sleep(Duration::from_millis(700));
            let (report, problems) = world.sweep(&sweep().workers(2));
            assert!(problems.is_empty() && report.failed == 0 && report.left == Some(0), "{report:?} {problems:?}");
        }
        let primary = world.keyring.primary(&Scope::APPLICATION).unwrap();
        let keys = world.keyring.keys();
        assert_eq!(keys.len(), 4);
        // Nobody needs the others any more.
        for key in keys.iter().filter(|key| key.id != primary) {
            world.keyring.admin().retire(key.id).unwrap();
        }
        assert_ne!(first, primary);
        std::thread::sleep(Duration::from_millis(700));
        stop.store(true, Ordering::Relaxed);
        let reads: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        (writer.join().unwrap(), reads)
    });
    assert!(reads > 1000 && expected.len() > 100, "{reads} reads, {} writes", expected.len());
    check(&mut world, 2000, &expected);
}

fn prepared(site: &Site, people: i64) -> (World, String) {
    let home = (site.home)();
    let url = home.url.clone();
    let mut world = World::on_files(home);
    world.people("bytes");
    world.fill(people);
    (world, url)
}

/// Kills the process; false if it had ended before, as it should.
fn end(child: &mut Child) -> bool {
    if let Some(status) = child.try_wait().unwrap() {
        let mut said = String::new();
        if let Some(stderr) = &mut child.stderr {
            let _ = std::io::Read::read_to_string(stderr, &mut said);
        }
        assert!(status.success(), "{said}");
        return false;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// Changes, adds and removes people until it's to stop, and says what is expected of them then.
fn write(
    keyring: &Keyring,
    database: &dyn Database,
    people: i64,
    stop: &AtomicBool,
) -> BTreeMap<i64, Option<String>> {
    let (mut client, mut expected, mut next) = (database.connect().unwrap(), BTreeMap::new(), people + 1);
    let places = if client.dialect() == Dialect::Postgres { ["$1", "$2"] } else { ["?", "?"] };
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(2));
        let id = i64::try_from(random(people.unsigned_abs())).unwrap() + 1;
        let name = format!("new {}", random(u64::MAX));
        let sealed = |id| {
            let sealed = keyring.seal_bytes(&NAME, &place(id), name.as_bytes()).unwrap();
            Param::from(Cell::Bytes(sealed))
        };
        match random(10) {
            0 => {
                run(&mut *client, &format!("DELETE FROM people WHERE id = {}", places[0]), &[id.into()]);
                expected.insert(id, None);
            }
            1 => {
                let sql = format!("INSERT INTO people (name, id) VALUES ({}, {})", places[0], places[1]);
                run(&mut *client, &sql, &[sealed(next), next.into()]);
                expected.insert(next, Some(name));
                next += 1;
            }
            _ if expected.get(&id) == Some(&None) => {}
            _ => {
                let sql = format!("UPDATE people SET name = {} WHERE id = {}", places[0], places[1]);
                run(&mut *client, &sql, &[sealed(id), id.into()]);
                expected.insert(id, Some(name));
            }
        }
    }
    expected
}

fn run(client: &mut dyn Client, sql: &str, params: &[Param<'_>]) {
    while let Err(error) = client.execute(sql, params) {
        assert!(error.is_transient(), "{error}");
    }
}

/// Opens people until it's to stop, and says how many.
fn read(keyring: &Keyring, database: &dyn Database, stop: &AtomicBool) -> u64 {
    let (mut client, mut reads) = (database.connect().unwrap(), 0);
    while !stop.load(Ordering::Relaxed) {
        let from = random(2000);
        let sql = format!("SELECT id, name FROM people WHERE id > {from} ORDER BY id LIMIT 50");
        for row in client.rows(&sql, &[]).unwrap() {
            let id = row[0].integer().unwrap();
            let opened = keyring.open_bytes(&NAME, &place(id), row[1].as_bytes().unwrap());
            opened.unwrap_or_else(|error| panic!("row {id}: {error}"));
            reads += 1;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    reads
}

fn check(world: &mut World, people: i64, expected: &BTreeMap<i64, Option<String>>) {
    assert_eq!(world.stale(), 0);
    let opened = world.opened();
    for id in (1..=people).chain(expected.keys().copied()) {
        let expected = expected.get(&id).cloned().unwrap_or_else(|| Some(format!("person {id}")));
        assert_eq!(opened.get(&id), expected.as_ref(), "row {id}");
    }
}
