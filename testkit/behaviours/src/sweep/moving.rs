//! Re-encryption.

use super::world::{NAME, PEOPLE, place};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::context::ContextKind;
use fieldseal::schema::ContextColumn;
use fieldseal::{Column, Schema, Scope, Suite};
use fieldseal_sweep::sql::{Cell, Database, Param, Sqlite};
use fieldseal_sweep::{Event, Job, Sweep, SweepError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub fn everything_moves_to_the_primary_and_the_second_time_nothing_does(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(1234);
    world.insert("people", &["id", "name"], vec![Cell::Integer(5000), Cell::Null]);
    world.rotate();
    let sweep = Sweep::new(Job::Reencrypt, PEOPLE).batch(100).range(250);
    let estimate = sweep.estimate(&world.keyring, &*world.database).unwrap();
    assert_eq!((estimate.rows, estimate.values, estimate.kms_calls), (1235, 1234, 2));
    let (report, problems) = world.sweep(&sweep);
    assert!(report.is_complete() && problems.is_empty(), "{report:?} {problems:?}");
    assert_eq!((report.rows, report.changed, report.left, report.passes), (1235, 1234, Some(0), 1));
    assert_eq!(world.stale(), 0);
    let before = world.stored();
    let (report, _) = world.sweep(&sweep);
    assert_eq!((report.changed, report.left), (0, Some(0)));
    assert_eq!(world.stored(), before);
    world.batch("DELETE FROM people WHERE id = 5000");
    assert!(world.opened().into_iter().all(|(id, name)| name == format!("person {id}")));
}

pub fn a_value_that_cannot_be_opened_is_reported_left_and_never_stops_the_rest(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(1000);
    let update = |world: &mut World, id: i64, name: Cell| {
        let places = if world.dialect() == Dialect::Postgres { ["$1", "$2"] } else { ["?", "?"] };
        let sql = format!("UPDATE people SET name = {} WHERE id = {}", places[0], places[1]);
        world.client.execute(&sql, &[Param::from(name), id.into()]).unwrap();
    };
    let (flipped, unknown, moved) = {
        let mut flipped = world.stored()[&10].as_bytes().unwrap().to_vec();
        *flipped.last_mut().unwrap() ^= 1;
        let mut unknown = world.stored()[&11].as_bytes().unwrap().to_vec();
        unknown[1..5].copy_from_slice(&[0, 0, 0, 7]);
        (flipped, unknown, world.stored()[&13].clone())
    };
    update(&mut world, 10, Cell::Bytes(flipped));
    update(&mut world, 11, Cell::Bytes(unknown));
    update(&mut world, 12, Cell::Bytes(b"plaintext".to_vec()));
    update(&mut world, 14, moved);
    world.rotate();
    let before = world.stored();
    for _ in 0..2 {
        let (report, problems) = world.reencrypt();
        assert_eq!((report.failed, report.left), (4, Some(4)), "{report:?}");
        assert!(!report.is_complete());
        let mut keys: Vec<_> = problems.iter().map(|problem| problem.key.to_string()).collect();
        keys.sort();
        assert_eq!(keys, ["10", "11", "12", "14"], "{problems:?}");
        let told = problems[0].to_string();
        assert!(told.starts_with("people.name of row 10: the value was rejected"), "{told}");
        let after = world.stored();
        for id in [10, 11, 12, 14] {
            assert_eq!(after[&id], before[&id], "row {id} was written");
        }
        assert_eq!(world.stale(), 4);
    }
}

pub fn whoever_writes_meanwhile_wins(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(3000);
    let stop = AtomicBool::new(false);
    let database = Arc::clone(&world.database);
    let keyring = world.keyring.clone();
    let expected = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let (mut client, mut expected) = (database.connect().unwrap(), BTreeMap::new());
            let dollar = client.dialect() == Dialect::Postgres;
            let places = if dollar { ["$1", "$2"] } else { ["?", "?"] };
            let (mut number, mut next) = (0_i64, 10_001);
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                // SQLite isn't fair to who waits.
                std::thread::sleep(Duration::from_millis(1));
                let id = number * 7919 % 3000 + 1;
                let run = |client: &mut dyn fieldseal_sweep::sql::Client, sql: &str, params: &[Param<'_>]| {
                    while let Err(error) = client.execute(sql, params) {
                        assert!(error.is_transient(), "{error}");
                    }
                };
                let name = format!("new {number}");
                let sealed = |id| {
                    let sealed = keyring.seal_bytes(&NAME, &place(id), name.as_bytes()).unwrap();
                    Param::from(Cell::Bytes(sealed))
                };
                match number % 10 {
                    0 => {
                        run(&mut *client, &format!("DELETE FROM people WHERE id = {}", places[0]), &[id.into()]);
                        expected.insert(id, None);
                    }
                    1 => {
                        let sql = format!("INSERT INTO people (name, id) VALUES ({}, {})", places[0], places[1]);
                        run(&mut *client, &sql, &[sealed(next), next.into()]);
                        expected.insert(next, Some(name.clone()));
                        next += 1;
                    }
                    _ if expected.get(&id) == Some(&None) => {}
                    _ => {
                        let sql = format!("UPDATE people SET name = {} WHERE id = {}", places[0], places[1]);
                        run(&mut *client, &sql, &[sealed(id), id.into()]);
                        expected.insert(id, Some(name.clone()));
                    }
                }
            }
            expected
        });
        for round in 0..4 {
            world.rotate();
            let sweep = Sweep::new(Job::Reencrypt, PEOPLE).batch(200).range(700).workers(1 + round % 2);
            let (report, problems) = world.sweep(&sweep);
            assert!(problems.is_empty() && report.failed == 0, "{report:?} {problems:?}");
            assert_eq!(report.left, Some(0), "{report:?}");
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    assert!(expected.len() > 50, "the writer had {} turns", expected.len());
    let opened = world.opened();
    for id in (1..=3000).chain(expected.keys().copied()) {
        let expected = expected.get(&id).cloned().unwrap_or_else(|| Some(format!("person {id}")));
        assert_eq!(opened.get(&id), expected.as_ref(), "row {id}");
    }
    assert_eq!(world.stale(), 0);
}

