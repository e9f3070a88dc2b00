//! Every way to write.

use super::world::{INSERT, NAME, PEOPLE, UPDATE, int, place};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::guards::KeyCheck;
use fieldseal::{Column, Schema, Scope};
use fieldseal_sweep::sql::Cell;
use fieldseal_sweep::{Job, ProblemKind, Sweep};

const NOT_SEALED: &str = "people.name must be a sealed value";

pub fn every_statement_is_guarded(home: Home) {
    let mut world = World::new(home);
    world.people(false);
    let bytes = world.type_of(false);
    world.batch(&format!("CREATE TABLE plain (id BIGINT PRIMARY KEY, name {bytes})"));
    world.guard(&[PEOPLE], &KeyCheck::InStore);
    let plain = || Cell::Bytes(b"plaintext".to_vec());
    let sealed = world.sealed(&NAME, 1, "x");
    // Several rows at once: all or none.
    let rows = "INSERT INTO people (id, name) VALUES (?, ?), (?, ?)";
    world.refused(NOT_SEALED, rows, &[int(1), sealed.clone(), int(2), plain()]);
    world.passes(rows, &[int(1), sealed.clone(), int(2), sealed.clone()]);
    world.refused(NOT_SEALED, "UPDATE people SET name = ?", &[plain()]);
    // From another table.
    world.passes("INSERT INTO plain (id, name) VALUES (?, ?), (?, ?)", &[int(3), sealed.clone(), int(4), plain()]);
    world.refused(NOT_SEALED, "INSERT INTO people (id, name) SELECT id, name FROM plain", &[]);
    world.passes("INSERT INTO people (id, name) SELECT id, name FROM plain WHERE id = 3", &[]);
    let update = "UPDATE people SET name = (SELECT name FROM plain WHERE id = 4) WHERE id = 3";
    world.refused(NOT_SEALED, update, &[]);
    // Upserts, where the row is new and where it isn't.
    let upsert = match world.dialect() {
        Dialect::Mysql => "INSERT INTO people (id, name) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = ?",
        _ => "INSERT INTO people (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = ?",
    };
    for id in [1, 5] {
        world.refused(NOT_SEALED, upsert, &[int(id), plain(), sealed.clone()]);
    }
    world.refused(NOT_SEALED, upsert, &[int(1), sealed.clone(), plain()]);
    for id in [1, 5] {
        world.passes(upsert, &[int(id), sealed.clone(), sealed.clone()]);
    }
    let forgiving: &[&str] = match world.dialect() {
        Dialect::Sqlite => &[
            "INSERT OR IGNORE INTO people (id, name) VALUES (?, ?)",
            "INSERT OR REPLACE INTO people (id, name) VALUES (?, ?)",
            "INSERT OR FAIL INTO people (id, name) VALUES (?, ?)",
            "REPLACE INTO people (id, name) VALUES (?, ?)",
        ],
        Dialect::Postgres => &["INSERT INTO people (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING"],
        _ => {
            &["INSERT IGNORE INTO people (id, name) VALUES (?, ?)", "REPLACE INTO people (id, name) VALUES (?, ?)"]
        }
    };
    for sql in forgiving {
        for id in [1, 6] {
            world.refused(NOT_SEALED, sql, &[int(id), plain()]);
        }
    }
    let update = match world.dialect() {
        Dialect::Sqlite => "UPDATE OR IGNORE people SET name = ?",
        Dialect::Postgres => "UPDATE people SET name = ?",
        _ => "UPDATE IGNORE people SET name = ?",
    };
    world.refused(NOT_SEALED, update, &[plain()]);
    let stored = world.client.rows("SELECT name FROM people", &[]).unwrap();
    assert_eq!(stored.len(), 4);
    assert!(stored.iter().all(|row| row[0] == sealed));
}

