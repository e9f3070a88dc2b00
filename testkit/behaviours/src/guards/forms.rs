//! What a sealed value looks like, and what doesn't look like one.

use super::world::{INSERT, NAME, PEOPLE, UPDATE, as_stored, base64, int, place};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::guards::KeyCheck;
use fieldseal::{Column, Suite};
use fieldseal_sweep::sql::Cell;

/// `name` under each suite, as bytes and in base64.
const FORMS: [(&[Column], usize); 8] = [
    (&[NAME.with_suite(Suite::Xaes256Gcm)], 45),
    (&[NAME.with_suite(Suite::XChaCha20Poly1305)], 45),
    (&[NAME.with_suite(Suite::Aes256Gcm)], 33),
    (&[NAME.with_suite(Suite::Aes256Siv)], 21),
    (&[NAME.with_suite(Suite::Xaes256Gcm).base64()], 45),
    (&[NAME.with_suite(Suite::XChaCha20Poly1305).base64()], 45),
    (&[NAME.with_suite(Suite::Aes256Gcm).base64()], 33),
    (&[NAME.with_suite(Suite::Aes256Siv).base64()], 21),
];

const NOT_SEALED: &str = "people.name must be a sealed value: write it through the program's model";

/// The table anew, under guards for that column.
fn table(world: &mut World, columns: &'static [Column], keys: &KeyCheck) {
    world.batch("DROP TABLE IF EXISTS people");
    world.people(columns[0].is_base64());
    world.guard(&[PEOPLE.with_columns(columns)], keys);
}

pub fn sealed_values_of_every_suite_pass(home: Home) {
    let mut world = World::new(home);
    for (columns, _) in FORMS {
        table(&mut world, columns, &KeyCheck::InStore);
        for (id, text) in (1..).zip(["", "a", "ab", "abc", "日本語", &"x".repeat(100_000)]) {
            let (first, second) = (world.sealed(&columns[0], id, text), world.sealed(&columns[0], id, "other"));
            world.passes(INSERT, &[int(id), first]);
            world.passes(UPDATE, &[second, int(id)]);
        }
        world.passes(INSERT, &[int(100), Cell::Null]);
        world.passes("UPDATE people SET name = NULL", &[]);
    }
}

pub fn plaintext_and_near_misses_are_refused(home: Home) {
    let mut world = World::new(home);
    for (columns, overhead) in FORMS {
        table(&mut world, columns, &KeyCheck::None);
        let [column] = columns else { unreachable!() };
        let sealed = world.sealed(column, 1, "");
        world.passes(INSERT, &[int(1), sealed.clone()]);
        world.passes(INSERT, &[int(2), Cell::Null]);
        let mut misses = if column.is_base64() { texts(overhead) } else { byte_strings(overhead) };
        if world.dialect() == Dialect::Sqlite {
            misses.extend(other_types(column, overhead));
        }
        for miss in misses {
            world.refused(NOT_SEALED, INSERT, &[int(3), miss.clone()]);
            world.refused(NOT_SEALED, UPDATE, &[miss.clone(), int(1)]);
            world.refused(NOT_SEALED, UPDATE, &[miss, int(2)]);
        }
        let rows = world.client.rows("SELECT name FROM people ORDER BY id", &[]).unwrap();
        assert_eq!(rows[0][0].as_bytes(), sealed.as_bytes());
        assert!(rows[1][0].is_null());
        // Not a byte too many is asked for.
        for bytes in [overhead, overhead + 1].map(looks_sealed) {
            let stored = if column.is_base64() { base64(&bytes).into_bytes() } else { bytes };
            world.passes(UPDATE, &[as_stored(column, stored), int(1)]);
        }
    }
}

/// The first byte and a key id of a sealed value, and zeros.
fn looks_sealed(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    bytes[0] = 1;
    bytes[4] = 1;
    bytes
}

fn byte_strings(overhead: usize) -> Vec<Cell> {
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut bytes = looks_sealed(overhead + 9);
        change(&mut bytes);
        bytes
    };
    let strings = [
        Vec::new(),
        vec![1],
        vec![1, 0, 0, 0, 1],
        b"plaintext".to_vec(),
        b"a plaintext that is as long as many a sealed value is".to_vec(),
        looks_sealed(overhead - 1),
        changed(|bytes| bytes[0] = 2),
        changed(|bytes| bytes[0] = 0),
        changed(|bytes| bytes[0] = 0x81),
        changed(|bytes| bytes[4] = 0),
        changed(|bytes| bytes.rotate_left(1)),
        base64(&looks_sealed(overhead)).into_bytes(),
        format!("\\x{}", hex::encode(looks_sealed(overhead))).into_bytes(),
    ];
    strings.map(Cell::Bytes).into()
}

