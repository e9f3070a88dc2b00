//! Plaintext to sealed values and back.

use super::world::{NAME, PEOPLE, place};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::context::ContextKind;
use fieldseal::schema::ContextColumn;
use fieldseal::value::Kind;
use fieldseal::{Column, Schema, Scope};
use fieldseal_sweep::sql::Cell;
use fieldseal_sweep::{Job, ProblemKind, Sweep};

/// Names that look like something else.
fn hostile(world: &World) -> Vec<Option<String>> {
    let sealed = world.sealed(1, "x");
    let base64 = |bytes: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    };
    let mut unknown = sealed.as_bytes().unwrap().to_vec();
    unknown[1..5].copy_from_slice(&[0, 0, 0, 9]);
    let mut names: Vec<_> =
        ["", " ", "null", "NULL", "0", "x'00'", "\\x01", "it's", "\"", "\\", "AQ", "AAAA", "日本語", "🔑\u{200d}"]
            .map(|name| Some(name.to_owned()))
            .into();
    names.push(None);
    names.push(Some(base64(&unknown)));
    names.push(Some(base64(sealed.as_bytes().unwrap())));
    names.push(Some("x".repeat(1 << 20)));
    names.push(Some(format!("\\x{}", hex::encode(sealed.as_bytes().unwrap()))));
    names
}

fn texts(world: &mut World, table: &str, column: &str) -> Vec<(i64, Cell)> {
    let rows = world.client.rows(&format!("SELECT id, {column} FROM {table} ORDER BY id"), &[]).unwrap();
    rows.into_iter().map(|mut row| (row[0].integer().unwrap(), row.remove(1))).collect()
}

/// Where the database's columns have types, sealed values are in base64 there.
pub fn hostile_plaintext_is_sealed_in_place_and_comes_back(home: Home) {
    const BASE64: Schema = PEOPLE.with_columns(&[NAME.base64().migrating()]);
    const BYTES: Schema = PEOPLE.with_columns(&[NAME.migrating()]);
    let mut world = World::new(home);
    world.people("text");
    let schema = if world.dialect() == Dialect::Sqlite { BYTES } else { BASE64 };
    let names = hostile(&world);
    for (id, name) in (1..).zip(names.iter().cycle().take(names.len() * 5)) {
        let name = name.as_ref().map_or(Cell::Null, Cell::text);
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), name]);
    }
    let before = texts(&mut world, "people", "name");
    let sweep = Sweep::new(Job::Encrypt { from: None }, schema);
    let (report, problems) = world.sweep(&sweep);
    // In base64 the base64 of sealed values, elsewhere the bytes of one as PostgreSQL writes them
    // in text.
    let lookalikes = if world.dialect() == Dialect::Sqlite { 5 } else { 10 };
    // What looks sealed may be a value that was damaged, or whose key was lost: it's left alone,
    // unless somebody says.
    assert_eq!((report.failed, problems.len()), (lookalikes, usize::try_from(lookalikes).unwrap()), "{problems:?}");
    let (report, problems) = world.sweep(&sweep.clone().seal_lookalikes());
    assert!(problems.is_empty() && report.changed == lookalikes, "{report:?} {problems:?}");
    let sealed = texts(&mut world, "people", "name");
    assert!(before.iter().zip(&sealed).all(|(before, after)| before.1.is_null() || before != after));
    assert_eq!(world.sweep(&sweep.clone().seal_lookalikes()).0.changed, 0);
    let (report, problems) = world.sweep(&Sweep::new(Job::Verify, schema));
    assert_eq!((report.plaintext, report.failed), (0, 0), "{problems:?}");
    let decrypt = Sweep::new(Job::Decrypt { into: None }, schema);
    let (report, problems) = world.sweep(&decrypt);
    assert!(problems.is_empty() && report.is_complete(), "{report:?} {problems:?}");
    assert_eq!(texts(&mut world, "people", "name"), before);
    // Done twice it changes nothing; what looks sealed is reported, as nobody can tell it from a
    // value whose key was lost.
    let (report, _) = world.sweep(&decrypt);
    assert_eq!(report.changed, 0);
    assert_eq!(texts(&mut world, "people", "name"), before);
}

