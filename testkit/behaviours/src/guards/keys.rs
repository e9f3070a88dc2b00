//! Which keys' values pass.

use super::world::{INSERT, NAME, PEOPLE, UPDATE, as_stored, base64, int};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::guards::KeyCheck;
use fieldseal::keys::KeyId;
use fieldseal::{Column, Scope, Suite};
use fieldseal_sweep::sql::Cell;

/// The same name in both forms.
const FORMS: [&[Column]; 2] = [&[NAME], &[NAME.base64()]];

const REFUSED: &str = "people.name is sealed under a key that is retired or unknown";

/// What looks sealed under that key.
fn under(column: &Column, id: u32) -> Cell {
    let bytes = [&[1], id.to_be_bytes().as_slice(), &[0; 40]].concat();
    as_stored(column, if column.is_base64() { base64(&bytes).into_bytes() } else { bytes })
}

pub fn keys_that_do_not_open_are_refused_until_they_do_again(home: Home) {
    let mut world = World::new(home);
    for columns in FORMS {
        let [column] = columns else { unreachable!() };
        world.batch("DROP TABLE IF EXISTS people");
        world.people(column.is_base64());
        world.guard(&[PEOPLE.with_columns(columns)], &KeyCheck::InStore);
        let old = world.sealed(column, 1, "old");
        let old_key = world.keyring.primary(&Scope::APPLICATION).unwrap();
        let staged = world.keyring.admin().stage(&Scope::APPLICATION).unwrap();
        world.passes(INSERT, &[int(1), old.clone()]);
        world.passes(INSERT, &[int(2), under(column, staged.get())]);
        world.keyring.admin().promote_at_once(staged).unwrap();
        let new = world.sealed(column, 3, "new");
        world.passes(INSERT, &[int(3), new.clone()]);
        world.passes(UPDATE, &[old.clone(), int(3)]);
        world.passes(UPDATE, &[new, int(3)]);
        world.keyring.admin().retire(old_key).unwrap();
        world.refused(REFUSED, INSERT, &[int(4), old.clone()]);
        world.refused(REFUSED, UPDATE, &[old.clone(), int(3)]);
        // The row that has it already.
        world.passes("UPDATE people SET note = 'x' WHERE id = 1", &[]);
        world.passes(UPDATE, &[old.clone(), int(1)]);
        world.keyring.admin().reactivate(old_key).unwrap();
        world.passes(INSERT, &[int(4), old.clone()]);
        world.keyring.admin().retire(old_key).unwrap();
        world.keyring.admin().destroy(old_key).unwrap();
        world.refused(REFUSED, INSERT, &[int(5), old]);
        let unknown = if staged.get() == 7 { 8 } else { 7 };
        world.refused(REFUSED, INSERT, &[int(5), under(column, unknown)]);
    }
}

/// The number is read out of the value to the bit.
pub fn a_key_is_told_from_its_neighbours(home: Home) {
    let ids = [1, 0xFF, 0x0100, 0x0102_0304, 0x0FED_CBA9, 0x1020_4080, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE];
    let mut world = World::new(home);
    // Beside the keyring's own, which nobody asks for here.
    world.batch("DELETE FROM fieldseal_keys");
    let commitment = match world.dialect() {
        Dialect::Postgres => format!("decode('{}', 'hex')", "00".repeat(32)),
        _ => format!("x'{}'", "00".repeat(32)),
    };
    for id in ids {
        let scope = if world.dialect() == Dialect::Postgres { format!("'{id}'::bytea") } else { format!("'{id}'") };
        world.batch(&format!(
            "INSERT INTO fieldseal_keys (id, scope, state, commitment, wrapped, created, revision) \
             VALUES ({id}, {scope}, 'active', {commitment}, '[]', 0, 1)"
        ));
    }
    for columns in FORMS {
        let [column] = columns else { unreachable!() };
        world.batch("DROP TABLE IF EXISTS people");
        world.people(column.is_base64());
        world.guard(&[PEOPLE.with_columns(columns)], &KeyCheck::InStore);
        for (row, id) in (1_i64..).zip(ids) {
            world.passes(INSERT, &[int(row), under(column, id)]);
            let neighbours = (0..32).map(|bit| id ^ (1 << bit)).filter(|other| *other != 0 && !ids.contains(other));
            for other in neighbours {
                world.refused(REFUSED, INSERT, &[int(1000), under(column, other)]);
            }
        }
    }
}

