//! What happens at the worst moment, each time the same.

use super::watched::{Watched, is_begin, is_read};
use super::world::{NAME, PEOPLE};
use super::{Home, World};
use fieldseal::Column;
use fieldseal::Dialect;
use fieldseal::dialect::Fault;
use fieldseal::value::Kind;
use fieldseal_sweep::sql::{Cell, Param, SqlError};
use fieldseal_sweep::{Event, Job, ProblemKind, Sweep};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Rows, changed values and problems, as the sweep's row in the database counts them.
fn counted(world: &mut World) -> Vec<i64> {
    let row = world.client.row("SELECT seen, changed, failed FROM fieldseal_sweeps", &[]).unwrap().unwrap();
    row.iter().map(|cell| cell.integer().unwrap()).collect()
}

/// A batch in which somebody else was faster is looked at again, and counts once.
pub fn a_batch_that_is_looked_at_again_counts_once(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(200);
    world.rotate();
    for job in [Job::Reencrypt, Job::Decrypt { into: None }] {
        let (mut other, sealed) = (world.database.connect().unwrap(), world.sealed(30, "faster"));
        let sql = match world.dialect() {
            Dialect::Postgres => "UPDATE people SET name = $1 WHERE id = 30",
            _ => "UPDATE people SET name = ? WHERE id = 30",
        };
        let (mut was_read, was_faster) = (false, Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&was_faster);
        let database = Watched::new(&world.database, move |statement| {
            was_read |= is_read(statement);
            if was_read && is_begin(statement) && !told.swap(true, Ordering::Relaxed) {
                assert_eq!(other.execute(sql, &[Param::from(sealed.clone())]).unwrap(), 1);
            }
            Ok(())
        });
        // What was sealed meanwhile is under the primary already.
        let changed = if job == Job::Reencrypt { 199 } else { 200 };
        let schema = PEOPLE.with_columns(const { &[NAME.migrating()] });
        let sweep = Sweep::new(job.clone(), schema).batch(50).range(100);
        let report = sweep.run(&world.keyring, &database, |_| {}).unwrap();
        assert!(was_faster.load(Ordering::Relaxed), "nobody was faster");
        assert!(report.is_complete(), "{report:?}");
        assert_eq!((report.rows, report.changed, report.failed), (200, changed, 0), "{report:?}");
        assert_eq!(counted(&mut world), [200, i64::try_from(changed).unwrap(), 0]);
        if job == Job::Reencrypt {
            assert_eq!((world.stale(), world.opened()[&30].as_str()), (0, "faster"));
            world.batch("DELETE FROM fieldseal_sweeps");
        } else {
            let stored = world.stored();
            assert!(matches!(&stored[&30], Cell::Bytes(name) | Cell::Text(name) if name == b"faster"));
        }
    }
}

/// Connections are lost again and again, that of the sweep itself too: it goes on as soon as there
/// are others.
pub fn lost_connections_end_no_sweep(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(1000);
    world.rotate();
    for job in [Job::Reencrypt, Job::Verify] {
        // Longer than any transaction of the job, and no multiple of one.
        let every = if job == Job::Verify { 2 } else { 11 };
        let (mut was_read, mut statements) = (false, 0_u32);
        let lost = Arc::new(AtomicU32::new(0));
        let told = Arc::clone(&lost);
        let database = Watched::new(&world.database, move |statement| {
            was_read |= is_read(statement);
            statements += 1;
            if was_read && statements % every == 0 {
                told.fetch_add(1, Ordering::Relaxed);
                return Err(SqlError::new(Fault::Lost, "the connection is lost"));
            }
            Ok(())
        });
        let sweep = Sweep::new(job.clone(), PEOPLE).batch(20).range(100).workers(2).rows_per_second(1_000_000);
        let mut problems = 0;
        let report = sweep
            .run(&world.keyring, &database, |event| problems += u32::from(matches!(event, Event::Problem(_))))
            .unwrap();
        assert!(report.is_complete() && problems == 0, "{report:?}");
        assert_eq!(report.rows, 1000);
        let lost = lost.load(Ordering::Relaxed);
        assert!(lost > if job == Job::Verify { 1 } else { 10 }, "connections were lost {lost} times");
    }
    assert_eq!(world.stale(), 0);
    assert!(world.opened().into_iter().all(|(id, name)| name == format!("person {id}")));
}

