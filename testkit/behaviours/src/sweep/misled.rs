//! What must not be believed: tables of the sweeps that somebody wrote, values whose key was lost,
//! columns that are no place for plaintext.

use super::world::{NAME, PEOPLE, place};
use super::{Home, World};
use fieldseal::Dialect;
use fieldseal::value::Kind;
use fieldseal::{Column, ErrorKind, Keyring, Scope, Suite, kms, store};
use fieldseal_sweep::sql::Cell;
use fieldseal_sweep::{Job, PlanError, ProblemKind, Sweep, SweepError};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const HIDDEN: Column =
    Column::new("people", "name").with_sql_name("name_sealed").with_kind(Kind::TEXT).hide_null(16);

/// People whose hidden names are in `name_sealed`; `name` is NULL.
fn hidden(world: &mut World, count: i64) {
    let (text, bytes) = (world.type_of("text"), world.type_of("bytes"));
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {text}, name_sealed {bytes})"));
    for id in 1..=count {
        let sealed = world.keyring.seal(&HIDDEN, &place(id), &Some(format!("person {id}")));
        let sealed = sealed.bytes().unwrap().unwrap().to_vec();
        world.insert("people", &["id", "name_sealed"], vec![Cell::Integer(id), Cell::Bytes(sealed)]);
    }
}

/// A sweep that says of itself that all of it was handed out, and that nobody has anything any
/// more.
pub fn a_sweep_that_others_say_is_done_is_looked_through(home: Home) {
    let mut world = World::new(home);
    hidden(&mut world, 20);
    let sweep = || Sweep::new(Job::Decrypt { into: Some("name".to_owned()) }, PEOPLE.with_columns(&[HIDDEN]));
    let (begun, _) = world.sweep(&sweep().stop_when(Arc::new(AtomicBool::new(true))));
    assert!(begun.stopped && begun.changed == 0, "{begun:?}");
    world.batch("DELETE FROM fieldseal_leases");
    world.batch("UPDATE fieldseal_sweeps SET exhausted = 1");
    let (report, problems) = world.sweep(&sweep());
    assert!(report.is_complete() && problems.is_empty(), "{report:?}");
    assert_eq!(report.changed, 20, "{report:?}");
    let rows = world.client.rows("SELECT name FROM people WHERE name IS NULL", &[]).unwrap();
    assert!(rows.is_empty(), "{} names were left", rows.len());
    let (report, _) = world.sweep(&sweep());
    assert!(report.is_complete() && report.changed == 0, "{report:?}");
}

/// In a migrating column: what can't be told from a value whose key was lost is reported, and what
/// can isn't sealed again.
pub fn a_value_whose_key_was_lost_is_no_plaintext(home: Home) {
    let mut world = World::new(home);
    world.people("bytes");
    for id in [1, 2] {
        let mut sealed = world.sealed(id, "sealed").as_bytes().unwrap().to_vec();
        sealed[1..5].copy_from_slice(&[0, 0, 0, 7]);
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::Bytes(sealed)]);
    }
    let before = world.stored();
    const BYTES: Column = Column::new("people", "name").with_kind(Kind::BYTES).migrating();
    for columns in [&[BYTES], const { &[NAME.migrating()] }] {
        world.batch("DELETE FROM people WHERE id > 2");
        for id in 3..=9 {
            // SQLite alone tells text from bytes in such a column.
            let is_text = world.dialect() == Dialect::Sqlite && columns[0].kind() == Kind::TEXT;
            let plaintext = if is_text { Cell::text("plaintext") } else { Cell::Bytes(b"plaintext".to_vec()) };
            world.insert("people", &["id", "name"], vec![Cell::Integer(id), plaintext]);
        }
        let (report, problems) = world.sweep(&Sweep::new(Job::Verify, PEOPLE.with_columns(columns)));
        assert_eq!((report.plaintext, report.failed), (7, 2), "{report:?} {problems:?}");
        let unknown = |kind: &ProblemKind| matches!(kind, ProblemKind::Value(ErrorKind::UnknownKey(_)));
        assert!(problems.iter().all(|problem| unknown(&problem.kind)), "{problems:?}");
        let (report, problems) =
            world.sweep(&Sweep::new(Job::Encrypt { from: None }, PEOPLE.with_columns(columns)));
        assert_eq!((report.changed, report.failed), (7, 2), "{report:?} {problems:?}");
        let after = world.stored();
        assert_eq!((&after[&1], &after[&2]), (&before[&1], &before[&2]));
    }
    // Only where it's said that they are plaintext; and text they can't be.
    let lookalikes =
        |columns| Sweep::new(Job::Encrypt { from: None }, PEOPLE.with_columns(columns)).seal_lookalikes();
    let (report, problems) = world.sweep(&lookalikes(const { &[NAME.migrating()] }));
    assert_eq!((report.changed, report.failed), (0, 2), "{report:?} {problems:?}");
    let (report, problems) = world.sweep(&lookalikes(&[BYTES]));
    assert_eq!((report.changed, report.failed), (2, 0), "{report:?} {problems:?}");
}