/// A program that hasn't read the key store yet writes under the old key, where the sweep has been
/// already.
pub fn what_is_written_under_an_older_key_meanwhile_is_moved_too(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(600);
    let late = world.sealed(-5, "late");
    world.rotate();
    let sweep = Sweep::new(Job::Reencrypt, PEOPLE).batch(100).rows_per_second(400);
    let (mut again, mut written) = (None, false);
    let mut client = world.database.connect().unwrap();
    let places = if client.dialect() == Dialect::Postgres { ["$1", "$2"] } else { ["?", "?"] };
    let insert = format!("INSERT INTO people (id, name) VALUES ({}, {})", places[0], places[1]);
    let report = sweep.run(&world.keyring, &*world.database, |event| match event {
        Event::Progress(progress) if progress.rows >= 100 && !written => {
            written = true;
            while let Err(error) = client.execute(&insert, &[(-5).into(), late.clone().into()]) {
                assert!(error.is_transient(), "{error}");
            }
        }
        Event::Again { left, .. } => again = Some(*left),
        _ => {}
    });
    let report = report.unwrap();
    assert!(written && report.is_complete(), "{report:?}");
    assert_eq!((again, report.passes, report.changed), (Some(1), 2, 601), "{report:?}");
    assert_eq!(world.stale(), 0);
}

pub fn a_column_moves_to_another_suite(home: Home) {
    const OLD: Column = NAME.with_suite(Suite::Aes256Gcm);
    const NEW: Column = NAME.with_previous_suite(Suite::Aes256Gcm);
    let mut world = World::new(home);
    world.people("bytes");
    for id in 1..=300 {
        let column = if id % 3 == 0 { NEW } else { OLD };
        let sealed = world.keyring.seal_bytes(&column, &place(id), &[b'x'; 60]).unwrap();
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::Bytes(sealed)]);
    }
    let sweep = Sweep::new(Job::Reencrypt, PEOPLE.with_columns(&[NEW]));
    let (report, problems) = world.sweep(&sweep);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((report.changed, report.done), (200, 100));
    assert!(world.opened().len() == 300);
    assert_eq!(world.sweep(&sweep).0.changed, 0);
}