/// A trigger that normalises what it's given makes ruins of sealed values: none is left there.
pub fn what_a_trigger_makes_of_a_value_is_taken_back(home: Home) {
    const BASE64: Column = NAME.base64();
    let mut world = World::new(home);
    let text = world.type_of("text");
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {text})"));
    for id in 1..=20 {
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::text(format!("Person {id}"))]);
    }
    let before = world.stored();
    let lower = |condition: &str| match condition {
        "" => "lower(NEW.name)".to_owned(),
        condition => format!("CASE WHEN {condition} THEN lower(NEW.name) ELSE NEW.name END"),
    };
    let trigger = |world: &mut World, condition: &str| {
        match world.dialect() {
        Dialect::Sqlite => world.batch(&format!(
            "CREATE TRIGGER normal AFTER UPDATE OF name ON people BEGIN UPDATE people SET name = {} WHERE id = NEW.id; END",
            lower(condition)
        )),
        Dialect::Postgres => world.batch(&format!(
            "CREATE FUNCTION normal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := {}; RETURN NEW; END $$; \
             CREATE TRIGGER normal BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION normal()",
            lower(condition)
        )),
        _ => world.batch(&format!(
            "CREATE TRIGGER normal BEFORE UPDATE ON people FOR EACH ROW SET NEW.name = {}",
            lower(condition)
        )),
    }
    };
    let drop = |world: &mut World| match world.dialect() {
        Dialect::Postgres => world.batch("DROP TRIGGER normal ON people; DROP FUNCTION normal()"),
        _ => world.batch("DROP TRIGGER normal"),
    };
    let migrating = PEOPLE.with_columns(const { &[BASE64.migrating()] });
    let encrypt = Sweep::new(Job::Encrypt { from: None }, migrating);
    trigger(&mut world, "");
    let (report, problems) = world.sweep(&encrypt);
    assert_eq!((report.changed, report.failed), (0, 20), "{report:?}");
    assert!(problems.iter().all(|problem| problem.kind == ProblemKind::Rewritten), "{problems:?}");
    assert_eq!(world.stored(), before);
    drop(&mut world);
    // Where it changes some, the others are written.
    trigger(&mut world, "NEW.id = 7");
    let (report, _) = world.sweep(&encrypt);
    assert_eq!((report.changed, report.failed), (19, 1), "{report:?}");
    assert_eq!(world.stored()[&7], before[&7]);
    drop(&mut world);
    assert!(world.sweep(&encrypt).0.is_complete());
    let sealed = world.stored();
    world.rotate();
    trigger(&mut world, "");
    let (report, _) = world.sweep(&Sweep::new(Job::Reencrypt, PEOPLE.with_columns(&[BASE64])));
    assert_eq!((report.changed, report.failed), (0, 20), "{report:?}");
    assert_eq!(world.stored(), sealed);
}

/// What one column refuses doesn't keep the others of its row from being written.
pub fn a_column_that_refuses_keeps_no_other_from_being_written(home: Home) {
    const CODE: Column = Column::new("people", "code").with_kind(Kind::TEXT).migrating();
    let mut world = World::new(home);
    let bytes = world.type_of("bytes");
    let short = match world.dialect() {
        Dialect::Postgres => "BYTEA CHECK (octet_length(code) < 20)",
        Dialect::Sqlite => "BLOB CHECK (length(code) < 20)",
        _ => "VARBINARY(20)",
    };
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {bytes}, code {short})"));
    let plaintext = |world: &World, text: &str| match world.dialect() {
        Dialect::Sqlite => Cell::text(text),
        _ => Cell::Bytes(text.as_bytes().to_vec()),
    };
    for id in 1..=10 {
        let row = vec![Cell::Integer(id), plaintext(&world, "Ada"), plaintext(&world, "x")];
        world.insert("people", &["id", "name", "code"], row);
    }
    let schema = PEOPLE.with_columns(const { &[NAME.migrating(), CODE] });
    let (report, problems) = world.sweep(&Sweep::new(Job::Encrypt { from: None }, schema));
    assert_eq!((report.changed, report.failed), (10, 10), "{report:?} {problems:?}");
    assert!(problems.iter().all(|problem| problem.column == "code"), "{problems:?}");
    assert!(world.opened().values().all(|name| name == "Ada"));
}
