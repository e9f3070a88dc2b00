//! Values as long as what a server takes in one message: 16 MiB is MariaDB's default.

use super::watched::{Watched, is_begin, is_read};
use super::world::{NAME, PEOPLE};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::Schema;
use fieldseal_sweep::sql::{Cell, Param};
use fieldseal_sweep::{Job, ProblemKind, Sweep};

/// Old and new value together are longer.
pub fn long_values_are_moved_like_others(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    let most = if world.dialect() == Dialect::Mysql { 12_000_000 } else { 1_200_000 };
    let name = |id: i64| char::from(b'a' + u8::try_from(id).unwrap()).to_string().repeat(most >> (3 * id));
    for id in 0..4 {
        let sealed = world.sealed(id, &name(id));
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), sealed]);
    }
    world.rotate();
    let (report, problems) = world.reencrypt();
    assert!(report.is_complete() && problems.is_empty(), "{report:?} {problems:?}");
    assert_eq!((report.changed, report.passes, world.stale()), (4, 1, 0), "{report:?}");
    assert!(world.opened().into_iter().all(|(id, opened)| opened == name(id)));
}

/// One that somebody writes after it was read, and that differs at its end.
pub fn a_long_value_that_was_written_meanwhile_stays(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    let long = "x".repeat(100_000);
    for id in 1..=3 {
        let sealed = world.sealed(id, &long);
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), sealed]);
    }
    world.rotate();
    for job in [Job::Reencrypt, Job::Decrypt { into: None }] {
        let newer = format!("{long} and more, {}", if job == Job::Reencrypt { 1 } else { 2 });
        let (mut other, sealed) = (world.database.connect().unwrap(), world.sealed(2, &newer));
        let sql = match world.dialect() {
            Dialect::Postgres => "UPDATE people SET name = $1 WHERE id = 2",
            _ => "UPDATE people SET name = ? WHERE id = 2",
        };
        let (mut was_read, mut is_faster) = (false, true);
        let database = Watched::new(&world.database, move |statement| {
            was_read |= is_read(statement);
            if was_read && is_begin(statement) && std::mem::take(&mut is_faster) {
                assert_eq!(other.execute(sql, &[Param::from(sealed.clone())]).unwrap(), 1);
            }
            Ok(())
        });
        let schema = PEOPLE.with_columns(const { &[NAME.migrating()] });
        let report = Sweep::new(job.clone(), schema).run(&world.keyring, &database, |_| {}).unwrap();
        assert!(report.is_complete() && report.failed == 0, "{report:?}");
        if job == Job::Reencrypt {
            assert!(world.stale() == 0 && world.opened()[&2] == newer, "what was written is lost");
        } else {
            assert!(world.stored()[&2].as_bytes() == Some(newer.as_bytes()), "what was written is lost");
        }
    }
}

/// What was taken as plaintext isn't taken sealed: it's reported, and stays.
pub fn a_value_that_gets_too_long_keeps_no_other_from_being_written(home: Home) {
    const SCHEMA: Schema = PEOPLE.with_columns(&[NAME.base64().migrating()]);
    let mut world = World::new(home);
    world.people("text");
    let long = "x".repeat(if world.dialect() == Dialect::Mysql { 14_000_000 } else { 1_400_000 });
    for (id, name) in [(1, "Ada"), (2, &long), (3, "Grace")] {
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::text(name)]);
    }
    let (report, problems) = world.sweep(&Sweep::new(Job::Encrypt { from: None }, SCHEMA));
    if world.dialect() == Dialect::Mysql {
        assert_eq!((report.changed, report.failed, report.left), (2, 1, Some(1)), "{report:?} {problems:?}");
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert!(matches!(problem.kind, ProblemKind::Refused(_)) && problem.key.to_string() == "2", "{problem:?}");
        assert!(problem.kind.to_string().contains("max_allowed_packet"), "{problem:?}");
        assert!(world.stored()[&2] == Cell::text(&long), "it isn't what it was");
    } else {
        assert_eq!((report.changed, report.failed, report.left), (3, 0, Some(0)), "{report:?} {problems:?}");
    }
}