/// What an older sweep has passed already isn't under the new suite.
pub fn a_sweep_that_was_left_is_not_taken_for_another_suites(home: Home) {
    const OLD: Schema = PEOPLE.with_columns(&[NAME.with_suite(Suite::Aes256Gcm)]);
    const NEW: Schema = PEOPLE.with_columns(&[NAME.with_previous_suite(Suite::Aes256Gcm)]);
    let mut world = World::new(home);
    world.people("bytes");
    for id in 1..=600 {
        let sealed = world.keyring.seal_bytes(&OLD.columns[0], &place(id), b"x").unwrap();
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::Bytes(sealed)]);
    }
    world.rotate();
    let stop = Arc::new(AtomicBool::new(false));
    let left = Sweep::new(Job::Reencrypt, OLD).batch(50).rows_per_second(400).stop_when(Arc::clone(&stop));
    let report = left.run(&world.keyring, &*world.database, |event| {
        if matches!(event, Event::Progress(progress) if progress.rows > 0) {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert!(report.unwrap().stopped);
    let (report, problems) = world.sweep(&Sweep::new(Job::Reencrypt, NEW));
    assert!(problems.is_empty() && report.changed == 600, "{report:?}");
    assert!(world.opened().len() == 600, "all of them open without the previous suite");
}

pub fn tenants_have_keys_of_their_own(home: Home) {
    const ORG: ContextColumn = ContextColumn::new("org", ContextKind::Int);
    let mut world = World::new(home);
    let bytes = world.type_of("bytes");
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, org BIGINT NOT NULL, name {bytes})"));
    for org in 1..=3_i64 {
        let scope = Scope::tenant(org).unwrap();
        world.keyring.admin().ensure_scope(&scope).unwrap();
        for id in 1..=50 {
            let id = org * 100 + id;
            let place = place(id).in_scope(scope.clone());
            let sealed = world.keyring.seal_bytes(&NAME, &place, b"x").unwrap();
            world.insert(
                "people",
                &["id", "org", "name"],
                vec![Cell::Integer(id), Cell::Integer(org), Cell::Bytes(sealed)],
            );
        }
    }
    world.keyring.admin().rotate(&Scope::tenant(2).unwrap()).unwrap();
    let schema = PEOPLE.with_scope(ORG);
    let (report, problems) = world.sweep(&Sweep::new(Job::Reencrypt, schema));
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((report.changed, report.done, report.left), (50, 100, Some(0)));
}

pub fn workers_share_a_sweep_and_end_what_a_dead_one_began(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(2000);
    world.rotate();
    let sweep = || Sweep::new(Job::Reencrypt, PEOPLE).batch(50).range(300).lease(Duration::from_millis(400));
    let stop = Arc::new(AtomicBool::new(false));
    let slow = sweep().rows_per_second(500).stop_when(Arc::clone(&stop));
    let database = Arc::clone(&world.database);
    let keyring = world.keyring.clone();
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| slow.run(&keyring, &*database, |_| {}).unwrap());
        let mut client = database.connect().unwrap();
        // Once it has done something.
        while client.integer("SELECT count(*) FROM fieldseal_leases WHERE changed > 0", &[]).ok().flatten()
            < Some(1)
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Nobody would ever take this one over before it ends.
        while client.execute("UPDATE fieldseal_leases SET owner = 'somebody who died'", &[]).unwrap_or(0) == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let second = sweep().run(&keyring, &*database, |_| {}).unwrap();
        (first.join().unwrap(), second)
    });
    assert!(first.changed > 0 && second.changed > 0, "{first:?} {second:?}");
    assert!(first.changed + second.changed >= 2000, "{first:?} {second:?}");
    assert_eq!(first.left.or(second.left), Some(0));
    assert_eq!((world.stale(), world.opened().len()), (0, 2000));
    assert_eq!(world.client.integer("SELECT count(*) FROM fieldseal_leases", &[]).unwrap(), Some(0));
}

pub fn a_stopped_sweep_goes_on_where_it_was(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(2000);
    world.rotate();
    let stop = Arc::new(AtomicBool::new(false));
    let sweep = Sweep::new(Job::Reencrypt, PEOPLE).batch(100).range(1000);
    let stopped = sweep.clone().rows_per_second(1000).stop_when(Arc::clone(&stop));
    let mut joined = None;
    let report = stopped.run(&world.keyring, &*world.database, |event| {
        if matches!(event, Event::Progress(progress) if progress.rows > 0) {
            stop.store(true, Ordering::Relaxed);
        }
    });
    let report = report.unwrap();
    assert!(report.stopped && !report.is_complete() && report.changed > 0 && report.changed < 2000, "{report:?}");
    assert_eq!(world.stale(), 2000 - usize::try_from(report.changed).unwrap());
    let rest = sweep.run(&world.keyring, &*world.database, |event| {
        if let Event::Started { joined: has, total, .. } = event {
            joined = Some((*has, *total));
        }
    });
    let rest = rest.unwrap();
    assert_eq!(joined, Some((true, 2000)));
    assert_eq!(rest.rows, 2000 - report.rows, "it began anew: {rest:?}");
    assert_eq!((world.stale(), rest.left), (0, Some(0)));
}

