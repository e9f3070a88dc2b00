//! Names, schemas, and whether guards are there.

use super::world::{ID, INSERT, NAME, PEOPLE, int};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::guards::{Guard, KeyCheck};
use fieldseal::value::Kind;
use fieldseal::{Column, Suite};
use fieldseal_sweep::sql::{Cell, quoted};

pub fn any_name_will_do(home: Home) {
    const ODD: [(&str, &[&str]); 6] = [
        ("order", &["select", "Select group"]),
        ("Upper Case", &["NAME", "b"]),
        ("it's \"quoted\"", &["a\"b'c", "`tick`"]),
        ("back\\slash", &["a\\", "a\\'b"]),
        ("$guard$ $$", &["$guard$", "END; --", "*/ x", "日本語"]),
        (
            "a_table_whose_name_is_as_long_as_any_can_be_in_this_database_xx",
            &["a_column_whose_name_is_as_long_as_any_can_be_in_this_database_x", "a"],
        ),
    ];
    let mut world = World::new(home);
    let dialect = world.dialect();
    let bytes = world.type_of(false);
    let name = |name: &str| quoted(dialect, name);
    for (table, columns) in ODD {
        let typed: Vec<_> = columns.iter().map(|column| format!("{} {bytes}", name(column))).collect();
        world.batch(&format!("CREATE TABLE {} (id BIGINT PRIMARY KEY, {})", name(table), typed.join(", ")));
        let sealed: Vec<_> = columns.iter().map(|column| NAME.with_sql_name(column)).collect();
        let schema = PEOPLE.with_sql_table(table).with_columns(sealed.leak());
        let made = world.guard(&[schema], &KeyCheck::InStore);
        assert_eq!(made.len(), columns.len());
        assert!(world.problems(&made).iter().any(|(_, problem)| problem.is_none()));
        for (guard, column) in made.iter().zip({
            let mut sorted = columns.to_vec();
            sorted.sort_unstable();
            sorted
        }) {
            assert_eq!((guard.table.as_str(), guard.column.as_str()), (table, column));
            let insert = format!("INSERT INTO {} (id, {}) VALUES (?, ?)", name(table), name(column));
            let error = world.write(&insert, &[int(1), Cell::Bytes(b"plaintext".to_vec())]).unwrap_err();
            let said = error.to_string();
            assert!(said.contains("must be a sealed value"), "{said}");
            assert!(dialect == Dialect::Mysql || said.contains(&format!("fieldseal: {table}.{column} ")), "{said}");
            world.passes(&insert, &[int(1), world.sealed(&NAME, 1, "x")]);
            world.passes(&format!("DELETE FROM {}", name(table)), &[]);
        }
        world.apply(made.iter().flat_map(|guard| &guard.remove));
        assert_eq!(world.problems(&[]), []);
        // Those of columns that aren't declared any more, by what the database says alone.
        world.guard(&[schema], &KeyCheck::InStore);
        let strays = world.strays(&[]);
        world.apply(strays.iter().map(|(_, remove)| remove));
        assert_eq!((world.problems(&[]), world.strays(&[])), (vec![], vec![]));
    }
}

