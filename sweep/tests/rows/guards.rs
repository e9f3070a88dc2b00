//! The behaviours of `testkit/behaviours/src/guards` on SQLite, and what only SQLite has.
//! `tests-crates/databases` has them on the servers.

use behaviours::guards;
use behaviours::guards::world::{INSERT, NAME, PEOPLE, int};
use behaviours::guards::{Home, World};
use fieldseal::envelope::MAX_SEALED_LEN;
use fieldseal::guards::KeyCheck;
use fieldseal::{Column, Dialect, store};
use fieldseal_sweep::sql::{Cell, Sqlite};
use std::sync::Arc;

fn sqlite() -> Home {
    with("PRAGMA journal_mode = WAL")
}

/// The pragma is the first thing that happens to the database.
fn with(pragma: &str) -> Home {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(pragma).unwrap();
    connection.execute_batch(store::migration(Dialect::Sqlite).up).unwrap();
    let store = Arc::new(store::Rusqlite::open(&path).unwrap());
    Home { database: Arc::new(Sqlite::at(path)), store, keep: Box::new(folder) }
}

guards::guard_behaviours!(crate::guards::sqlite);

/// Text of two bytes a character is looked at as text.
mod in_utf16 {
    fn utf16() -> super::Home {
        super::with("PRAGMA encoding = 'UTF-16'")
    }

    behaviours::guards::guard_behaviours! { on utf16:
        sealed_values_of_every_suite_pass
        plaintext_and_near_misses_are_refused
        keys_that_do_not_open_are_refused_until_they_do_again
    }
}

#[test]
fn tables_without_rowid_are_guarded() {
    let mut world = World::new(sqlite());
    world.batch("CREATE TABLE people (id TEXT PRIMARY KEY, name BLOB) WITHOUT ROWID");
    world.guard(&[PEOPLE], &KeyCheck::InStore);
    world.passes(INSERT, &[Cell::text("a"), world.sealed(&NAME, 1, "x")]);
    world.refused("must be a sealed value", INSERT, &[Cell::text("b"), Cell::text("plaintext")]);
    world.refused("must be a sealed value", "UPDATE people SET name = ?", &[Cell::text("plaintext")]);
}

/// What one reader refuses as too long isn't let in.
#[test]
fn the_longest_value_passes_and_a_longer_one_does_not() {
    const BASE64: &[Column] = &[NAME.base64()];
    for columns in [PEOPLE.columns, BASE64] {
        let mut world = World::new(sqlite());
        world.people(columns[0].is_base64());
        world.guard(&[PEOPLE.with_columns(columns)], &KeyCheck::None);
        let stored = |len: usize| {
            if columns[0].is_base64() {
                let mut text = "A".repeat(len);
                text.replace_range(..7, "AQAAAAE");
                Cell::text(text)
            } else {
                let mut bytes = vec![1; len];
                bytes[0] = 1;
                Cell::Bytes(bytes)
            }
        };
        world.passes(INSERT, &[int(1), stored(MAX_SEALED_LEN)]);
        world.refused("must be a sealed value", INSERT, &[int(2), stored(MAX_SEALED_LEN + 4)]);
    }
}

#[test]
#[ignore = "it measures"]
fn cost() {
    guards::cost(sqlite());
}