pub fn hidden_nulls_are_moved_opened_and_sealed(home: Home) {
    const HIDDEN: Column = Column::new("people", "name").with_kind(Kind::TEXT).hide_null(32);
    const MIGRATING: Column = HIDDEN.with_sql_name("back").migrating();
    let mut world = World::new(home);
    let (text, bytes) = (world.type_of("text"), world.type_of("bytes"));
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {bytes}, back {text})"));
    let schema = PEOPLE.with_columns(&[HIDDEN]);
    for id in 1..=10 {
        let name = (id % 2 == 0).then(|| format!("person {id}"));
        let sealed = world.keyring.seal(&HIDDEN, &place(id), &name);
        let sealed = sealed.bytes().unwrap().unwrap().to_vec();
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::Bytes(sealed)]);
    }
    world.insert("people", &["id", "name"], vec![Cell::Integer(11), Cell::Null]);
    world.rotate();
    // A NULL that isn't sealed is somebody else's.
    let (report, problems) = world.sweep(&Sweep::new(Job::Reencrypt, schema));
    assert_eq!((report.changed, report.failed, report.left), (10, 1, Some(1)), "{problems:?}");
    world.batch("DELETE FROM people WHERE id = 11");
    let decrypt = Sweep::new(Job::Decrypt { into: Some("back".to_owned()) }, schema);
    for changed in [5, 0] {
        let (report, problems) = world.sweep(&decrypt);
        assert!(problems.is_empty() && report.is_complete(), "{report:?} {problems:?}");
        assert_eq!((report.changed, report.done), (changed, 10 - changed), "{report:?}");
    }
    let back = texts(&mut world, "people", "back");
    assert!(back.iter().all(|(id, cell)| cell.is_null() == (id % 2 == 1)), "{back:?}");
    // Sealing NULL too, where the database lets text and bytes be in one column.
    if world.dialect() == Dialect::Sqlite {
        let schema = PEOPLE.with_columns(&[MIGRATING]);
        let (report, problems) = world.sweep(&Sweep::new(Job::Encrypt { from: None }, schema));
        assert!(problems.is_empty() && report.is_complete() && report.changed == 10, "{report:?} {problems:?}");
    }
}

/// An estimate writes nothing, the key store included; and a tenant whose keys were destroyed isn't
/// begun again.
pub fn a_dry_run_makes_no_keys_and_a_forgotten_tenant_gets_none(home: Home) {
    const ORG: ContextColumn = ContextColumn::new("org", ContextKind::Int);
    const SEALED: Column = Column::new("people", "name").with_sql_name("name_sealed").with_kind(Kind::TEXT);
    let mut world = World::new(home);
    let (text, bytes) = (world.type_of("text"), world.type_of("bytes"));
    world.batch(&format!(
        "CREATE TABLE people (id BIGINT PRIMARY KEY, org BIGINT NOT NULL, name {text}, name_sealed {bytes})"
    ));
    for id in 1..=4 {
        world.insert(
            "people",
            &["id", "org", "name"],
            vec![Cell::Integer(id), Cell::Integer(id % 2), Cell::text("x")],
        );
    }
    let forgotten = Scope::tenant(1).unwrap();
    world.keyring.admin().ensure_scope(&forgotten).unwrap();
    world.keyring.admin().shred(&forgotten).unwrap();
    let schema = PEOPLE.with_scope(ORG).with_columns(&[SEALED]);
    let sweep = Sweep::new(Job::Encrypt { from: Some("name".to_owned()) }, schema);
    let estimate = sweep.estimate(&world.keyring, &*world.database).unwrap();
    // The application's key, and one for the tenant that has none yet: the other had one.
    assert_eq!((estimate.rows, estimate.values, estimate.kms_calls), (4, 4, 1 + 2));
    assert_eq!(world.keyring.primary(&Scope::tenant(0).unwrap()), None);
    let (report, problems) = world.sweep(&sweep);
    assert_eq!((report.changed, report.failed), (2, 2), "{problems:?}");
    assert!(problems.iter().all(|problem| problem.kind == ProblemKind::Forgotten), "{problems:?}");
    assert!(world.keyring.primary(&Scope::tenant(0).unwrap()).is_some());
    assert_eq!(world.keyring.primary(&forgotten), None);
}