pub fn what_was_there_before_stays_and_its_row_can_change(home: Home) {
    const MIGRATING: &[Column] = &[NAME.migrating()];
    let mut world = World::new(home);
    world.people(false);
    let plain = Cell::Bytes(b"plaintext".to_vec());
    world.passes(INSERT, &[int(1), plain.clone()]);
    world.passes(INSERT, &[int(2), plain.clone()]);
    for columns in [PEOPLE.columns, MIGRATING] {
        world.guard(&[PEOPLE.with_columns(columns)], &KeyCheck::InStore);
        world.passes("UPDATE people SET note = 'changed'", &[]);
        world.passes("UPDATE people SET name = name, note = 'again'", &[]);
        world.passes(UPDATE, &[plain.clone(), int(1)]);
        world.passes("UPDATE people SET id = 3 WHERE id = 1", &[]);
        world.passes("UPDATE people SET id = 1 WHERE id = 3", &[]);
        world.refused(NOT_SEALED, UPDATE, &[Cell::Bytes(b"PLAINTEXT".to_vec()), int(1)]);
        world.refused(NOT_SEALED, UPDATE, &[Cell::Bytes(Vec::new()), int(1)]);
        world.refused(NOT_SEALED, INSERT, &[int(4), plain.clone()]);
    }
    world.passes(UPDATE, &[world.sealed(&NAME, 1, "plaintext"), int(1)]);
    world.refused(NOT_SEALED, UPDATE, &[plain, int(1)]);
    world.passes("DELETE FROM people", &[]);
}

pub fn sweeps_work_under_guards(home: Home) {
    const MIGRATING: &[Column] = &[NAME.migrating()];
    let mut world = World::new(home);
    world.people(false);
    let plain = match world.dialect() {
        Dialect::Sqlite => Cell::text("person"),
        _ => Cell::Bytes(b"person".to_vec()),
    };
    for id in 1..=300_i64 {
        let name = if id % 3 == 0 { world.sealed(&NAME, id, "person") } else { plain.clone() };
        world.passes(INSERT, &[int(id), name]);
    }
    let schema = PEOPLE.with_columns(MIGRATING);
    world.guard(&[schema], &KeyCheck::InStore);
    let old = world.keyring.primary(&Scope::APPLICATION).unwrap();
    world.keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    let mut problems = Vec::new();
    let mut run = |world: &World, job: Job, schema: Schema| {
        problems.clear();
        let report = Sweep::new(job, schema).batch(50).run(&world.keyring, &*world.database, |event| {
            if let fieldseal_sweep::Event::Problem(problem) = event {
                problems.push(problem.clone());
            }
        });
        (report.unwrap(), problems.clone())
    };
    let (report, problems) = run(&world, Job::Encrypt { from: None }, schema);
    assert!(report.is_complete() && problems.is_empty(), "{report:?} {:?}", problems.first());
    let (report, problems) = run(&world, Job::Reencrypt, PEOPLE);
    assert!(report.is_complete() && problems.is_empty(), "{report:?} {:?}", problems.first());
    world.keyring.admin().retire(old).unwrap();
    let (report, problems) = run(&world, Job::Verify, PEOPLE);
    assert_eq!((report.rows, report.done, problems.len()), (300, 300, 0));
    // The way back is what a guard is against; it says so of each row.
    let (report, problems) = run(&world, Job::Decrypt { into: None }, schema);
    assert_eq!((report.changed, report.failed, problems.len()), (0, 300, 300));
    assert!(problems.iter().all(|problem| {
        matches!(&problem.kind, ProblemKind::Refused(error) if error.to_string().contains(NOT_SEALED))
    }));
    let opened = world.client.rows("SELECT id, name FROM people", &[]).unwrap();
    for row in &opened {
        let place = place(row[0].integer().unwrap());
        assert_eq!(
            *world.keyring.open_bytes(&NAME, &place, row[1].as_bytes().unwrap()).unwrap().unwrap(),
            *b"person"
        );
    }
}
