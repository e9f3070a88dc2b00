//! Tables with primary keys of every type.

use super::world::{NAME, PEOPLE};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::context::ContextKind;
use fieldseal::schema::ContextColumn;
use fieldseal::{RowContext, RowId, Schema, Scope};
use fieldseal_sweep::sql::{Cell, Class, Table};
use fieldseal_sweep::{Job, Sweep};

/// Keys of one kind, as they're stored, as the row id has them.
struct Keys {
    kind: ContextKind,
    sql: &'static str,
    keys: Vec<(Cell, RowId)>,
}

fn all() -> Vec<Keys> {
    let texts = ["", "a", "A", "a ", "é", "it's \"quoted\" \\", "日本", "\u{10FFFF}", "1", "01"];
    let bytes: [&[u8]; 6] = [b"", b"\0", b"\xFF\0", b"a", b"A", &[0x27, 0x5C, 0x00, 0x1A]];
    let text = |text: &str| (Cell::text(text), RowId::of(text));
    let byte = |bytes: &[u8]| (Cell::Bytes(bytes.to_vec()), RowId::of(bytes));
    let int = |int: i64| (Cell::Integer(int), RowId::of(&int));
    let uuid = |seed: u8| (Cell::Bytes(vec![seed; 16]), RowId::of([seed; 16].as_slice()));
    vec![
        Keys {
            kind: ContextKind::Int,
            sql: "int",
            keys: [i64::MIN, -1, 0, 1, 2, 1 << 53, (1 << 53) + 1, i64::MAX].map(int).into(),
        },
        Keys { kind: ContextKind::Text, sql: "text key", keys: texts.map(text).into() },
        Keys { kind: ContextKind::Bytes, sql: "bytes key", keys: bytes.map(byte).into() },
        Keys { kind: ContextKind::Uuid, sql: "uuid", keys: [0, 1, 0x7F, 0x80, 0xFF].map(uuid).into() },
    ]
}

pub fn every_type_of_key_works(home: Home) {
    let mut world = World::new(home);
    let bytes = world.type_of("bytes");
    for (number, Keys { kind, sql, keys }) in all().into_iter().enumerate() {
        let table: &'static str = format!("single_{number}").leak();
        let mut key = world.type_of(sql).to_owned();
        if kind == ContextKind::Text && world.dialect() == Dialect::Mysql {
            // Otherwise `a`, `A` and `a ` would be one key.
            key.push_str(" CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin");
        }
        world.batch(&format!("CREATE TABLE {table} (id {key} NOT NULL PRIMARY KEY, name {bytes})"));
        let row: &'static [ContextColumn] = vec![ContextColumn::new("id", kind)].leak();
        let schema = PEOPLE.with_sql_table(table).with_row(row);
        for (cell, id) in &keys {
            let context = RowContext::of_row(id.clone());
            let sealed = world.keyring.seal_bytes(&NAME, &context, b"x").unwrap();
            world.insert(table, &["id", "name"], vec![cell.clone(), Cell::Bytes(sealed)]);
        }
        sweep_in_small_steps(&world, schema, keys.len());
    }
    composite(&mut world);
    no_part_of_the_row_id(&mut world);
    if world.dialect() == Dialect::Postgres {
        any_that_postgres_compares(&mut world);
    }
}

/// Types whose order isn't that of the texts as which they're read.
fn any_that_postgres_compares(world: &mut World) {
    for (number, key) in
        ["numeric(20)", "double precision", "oid", "interval", "date", "inet"].into_iter().enumerate()
    {
        let table: &'static str = format!("compared_{number}").leak();
        let value = match key {
            "interval" => "make_interval(days => g)",
            "date" => "DATE '9990-01-01' + g * 365",
            "inet" => "('10.0.0.' || g)::inet",
            _ => "g",
        };
        world.batch(&format!(
            "CREATE TABLE {table} (k {key} PRIMARY KEY, id BIGINT, name BYTEA); \
             INSERT INTO {table} (k, id) SELECT {value}, g FROM generate_series(8, 31) g"
        ));
        for id in 8..=31_i64 {
            let sealed = world.sealed(id, "x");
            let update = format!("UPDATE {table} SET name = $1 WHERE id = $2");
            world.client.execute(&update, &[sealed.into(), id.into()]).unwrap();
        }
        sweep_in_small_steps(world, PEOPLE.with_sql_table(table), 24);
    }
}

fn sweep_in_small_steps(world: &World, schema: Schema, rows: usize) {
    world.keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    let (report, problems) = world.sweep(&Sweep::new(Job::Reencrypt, schema).batch(2).range(3));
    let rows = u64::try_from(rows).unwrap();
    assert!(problems.is_empty(), "{}: {problems:?}", schema.sql_table);
    assert_eq!((report.rows, report.changed, report.left), (rows, rows, Some(0)), "{}", schema.sql_table);
    let (report, problems) = world.sweep(&Sweep::new(Job::Verify, schema));
    assert_eq!((report.done, problems.len()), (rows, 0));
}

/// Three columns of three types, some of which are the same in neighbouring rows.
fn composite(world: &mut World) {
    const ROW: &[ContextColumn] = &[
        ContextColumn::new("org", ContextKind::Int),
        ContextColumn::new("code", ContextKind::Text),
        ContextColumn::new("id", ContextKind::Uuid),
    ];
    let (bytes, text, uuid) = (world.type_of("bytes"), world.type_of("text key"), world.type_of("uuid"));
    world.batch(&format!(
        "CREATE TABLE composite (name {bytes}, id {uuid} NOT NULL, code {text} NOT NULL, org BIGINT NOT NULL, \
         PRIMARY KEY (org, code, id))"
    ));
    let schema = PEOPLE.with_sql_table("composite").with_row(ROW);
    let mut rows = 0;
    for org in [-1_i64, 7] {
        for code in ["a", "b", "it's"] {
            for id in 0..7_u8 {
                let row = RowId::of(&org).and(code).and([id; 16].as_slice());
                let sealed = world.keyring.seal_bytes(&NAME, &RowContext::of_row(row), b"x").unwrap();
                world.insert(
                    "composite",
                    &["org", "code", "id", "name"],
                    vec![Cell::Integer(org), Cell::text(code), Cell::Bytes(vec![id; 16]), Cell::Bytes(sealed)],
                );
                rows += 1;
            }
        }
    }
    sweep_in_small_steps(world, schema, rows);
}

/// The primary key is a number of the database's own; values are bound to another column.
fn no_part_of_the_row_id(world: &mut World) {
    const ROW: &[ContextColumn] = &[ContextColumn::new("code", ContextKind::Text)];
    let (bytes, text) = (world.type_of("bytes"), world.type_of("text key"));
    world.batch(&format!("CREATE TABLE beside (number BIGINT PRIMARY KEY, code {text} NOT NULL, name {bytes})"));
    let described = Table::describe(&mut *world.client, "beside").unwrap().unwrap();
    assert_eq!(described.key, ["number"]);
    if world.dialect() != Dialect::Sqlite {
        assert_eq!(described.column("code").unwrap().class, Class::Text);
    }
    for number in 0..20_i64 {
        let code = format!("code {number}");
        let context = RowContext::of_row(RowId::of(code.as_str()));
        let sealed = world.keyring.seal_bytes(&NAME, &context, b"x").unwrap();
        world.insert(
            "beside",
            &["number", "code", "name"],
            vec![Cell::Integer(number), Cell::text(code), Cell::Bytes(sealed)],
        );
    }
    sweep_in_small_steps(world, PEOPLE.with_sql_table("beside").with_row(ROW), 20);
}
