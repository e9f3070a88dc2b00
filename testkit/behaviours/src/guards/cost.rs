//! What guards cost, for docs/guards.md. Run by hand:
//!
//!     cargo test --release --test sqlite -- --ignored --nocapture guards::cost
//!     bash tests/with_databases cargo test --release --manifest-path tests-crates/databases/Cargo.toml --test rows \
//!         -- --ignored --nocapture --test-threads 1 cost

use super::world::{NAME, PEOPLE, int};
use super::{Home, World};
use fieldseal::Column;
use fieldseal::guards::KeyCheck;
use std::time::Instant;

/// A row of 100,000, inserted and updated by one statement each; nothing else takes time.
pub fn cost(home: Home) {
    const BASE64: &[Column] = &[NAME.base64()];
    const DOUBLED: u32 = 16;
    const ROWS: i64 = 100_000;
    let mut world = World::new(home);
    let dialect = world.dialect();
    for columns in [PEOPLE.columns, BASE64] {
        let form = world.type_of(columns[0].is_base64());
        world.batch("DROP TABLE IF EXISTS plain");
        world.batch(&format!("CREATE TABLE plain (id BIGINT PRIMARY KEY, name {form})"));
        world.batch("DROP TABLE IF EXISTS people");
        world.people(columns[0].is_base64());
        let [sealed, other] = ["x", "y"].map(|text| world.sealed(&columns[0], 1, &text.repeat(32)));
        world.passes("INSERT INTO plain (id, name) VALUES (?, ?)", &[int(0), sealed]);
        for power in 0..=DOUBLED {
            let more = 1_i64 << power;
            world.batch(&format!("INSERT INTO plain (id, name) SELECT id + {more}, name FROM plain"));
        }
        for keys in [None, Some(KeyCheck::None), Some(KeyCheck::InStore)] {
            world.batch("DROP TABLE people");
            world.people(columns[0].is_base64());
            if let Some(keys) = &keys {
                world.guard(&[PEOPLE.with_columns(columns)], keys);
            }
            let mut best = [f64::MAX; 3];
            for _ in 0..5 {
                world.batch("DELETE FROM people");
                let mut measure = |at: usize, sql: &str, cells: &[_]| {
                    let begun = Instant::now();
                    world.passes(sql, cells);
                    best[at] = best[at].min(begun.elapsed().as_secs_f64() / 100_000.0 * 1e6);
                };
                let insert = format!("INSERT INTO people (id, name) SELECT id, name FROM plain WHERE id < {ROWS}");
                measure(0, &insert, &[]);
                measure(1, "UPDATE people SET name = ?", std::slice::from_ref(&other));
                measure(2, "UPDATE people SET note = 'x'", &[]);
            }
            let [insert, update, beside] = best;
            println!(
                "{dialect:?}, {form}, {keys:?}: insert {insert:.2}, update {update:.2}, another column {beside:.2} µs a row"
            );
        }
    }
}