/// Two columns of two suites, in another schema; on MySQL in another database, on SQLite in another
/// file.
pub fn tables_in_other_schemas_are_guarded(home: Home) {
    const COLUMNS: &[Column] =
        &[NAME, Column::new("people", "code").with_suite(Suite::Aes256Siv).with_kind(Kind::TEXT)];
    let mut world = World::new(home);
    let bytes = world.type_of(false);
    let own = match world.dialect() {
        Dialect::Sqlite => String::new(),
        Dialect::Postgres => "public".to_owned(),
        _ => {
            let rows = world.client.rows("SELECT DATABASE()", &[]).unwrap();
            rows[0][0].as_str().unwrap().to_owned()
        }
    };
    let schema = format!("audit of {own}");
    let folder = tempfile::tempdir().unwrap();
    match world.dialect() {
        Dialect::Sqlite => {
            let path = folder.path().join("audit.db");
            std::fs::write(&path, "").unwrap();
            world.batch(&format!("ATTACH '{}' AS \"{schema}\"", path.display()));
        }
        dialect => world.batch(&format!("CREATE SCHEMA {}", quoted(dialect, &schema))),
    }
    let table: &'static str = format!("{schema}.people").leak();
    let name = quoted(world.dialect(), table);
    world.batch(&format!("CREATE TABLE {name} (id BIGINT PRIMARY KEY, name {bytes}, code {bytes})"));
    let described = PEOPLE.with_sql_table(table).with_row(&[ID]).with_columns(COLUMNS);
    let keys = match world.dialect() {
        Dialect::Sqlite => KeyCheck::None,
        Dialect::Postgres => KeyCheck::InStore,
        _ => KeyCheck::InStoreOf(own.clone()),
    };
    let made = world.guard(&[described], &keys);
    // Twice: with the key store's schema said, where there is one.
    let keys = if world.dialect() == Dialect::Sqlite { KeyCheck::None } else { KeyCheck::InStoreOf(own) };
    for again in [None, Some(&keys)] {
        let made = again.map_or_else(|| made.clone(), |keys| world.guard(&[described], keys));
        assert!(world.problems(&made).iter().all(|(_, problem)| problem.is_none()), "{:?}", world.problems(&made));
        let (sealed, code) = (world.sealed(&COLUMNS[0], 1, "x"), world.sealed(&COLUMNS[1], 1, "x"));
        let insert = format!("INSERT INTO {name} (id, name, code) VALUES (1, ?, ?)");
        for (cells, column) in [
            ([Cell::Bytes(b"plaintext".to_vec()), code.clone()], "name must be"),
            ([sealed.clone(), Cell::Bytes(b"plaintext".to_vec())], "code must be"),
            // Long enough for the one and not for the other.
            ([code.clone(), sealed.clone()], "name must be"),
        ] {
            let said = world.write(&insert, &cells).unwrap_err().to_string();
            assert!(said.contains(column), "{said}");
        }
        if keys != KeyCheck::None {
            let mut unknown = code.as_bytes().unwrap().to_vec();
            unknown[1..5].copy_from_slice(&[0, 0, 0, 7]);
            let said = world.write(&insert, &[sealed.clone(), Cell::Bytes(unknown)]).unwrap_err().to_string();
            assert!(said.contains("code is sealed under a key"), "{said}");
        }
        world.passes(&insert, &[sealed, code]);
        world.passes(&format!("DELETE FROM {name}"), &[]);
    }
    world.apply(made.iter().flat_map(|guard| &guard.remove));
    assert!(world.problems(&made).iter().all(|(_, problem)| problem.is_some()));
    if world.dialect() == Dialect::Mysql {
        world.batch(&format!("DROP SCHEMA {}", quoted(Dialect::Mysql, &schema)));
    }
}

pub fn making_and_removing_can_be_repeated(home: Home) {
    let mut world = World::new(home);
    world.people(false);
    let plain = || Cell::Bytes(b"plaintext".to_vec());
    for round in 0..2 {
        for _ in 0..2 {
            world.guard(&[PEOPLE], &KeyCheck::InStore);
            world.refused("must be a sealed value", INSERT, &[int(9), plain()]);
            world.passes(INSERT, &[int(1), world.sealed(&NAME, 1, "x")]);
            world.passes("DELETE FROM people", &[]);
        }
        // One of its triggers is gone, by somebody's hand.
        let made = world.guard(&[PEOPLE], &KeyCheck::None);
        if round == 1 {
            world.apply(&made[0].remove[..1]);
        }
        for _ in 0..2 {
            world.apply(&made[0].remove);
        }
        world.passes(INSERT, &[int(1), plain()]);
        world.passes("UPDATE people SET name = ?", &[Cell::Bytes(b"PLAINTEXT".to_vec())]);
        world.passes("DELETE FROM people", &[]);
    }
    world.batch("DROP TABLE people");
    let made: Vec<Guard> = fieldseal::guards::guards(world.dialect(), &[PEOPLE], &KeyCheck::None);
    world.apply(&made[0].remove);
}