pub fn a_sweep_waits_for_replicas_and_for_its_rate(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(300);
    world.rotate();
    let begun = Instant::now();
    let (report, _) = world.sweep(&Sweep::new(Job::Reencrypt, PEOPLE).batch(50).rows_per_second(300));
    assert!(report.is_complete() && begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
    // One that has never seen the sweep is waited for.
    let (elsewhere, stop) = (tempfile::tempdir().unwrap(), Arc::new(AtomicBool::new(false)));
    let stale = Sqlite::at(elsewhere.path().join("stale.db"));
    rusqlite::Connection::open(elsewhere.path().join("stale.db"))
        .unwrap()
        .execute_batch(fieldseal_sweep::migrations(Dialect::Sqlite)[0].up)
        .unwrap();
    world.rotate();
    let stale: Vec<Arc<dyn Database>> = vec![Arc::new(stale)];
    let sweep = Sweep::new(Job::Reencrypt, PEOPLE).wait_for_replicas(stale, Duration::from_secs(1));
    let mut paused = Vec::new();
    let report = sweep.stop_when(Arc::clone(&stop)).run(&world.keyring, &*world.database, |event| {
        if let Event::Paused(why) = event {
            paused.push(why.clone());
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert!(report.unwrap().changed == 0 && paused[0].contains("doesn't have the sweep's row"), "{paused:?}");
    // No server runs less than one statement: ours.
    if world.dialect() != Dialect::Sqlite {
        let stop = Arc::new(AtomicBool::new(false));
        let sweep = Sweep::new(Job::Reencrypt, PEOPLE).wait_while_busy(0).stop_when(Arc::clone(&stop));
        let mut paused = Vec::new();
        let report = sweep.run(&world.keyring, &*world.database, |event| {
            if let Event::Paused(why) = event {
                paused.push(why.clone());
                stop.store(true, Ordering::Relaxed);
            }
        });
        assert!(report.unwrap().changed == 0 && paused[0].contains("statements"), "{paused:?}");
    }
    // A replica that is the primary itself is never behind.
    world.rotate();
    let same = vec![Arc::clone(&world.database)];
    let sweep =
        Sweep::new(Job::Reencrypt, PEOPLE).wait_for_replicas(same, Duration::from_secs(5)).wait_while_busy(500);
    assert!(world.sweep(&sweep).0.is_complete());
}

pub fn what_cannot_be_swept_says_why(home: Home) {
    let mut world = World::new(home);
    let bytes = world.type_of("bytes");
    let plan = |world: &World, schema: Schema| {
        let error = Sweep::new(Job::Reencrypt, schema).run(&world.keyring, &*world.database, |_| {}).unwrap_err();
        assert!(matches!(error, SweepError::Plan(_)), "{error}");
        error.to_string()
    };
    assert!(plan(&world, PEOPLE).starts_with("the database has no table people"), "{}", plan(&world, PEOPLE));
    world.people("bytes");
    let schema = PEOPLE.with_columns(const { &[Column::new("people", "notes")] });
    assert!(plan(&world, schema).starts_with("the table people has no column notes"));
    if world.dialect() != Dialect::Sqlite {
        world.batch(&format!("CREATE TABLE keyless (id BIGINT, name {bytes})"));
        let schema = PEOPLE.with_sql_table("keyless");
        assert!(plan(&world, schema).starts_with("the table keyless has no primary key"));
        let text = world.type_of("text");
        world.batch(&format!("CREATE TABLE texts (id BIGINT PRIMARY KEY, name {text})"));
        let schema = PEOPLE.with_sql_table("texts");
        let told = plan(&world, schema);
        assert!(told.starts_with("texts.name is ") && told.contains("can't hold sealed bytes"), "{told}");
    }
}

pub fn damage_is_found_by_verifying(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(500);
    let other = world.keyring.seal_bytes(&NAME, &place(3), b"x").unwrap();
    world.insert("people", &["id", "name"], vec![Cell::Integer(501), Cell::Bytes(other)]);
    let not_text = world.keyring.seal_bytes(&NAME, &place(502), &[0xFF]).unwrap();
    world.insert("people", &["id", "name"], vec![Cell::Integer(502), Cell::Bytes(not_text)]);
    let (report, problems) = world.sweep(&Sweep::new(Job::Verify, PEOPLE));
    assert_eq!((report.rows, report.done, report.failed, report.changed), (502, 500, 2, 0));
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.to_string()).collect();
    assert_eq!(keys, ["501", "502"]);
    assert!(problems[1].to_string().contains("not a valid text"), "{}", problems[1]);
}