/// Base64 of what isn't sealed, and what isn't quite the base64 of something sealed.
fn texts(overhead: usize) -> Vec<Cell> {
    let of_bytes = byte_strings(overhead).into_iter().map(|cell| base64(cell.as_bytes().unwrap()));
    // Three lengths: with two, one and no characters of padding.
    let sealed = [0, 1, 2].map(|more| base64(&looks_sealed(overhead.next_multiple_of(3) + 1 + more)));
    let [two, one, none] = &sealed;
    assert!(two.ends_with("AA==") && one.ends_with("AAA=") && none.ends_with("AAAA"));
    let at = |text: &str, at: usize, with: &str| format!("{}{with}{}", &text[..at], &text[at + with.len()..]);
    let mut misses: Vec<String> = [
        "",
        "A",
        "plaintext",
        "AQAAAAE=",
        "=",
        "====",
        "a plaintext that is as long as many a sealed value in base64 is",
        "日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語",
    ]
    .map(str::to_owned)
    .into();
    misses.extend(of_bytes);
    for text in &sealed {
        let last = text.len() - 1;
        misses.extend([
            text[..last].to_owned(),
            text[1..].to_owned(),
            format!("{text}="),
            format!("{text}===="),
            format!("{text}\n"),
            format!(" {text}"),
            format!("{text}    "),
            format!("{}    {}", &text[..12], &text[12..]),
            format!("{}\r\n\t {}", &text[..12], &text[12..]),
            at(text, 12, "-"),
            at(text, 12, "_"),
            at(text, 12, "="),
            at(text, 12, "=="),
            at(text, 12, "===="),
            at(text, 12, " "),
            at(text, 12, "é"),
            at(text, 12, "Ａ"),
            at(text, 0, "a"),
            at(text, 1, "q"),
            text.to_lowercase(),
            text.replace('A', "\u{ff21}"),
        ]);
    }
    misses.extend([format!("{two}AQ=="), format!("{one}AQ=="), format!("{one}AQAA")]);
    // The unused bits.
    misses.extend(["AB==", "AP==", "A/=="].map(|end| at(two, two.len() - 4, end)));
    misses.extend(["AAB=", "AAC=", "AAD=", "AA/="].map(|end| at(one, one.len() - 4, end)));
    misses.extend([at(two, two.len() - 3, "==="), at(one, one.len() - 1, "A").replacen("AQ", "AR=", 1)]);
    misses.into_iter().map(Cell::text).collect()
}

/// SQLite's columns take anything.
fn other_types(column: &Column, overhead: usize) -> Vec<Cell> {
    let sealed = looks_sealed(overhead + 9);
    let form = if column.is_base64() {
        let text = base64(&sealed);
        vec![
            Cell::Bytes(text.clone().into_bytes()),
            Cell::text(format!("{text}\0")),
            Cell::text(format!("{text}\0AAA")),
            Cell::text(at_nul(&text)),
        ]
    } else {
        vec![
            Cell::Text(sealed),
            Cell::text("\u{1}\0\0\0\u{1} a text that begins as a sealed value does, and is long"),
        ]
    };
    [vec![Cell::Integer(1), Cell::Real(1.5), Cell::text("1")], form].concat()
}

fn at_nul(text: &str) -> String {
    format!("{}\0{}", &text[..28], &text[29..])
}

pub fn null_is_refused_where_it_is_sealed(home: Home) {
    const HIDDEN: &[Column] = &[NAME.hide_null(16)];
    const MIGRATING: &[Column] = &[NAME.hide_null(16).migrating()];
    let mut world = World::new(home);
    world.people(false);
    world.passes(INSERT, &[int(1), Cell::Null]);
    world.guard(&[PEOPLE.with_columns(HIDDEN)], &KeyCheck::InStore);
    let why = "people.name seals NULL like a value";
    world.refused(why, INSERT, &[int(2), Cell::Null]);
    world.refused(why, "INSERT INTO people (id) VALUES (?)", &[int(2)]);
    let sealed = world.keyring.seal_bytes(&HIDDEN[0], &place(2), b"x").unwrap();
    world.passes(INSERT, &[int(2), Cell::Bytes(sealed)]);
    world.refused(why, UPDATE, &[Cell::Null, int(2)]);
    world.refused(NOT_SEALED, UPDATE, &[Cell::Bytes(b"x".to_vec()), int(2)]);
    // What was there before.
    world.passes("UPDATE people SET name = NULL, note = 'x' WHERE id = 1", &[]);
    world.guard(&[PEOPLE.with_columns(MIGRATING)], &KeyCheck::InStore);
    world.passes(UPDATE, &[Cell::Null, int(2)]);
}

pub fn a_column_that_changes_its_suite_takes_both(home: Home) {
    const OLD: Column = NAME.with_suite(Suite::Aes256Siv);
    const NEW: Column = NAME.with_suite(Suite::Xaes256Gcm);
    const BOTH: [(Column, &[Column]); 2] =
        [(OLD, &[NEW.with_previous_suite(Suite::Aes256Siv)]), (OLD, &[OLD.with_previous_suite(Suite::Xaes256Gcm)])];
    let mut world = World::new(home);
    for (old, columns) in BOTH {
        table(&mut world, columns, &KeyCheck::InStore);
        let (shorter, longer) = (world.sealed(&old, 1, ""), world.sealed(&NEW, 2, ""));
        world.passes(INSERT, &[int(1), shorter.clone()]);
        world.passes(INSERT, &[int(2), longer]);
        table(&mut world, const { &[NEW] }, &KeyCheck::InStore);
        world.refused(NOT_SEALED, INSERT, &[int(1), shorter]);
    }
}

/// A collation that takes upper and lower case for the same doesn't hide a change.
pub fn only_the_whole_column_is_compared(home: Home) {
    const BASE64: &[Column] = &[NAME.base64()];
    let mut world = World::new(home);
    let collated = match world.dialect() {
        Dialect::Sqlite => "TEXT COLLATE NOCASE",
        Dialect::Postgres => {
            world.batch("CREATE EXTENSION citext");
            "citext"
        }
        _ => "TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    };
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {collated})"));
    world.guard(&[PEOPLE.with_columns(BASE64)], &KeyCheck::InStore);
    let sealed = world.sealed(&BASE64[0], 1, "x");
    world.passes(INSERT, &[int(1), sealed.clone()]);
    world.passes(UPDATE, &[sealed.clone(), int(1)]);
    world.refused(NOT_SEALED, UPDATE, &[Cell::text(sealed.as_str().unwrap().to_lowercase()), int(1)]);
}
