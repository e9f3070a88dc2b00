//! What happens at the worst moment, each time the same.

use super::watched::{Watched, is_begin, is_read};
use super::world::{NAME, PEOPLE};
use super::{Home, World};
use fieldseal::Schema;
use fieldseal::sql::{Cell, Param, SqlError, SqlErrorKind};
use fieldseal::store::Dialect;
use fieldseal::sweep::{Event, Job, Sweep};
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
        let schema = Schema { columns: const { &[NAME.migrating()] }, ..PEOPLE };
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

/// Connections are lost again and again, that of the sweep itself too: it goes on as soon as there are others.
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
                return Err(SqlError::new(SqlErrorKind::Lost, "the connection is lost"));
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