pub fn the_check_tells_what_is_missing(home: Home) {
    const TWO: &[Column] = &[NAME, Column::new("people", "code").with_kind(Kind::TEXT)];
    let mut world = World::new(home);
    let bytes = world.type_of(false);
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {bytes}, code {bytes})"));
    let two = PEOPLE.with_columns(TWO);
    let expected = fieldseal::guards::guards(world.dialect(), &[two], &KeyCheck::InStore);
    let what = |world: &mut World, guards: &[Guard]| -> Vec<Option<String>> {
        let names: Vec<_> = guards.iter().map(|guard| guard.name.clone()).collect();
        let found = world.problems(guards);
        let (of_these, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(name, _)| names.contains(name));
        assert_eq!(of_these.iter().map(|(name, _)| name).collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
        assert!(others.iter().all(|(name, _)| name.starts_with("fieldseal_guard_")));
        of_these
            .into_iter()
            .map(|(_, problem)| problem)
            .chain(others.into_iter().map(|(_, problem)| problem))
            .collect()
    };
    let missing = |column: &str| Some(format!("people.{column}: its guard is missing"));
    assert_eq!(what(&mut world, &expected), [missing("code"), missing("name")]);
    // One, of two that there should be.
    world.guard(&[PEOPLE], &KeyCheck::InStore);
    assert_eq!(what(&mut world, &expected), [missing("code"), None]);
    world.guard(&[two], &KeyCheck::InStore);
    assert_eq!(what(&mut world, &expected), [None, None]);
    // Half of one.
    world.apply(&expected[0].remove[1..2]);
    let half = "people.code: one of its guard's two triggers is missing".to_owned();
    assert_eq!(what(&mut world, &expected), [Some(half), None]);
    world.apply(&expected[0].create);
    // Triggers go with a table that is renamed.
    world.batch("ALTER TABLE people RENAME TO people_before");
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {bytes}, code {bytes})"));
    assert_eq!(what(&mut world, &expected)[..2], [missing("code"), missing("name")]);
    world.batch("DROP TABLE people");
    world.batch("ALTER TABLE people_before RENAME TO people");
    assert_eq!(what(&mut world, &expected), [None, None]);
    // One that was made for other keys.
    world.guard(&[PEOPLE], &KeyCheck::None);
    let found = what(&mut world, &expected);
    assert!(found[0].is_none() && found[1].as_ref().unwrap().contains("name: its guard was made for"), "{found:?}");
    if world.dialect() == Dialect::Postgres {
        world.batch(&format!("ALTER TABLE people DISABLE TRIGGER \"{}_update\"", expected[0].name));
        let found = what(&mut world, &expected);
        assert!(found[0].as_ref().unwrap().contains("code: its guard is disabled"), "{found:?}");
        world.batch(&format!("ALTER TABLE people ENABLE ALWAYS TRIGGER \"{}_update\"", expected[0].name));
        assert_eq!(what(&mut world, &expected)[0], None);
    }
    // More than there should be.
    let one = fieldseal::guards::guards(world.dialect(), &[PEOPLE], &KeyCheck::None);
    let found = what(&mut world, &one);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].is_none());
    assert!(
        found[1..].iter().all(|problem| problem.as_ref().unwrap().contains("people: this guard's column is none"))
    );
    // The other one stays.
    let strays = world.strays(&one);
    assert!(strays.len() >= 2 && strays.iter().all(|(name, _)| name.starts_with(&expected[0].name)), "{strays:?}");
    world.apply(strays.iter().map(|(_, remove)| remove));
    assert_eq!(what(&mut world, &one), [None]);
    let insert = "INSERT INTO people (id, name, code) VALUES (?, ?, ?)";
    let plaintext = || Cell::Bytes(b"plaintext".to_vec());
    world.passes(insert, &[int(1), world.sealed(&NAME, 1, "x"), plaintext()]);
    assert!(world.write(insert, &[int(2), plaintext(), plaintext()]).is_err());
    // Its table is gone, and on PostgreSQL its function is left.
    world.batch("DROP TABLE people");
    let strays = world.strays(&[]);
    assert_eq!(strays.len(), usize::from(world.dialect() == Dialect::Postgres), "{strays:?}");
    world.apply(strays.iter().map(|(_, remove)| remove));
    assert_eq!(world.strays(&[]), []);
}