pub fn listed_keys_are_refused(home: Home) {
    let mut world = World::new(home);
    let id = |id| KeyId::new(id).unwrap();
    world.batch("DROP TABLE fieldseal_keys");
    for columns in FORMS {
        let [column] = columns else { unreachable!() };
        world.batch("DROP TABLE IF EXISTS people");
        world.people(column.is_base64());
        let schema = PEOPLE.with_columns(columns);
        world.guard(&[schema], &KeyCheck::Refusing(vec![id(7), id(u32::MAX)]));
        for refused in [7, u32::MAX] {
            world.refused(REFUSED, INSERT, &[int(1), under(column, refused)]);
        }
        for (row, passing) in (1_i64..).zip([1, 6, 8, 0x0700_0000, u32::MAX - 1]) {
            world.passes(INSERT, &[int(row), under(column, passing)]);
            world.refused(REFUSED, UPDATE, &[under(column, 7), int(row)]);
        }
        world.guard(&[schema], &KeyCheck::Refusing(Vec::new()));
        world.passes(INSERT, &[int(7), under(column, 7)]);
        world.guard(&[schema], &KeyCheck::None);
        world.passes(INSERT, &[int(8), under(column, 7)]);
    }
}

/// An administrator doesn't wait for a transaction that wrote, nor the other way round.
pub fn no_lock_is_left_on_the_key_store(home: Home) {
    let mut world = World::new(home);
    let columns: &[Column] = const { &[NAME.with_suite(Suite::Aes256Siv)] };
    world.people(false);
    world.guard(&[PEOPLE.with_columns(columns)], &KeyCheck::InStore);
    let levels = ["READ COMMITTED", "REPEATABLE READ"];
    for (id, level) in (1_i64..).zip(levels) {
        let key = world.keyring.primary(&Scope::APPLICATION).unwrap();
        world.passes(INSERT, &[int(id * 100), world.sealed(&columns[0], 1, "before")]);
        let mut writer = world.database.connect().unwrap();
        match world.dialect() {
            Dialect::Postgres => writer.batch(&format!("BEGIN ISOLATION LEVEL {level}")).unwrap(),
            _ => writer.batch(&format!("SET TRANSACTION ISOLATION LEVEL {level}; START TRANSACTION")).unwrap(),
        };
        std::mem::swap(&mut writer, &mut world.client);
        world.passes(INSERT, &[int(id), world.sealed(&columns[0], id, "x")]);
        world.passes(UPDATE, &[world.sealed(&columns[0], id, "y"), int(id * 100)]);
        world.passes("INSERT INTO people (id, name) SELECT id + 1000, name FROM people WHERE id = ?", &[int(id)]);
        // It waits for five seconds where there is a lock, and fails.
        world.keyring.admin().rotate(&Scope::APPLICATION).unwrap();
        world.keyring.admin().retire(key).unwrap();
        world.batch("COMMIT");
        std::mem::swap(&mut writer, &mut world.client);
        world.refused(REFUSED, INSERT, &[int(id * 100 + 1), under(&columns[0], key.get())]);
        // The administrator's transaction is open, and nobody waits for it.
        let mut administrator = world.database.connect().unwrap();
        administrator.batch("BEGIN").unwrap();
        administrator.batch("UPDATE fieldseal_keys SET revision = revision + 1").unwrap();
        world.passes(INSERT, &[int(id * 100 + 2), world.sealed(&columns[0], 1, "meanwhile")]);
        administrator.batch("ROLLBACK").unwrap();
    }
}

/// What docs/guards.md says of it: the key that the snapshot doesn't have is unknown, and there is
/// another try.
pub fn a_snapshot_does_not_know_the_keys_that_came_later(home: Home) {
    let mut world = World::new(home);
    world.people(false);
    world.guard(&[PEOPLE], &KeyCheck::InStore);
    world.batch(match world.dialect() {
        // It has none while it writes.
        Dialect::Sqlite => return,
        Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        _ => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION",
    });
    world.write("SELECT * FROM people", &[]).unwrap();
    world.keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    let sealed = world.sealed(&NAME, 1, "x");
    let error = world.write(INSERT, &[int(1), sealed.clone()]).unwrap_err();
    assert!(error.to_string().contains(REFUSED), "{error}");
    world.batch("ROLLBACK");
    world.passes(INSERT, &[int(1), sealed]);
}