/// Text that its column makes a number of, decrypted in place while somebody else writes other rows
/// of the same batches.
pub fn what_is_decrypted_while_others_write_is_checked_too(home: Home) {
    let mut world = World::new(home);
    world.batch("CREATE TABLE people (id BIGINT PRIMARY KEY, name NUMERIC)");
    for id in 1..=400 {
        let sealed = world.sealed(id, if id % 2 == 0 { "007" } else { "text" });
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), sealed]);
    }
    let schema = PEOPLE.with_columns(const { &[NAME.migrating()] });
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (keyring, database) = (world.keyring.clone(), std::sync::Arc::clone(&world.database));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let (mut client, mut written) = (database.connect().unwrap(), 0);
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for id in (1..400).step_by(40) {
                    let sealed = keyring.seal_bytes(&NAME, &place(id), b"new").unwrap();
                    let params = [Cell::Bytes(sealed).into(), id.into()];
                    written += client.execute("UPDATE people SET name = ? WHERE id = ?", &params).unwrap_or(0);
                }
            }
            written
        });
        let (report, problems) = world.sweep(&Sweep::new(Job::Decrypt { into: None }, schema).batch(100));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(problems.iter().all(|problem| problem.kind == ProblemKind::Altered), "{problems:?}");
        assert_eq!((report.failed, problems.len()), (200, 200));
        assert!(writer.join().unwrap() > 0, "nobody else wrote");
    });
    let stored = world.stored();
    assert!((2..=400).step_by(2).all(|id| matches!(&stored[&id], Cell::Bytes(_))), "a 007 was made a number");
}

/// The beginning of a sealed value, under a key that there is, is no plaintext.
pub fn a_sealed_value_that_was_cut_is_not_sealed_again(home: Home) {
    const BYTES: Column = Column::new("people", "name").with_kind(Kind::BYTES).migrating();
    let mut world = World::new(home);
    world.people("bytes");
    let sealed = world.sealed(1, "x").as_bytes().unwrap().to_vec();
    for (id, name) in [(1, &sealed[..20]), (2, &sealed[..4]), (3, b"plaintext".as_slice())] {
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::Bytes(name.to_vec())]);
    }
    let schema = PEOPLE.with_columns(&[BYTES]);
    let before = world.stored();
    for job in [Job::Verify, Job::Encrypt { from: None }] {
        let (report, problems) = world.sweep(&Sweep::new(job, schema));
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.to_string()).collect();
        assert_eq!((report.failed, keys), (1, vec!["1".to_owned()]), "{problems:?}");
    }
    let after = world.stored();
    assert_eq!(after[&1], before[&1]);
    assert!(after[&2] != before[&2] && after[&3] != before[&3]);
}

pub fn plaintext_is_sealed_into_another_column_and_comes_back(home: Home) {
    const SEALED: Column = Column::new("people", "name").with_sql_name("name_sealed").with_kind(Kind::TEXT);
    const SCHEMA: Schema = PEOPLE.with_columns(&[SEALED]);
    let mut world = World::new(home);
    let (text, bytes) = (world.type_of("text"), world.type_of("bytes"));
    world.batch(&format!(
        "CREATE TABLE people (id BIGINT PRIMARY KEY, name {text}, name_sealed {bytes}, back {text})"
    ));
    let names = hostile(&world);
    for (id, name) in (1..).zip(&names) {
        let name = name.as_ref().map_or(Cell::Null, Cell::text);
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), name]);
    }
    let before = texts(&mut world, "people", "name");
    let encrypt = Sweep::new(Job::Encrypt { from: Some("name".to_owned()) }, SCHEMA);
    let values = u64::try_from(names.len() - 1).unwrap();
    for changed in [values, 0] {
        let (report, problems) = world.sweep(&encrypt);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((report.changed, report.left), (changed, Some(0)), "{report:?}");
        assert_eq!(texts(&mut world, "people", "name"), before);
    }
    let decrypt = Sweep::new(Job::Decrypt { into: Some("back".to_owned()) }, SCHEMA);
    for changed in [values, 0] {
        let (report, problems) = world.sweep(&decrypt);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((report.changed, report.left), (changed, Some(0)), "{report:?}");
        assert_eq!(texts(&mut world, "people", "back"), before);
    }
}

