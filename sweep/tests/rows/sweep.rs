//! The behaviours of `testkit/behaviours/src/sweep` on SQLite. `tests-crates/databases` has them on
//! the servers.

use behaviours::sweep;
use behaviours::sweep::{Home, World};
use fieldseal::Column;
use fieldseal_sweep::sql::{Cell, Database, Sqlite, Table};
use fieldseal_sweep::{Job, SealedForm, Survey, Sweep};
use std::sync::Arc;
use std::time::Duration;

fn sqlite() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    Home { database: open(path.to_str().unwrap()), url: path.display().to_string(), keep: Box::new(folder) }
}

fn open(path: &str) -> Arc<dyn Database> {
    Arc::new(Sqlite::at(path).busy_timeout(Duration::from_secs(30)))
}

sweep::sweep_behaviours!(crate::sweep::sqlite, crate::sweep::open);

// Elsewhere a column that holds sealed bytes doesn't change text.
sweep::sweep_behaviours! { on crate::sweep::sqlite:
    what_is_decrypted_while_others_write_is_checked_too
}

/// What was plaintext is nowhere in the file any more, nor beside it.
#[test]
fn plaintext_that_was_sealed_is_overwritten_in_the_file() {
    const MIGRATING: &[Column] = &[sweep::world::NAME.migrating()];
    for mode in ["WAL", "DELETE"] {
        let home = sqlite();
        let path = home.url.clone();
        let mut world = World::new(home);
        world.batch(&format!("PRAGMA journal_mode = {mode}; CREATE TABLE people (id BIGINT PRIMARY KEY, name)"));
        for id in 1..=2000 {
            world.insert(
                "people",
                &["id", "name"],
                vec![Cell::Integer(id), Cell::text(format!("SECRET-{id:030}"))],
            );
        }
        let schema = sweep::world::PEOPLE.with_columns(MIGRATING);
        let (report, _) = world.sweep(&Sweep::new(Job::Encrypt { from: None }, schema));
        assert!(report.is_complete() && report.changed == 2000, "{report:?}");
        let found = |path: &str| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(7).filter(|part| part == b"SECRET-").count()
        };
        assert_eq!((found(&path), found(&format!("{path}-wal"))), (0, 0), "{mode}");
    }
}

/// An index that holds nothing, made to look like one of the column: counts are of the table.
#[test]
fn an_index_that_lies_hides_nothing() {
    let mut world = World::new(sqlite());
    world.people("bytes");
    world.fill(100);
    world.rotate();
    world.batch(
        "CREATE TABLE blank (name BLOB); CREATE INDEX empty ON blank (name); CREATE INDEX lies ON people (name); \
         PRAGMA writable_schema = ON; \
         UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'empty') WHERE name = 'lies'; \
         PRAGMA writable_schema = RESET",
    );
    assert_eq!(world.client.integer("SELECT count(name) FROM people INDEXED BY lies", &[]).unwrap(), Some(0));
    let table = Table::describe(&mut *world.client, "people").unwrap().unwrap();
    let survey = Survey::of(&mut *world.client, &table, table.column("name").unwrap(), SealedForm::Either).unwrap();
    assert_eq!((survey.rows, survey.sealed()), (100, 100));
    let (report, _) = world.sweep(&Sweep::new(Job::Verify, sweep::world::PEOPLE));
    assert_eq!((report.rows, report.left), (100, Some(0)), "{report:?}");
}

/// Sealed bytes that a cast has made text of: no program reads them, and they're under their key
/// all the same.
#[test]
fn sealed_bytes_in_a_text_are_counted_where_nobody_declared_them() {
    let mut world = World::new(sqlite());
    world.people("bytes");
    world.fill(3);
    world.batch("CREATE TABLE copies AS SELECT CAST(name AS TEXT) AS name FROM people");
    let table = Table::describe(&mut *world.client, "copies").unwrap().unwrap();
    let survey = Survey::of(&mut *world.client, &table, table.column("name").unwrap(), SealedForm::Either).unwrap();
    assert_eq!((survey.rows, survey.sealed()), (3, 3));
}