/// Base64 is text, and would be sealed once more.
pub fn base64_whose_key_was_lost_is_left(home: Home) {
    const BASE64: &[Column] = &[NAME.base64().migrating()];
    let mut world = World::new(home);
    let text = world.type_of("text");
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {text})"));
    for id in 1..=4 {
        world.insert("people", &["id", "name"], vec![Cell::Integer(id), Cell::text("plaintext")]);
    }
    let folder = tempfile::tempdir().unwrap();
    let kms = kms::Local::create(folder.path().join("kek.json")).unwrap();
    let lost = Keyring::builder(kms, store::Memory::new()).without_background().start().unwrap();
    lost.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    let sealed = lost.seal(&BASE64[0], &place(1), &"lost".to_owned());
    let sealed = std::str::from_utf8(sealed.bytes().unwrap().unwrap()).unwrap().to_owned();
    world.batch("DELETE FROM people WHERE id = 1");
    world.insert("people", &["id", "name"], vec![Cell::Integer(1), Cell::text(sealed)]);
    let before = world.stored();
    let schema = PEOPLE.with_columns(BASE64);
    for job in [Job::Verify, Job::Encrypt { from: None }] {
        let (report, problems) = world.sweep(&Sweep::new(job, schema));
        assert_eq!(report.failed, 1, "{report:?}");
        assert!(matches!(problems[0].kind, ProblemKind::Value(ErrorKind::UnknownKey(_))), "{problems:?}");
    }
    assert_eq!(world.stored()[&1], before[&1]);
}

pub fn plaintext_goes_into_no_column_that_refuses_it(home: Home) {
    const CODE: Column = Column::new("people", "code").with_kind(Kind::TEXT);
    let mut world = World::new(home);
    let bytes = world.type_of("bytes");
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {bytes}, code {bytes})"));
    let sealed = world.sealed(1, "x");
    world.insert("people", &["id", "name"], vec![Cell::Integer(1), sealed]);
    let refused = |columns, other: &str| {
        let sweep = Sweep::new(Job::Decrypt { into: Some(other.to_owned()) }, PEOPLE.with_columns(columns))
            .columns(["name"]);
        match sweep.run(&world.keyring, &*world.database, |_| {}) {
            Err(SweepError::Plan(PlanError::OtherColumn { column, .. })) => assert_eq!(column, other),
            other => panic!("{other:?}"),
        }
    };
    refused(&[NAME, CODE], "code");
    refused(&[NAME, CODE], "name");
    refused(&[NAME, CODE], "id");
    let migrating = const { &[NAME, CODE.migrating()] };
    let sweep = Sweep::new(Job::Decrypt { into: Some("code".to_owned()) }, PEOPLE.with_columns(migrating));
    let (report, problems) = world.sweep(&sweep.columns(["name"]));
    assert!(report.is_complete() && report.changed == 1, "{report:?} {problems:?}");
}

pub fn a_change_of_suite_is_estimated_by_what_may_move(home: Home) {
    const OTHER: Column = NAME.with_suite(Suite::Aes256Siv).with_previous_suite(Suite::Xaes256Gcm);
    let mut world = World::new(home);
    world.people("bytes");
    world.fill(50);
    world.insert("people", &["id", "name"], vec![Cell::Integer(51), Cell::Null]);
    let sweep = Sweep::new(Job::Reencrypt, PEOPLE.with_columns(&[OTHER]));
    let estimate = sweep.estimate(&world.keyring, &*world.database).unwrap();
    assert_eq!((estimate.rows, estimate.values), (51, 50));
    let (report, _) = world.sweep(&sweep);
    assert_eq!(report.changed, 50);
}

/// A column that the database computes: said at once, and not for each row.
pub fn a_generated_column_is_refused(home: Home) {
    const CODE: Column = Column::new("people", "code").with_kind(Kind::TEXT).migrating();
    let mut world = World::new(home);
    let bytes = world.type_of("bytes");
    world.batch(&format!(
        "CREATE TABLE people (id BIGINT PRIMARY KEY, name {bytes}, code {bytes} GENERATED ALWAYS AS (name) STORED)"
    ));
    for job in [Job::Encrypt { from: None }, Job::Reencrypt] {
        let sweep = Sweep::new(job, PEOPLE.with_columns(&[CODE]));
        let error = sweep.run(&world.keyring, &*world.database, |_| {}).unwrap_err();
        assert!(
            matches!(&error, SweepError::Plan(PlanError::ColumnType { column, .. }) if column == "code"),
            "{error}"
        );
    }
}