pub fn what_another_column_already_has_is_not_overwritten(home: Home) {
    const SEALED: Column = Column::new("people", "name").with_sql_name("name_sealed").with_kind(Kind::TEXT);
    const SCHEMA: Schema = PEOPLE.with_columns(&[SEALED]);
    let mut world = World::new(home);
    let (text, bytes) = (world.type_of("text"), world.type_of("bytes"));
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {text}, name_sealed {bytes})"));
    for (id, sealed) in [(1, "same"), (2, "other"), (3, "same")] {
        let sealed = world.keyring.seal_bytes(&SEALED, &place(id), sealed.as_bytes()).unwrap();
        world.insert(
            "people",
            &["id", "name", "name_sealed"],
            vec![Cell::Integer(id), Cell::text("same"), Cell::Bytes(sealed)],
        );
    }
    let before = texts(&mut world, "people", "name_sealed");
    let (report, problems) = world.sweep(&Sweep::new(Job::Encrypt { from: Some("name".to_owned()) }, SCHEMA));
    assert_eq!((report.changed, report.done, report.failed), (0, 2, 1));
    assert_eq!(problems[0].key.to_string(), "2");
    assert_eq!(problems[0].kind, ProblemKind::Differs);
    let (report, problems) = world.sweep(&Sweep::new(Job::Decrypt { into: Some("name".to_owned()) }, SCHEMA));
    assert_eq!((report.changed, report.done, report.failed), (0, 2, 1), "{problems:?}");
    assert_eq!(texts(&mut world, "people", "name_sealed"), before);
}

/// Decrypting into a column that can't hold the value: shorter, or of a type that makes something
/// else of it.
pub fn what_a_column_would_change_stays_sealed(home: Home) {
    const SCHEMA: Schema = PEOPLE;
    let mut world = World::new(home);
    let bytes = world.type_of("bytes");
    let narrow = match world.dialect() {
        // Text that is a number becomes one.
        Dialect::Sqlite => "INTEGER",
        _ => "VARCHAR(3)",
    };
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {bytes}, back {narrow})"));
    for (id, name) in [(1, "abc"), (2, "007 "), (3, "def"), (4, "0070"), (5, "xy")] {
        let sealed = world.sealed(id, name);
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), sealed]);
    }
    let (report, problems) = world.sweep(&Sweep::new(Job::Decrypt { into: Some("back".to_owned()) }, SCHEMA));
    assert_eq!((report.changed, report.failed), (3, 2), "{problems:?}");
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.to_string()).collect();
    assert_eq!(keys, ["2", "4"]);
    for problem in &problems {
        assert!(matches!(problem.kind, ProblemKind::Altered | ProblemKind::Refused(_)), "{problem}");
        assert!(!problem.to_string().contains("007"), "a value was printed: {problem}");
    }
    let rows = world.client.rows("SELECT id FROM people WHERE back IS NULL ORDER BY id", &[]).unwrap();
    assert_eq!(rows.iter().map(|row| row[0].integer().unwrap()).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(world.opened().len(), 5);
}

/// 100,000 people with names, notes and years of birth, some of them as hostile as they come, to
/// sealed values and back.
pub fn a_hundred_thousand_people_are_sealed_and_come_back_byte_for_byte(home: Home) {
    const NAME_64: Column = NAME.base64().migrating();
    const NOTES: Column = Column::new("people", "notes").with_kind(Kind::TEXT).migrating();
    const BORN: Column = Column::new("people", "born").with_sql_name("born_sealed").with_kind(Kind::I64);
    let mut world = World::new(home);
    plaintext_people(&mut world);
    let in_place = if world.dialect() == Dialect::Sqlite {
        PEOPLE.with_columns(const { &[NAME.migrating(), NOTES] })
    } else {
        PEOPLE.with_columns(const { &[NAME_64, NOTES.base64()] })
    };
    let beside = PEOPLE.with_columns(&[BORN]);
    let before = digest(&mut world, "id, name, notes, born, born");
    let encrypt = Sweep::new(Job::Encrypt { from: None }, in_place).seal_lookalikes();
    let complete = |world: &World, sweep: &Sweep| {
        let (report, problems) = world.sweep(sweep);
        assert!(problems.is_empty() && report.is_complete(), "{report:?} {problems:?}");
        report
    };
    assert!(complete(&world, &encrypt).changed > 150_000);
    complete(&world, &Sweep::new(Job::Encrypt { from: Some("born".to_owned()) }, beside));
    assert_ne!(digest(&mut world, "id, name, notes, born, born"), before);
    assert_eq!(complete(&world, &encrypt).changed, 0);
    for schema in [in_place, beside] {
        assert_eq!(complete(&world, &Sweep::new(Job::Verify, schema)).plaintext, 0);
    }
    complete(&world, &Sweep::new(Job::Decrypt { into: None }, in_place));
    complete(&world, &Sweep::new(Job::Decrypt { into: Some("back".to_owned()) }, beside));
    assert_eq!(digest(&mut world, "id, name, notes, born, back"), before);
}

/// A note of a megabyte now and then, and something hostile every third time.
fn plaintext_people(world: &mut World) {
    let (text, bytes) = (world.type_of("text"), world.type_of("bytes"));
    world.batch(&format!(
        "CREATE TABLE people (id BIGINT PRIMARY KEY, name {text}, notes {text}, born BIGINT, born_sealed {bytes}, \
         back BIGINT)"
    ));
    let names = hostile(world);
    let cell = |text: Option<String>| text.map_or(Cell::Null, Cell::text);
    let mut insert = world.inserter("people", &["id", "name", "notes", "born"]);
    world.batch("BEGIN");
    for id in 1..=100_000_i64 {
        let at = usize::try_from(id).unwrap();
        let (name, note) = match id % 3 {
            0 => (names[at % 17].clone(), names[(at / 3) % 17].clone()),
            1 => (Some(format!("person {id}")), (id % 10_000 == 1).then(|| "ä".repeat(1 << 19))),
            _ => (Some(format!("person {id}")), Some(format!("note of {id}"))),
        };
        let born = if id % 11 == 0 { Cell::Null } else { Cell::Integer(1900 + id % 120) };
        insert(world, vec![Cell::Integer(id), cell(name), cell(note), born]);
    }
    world.batch("COMMIT");
}

/// Everything in those columns, as one number.
fn digest(world: &mut World, columns: &str) -> String {
    use sha2::Digest as _;
    let (mut digest, mut rows) = (sha2::Sha256::new(), 0);
    let select = format!("SELECT {columns} FROM people ORDER BY id");
    let each = &mut |row: Vec<Cell>| {
        rows += 1;
        for cell in row {
            let (kind, bytes) = match &cell {
                Cell::Null => (0, Vec::new()),
                Cell::Integer(integer) => (1, integer.to_be_bytes().to_vec()),
                Cell::Text(text) => (2, text.clone()),
                Cell::Bytes(bytes) => (3, bytes.clone()),
                other => panic!("{other:?}"),
            };
            digest.update([kind]);
            digest.update(u64::try_from(bytes.len()).unwrap().to_be_bytes());
            digest.update(bytes);
        }
        std::ops::ControlFlow::Continue(())
    };
    world.client.query(&select, &[], each).unwrap();
    assert_eq!(rows, 100_000);
    hex::encode(digest.finalize())
}
