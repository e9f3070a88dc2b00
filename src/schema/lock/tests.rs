use super::*;
use crate::context::ContextKind;
use crate::model::ContextColumn;
use crate::suite::Suite;
use crate::value::Kind;

const ID: ContextColumn = ContextColumn::new("id", ContextKind::Uuid);

fn lock(columns: &'static [Column]) -> SchemaLock {
    let schema = Schema::new("patients", columns).with_model("Patient").with_row(&[ID]);
    SchemaLock { schemas: vec![schema] }
}

const NAME: Column = Column::new("patients", "name").with_kind(Kind::TEXT);
const NOTE: Column = Column::new("patients", "note").with_kind(Kind::TEXT);

/// Locks `before`, then checks `after` against it.
fn change(before: &'static [Column], after: &'static [Column], update: bool) -> Result<(), LockError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fieldseal.lock");
    lock(before).write(&path).unwrap();
    lock(before).check_or_update(&path, false).unwrap();
    lock(after).check_or_update(&path, update)?;
    lock(after).check_or_update(&path, false)
}

#[test]
fn a_missing_file_is_written_only_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fieldseal.lock");
    assert_eq!(lock(&[NAME]).check_or_update(&path, false), Err(LockError::Missing(path.clone())));
    lock(&[NAME]).check_or_update(&path, true).unwrap();
    lock(&[NAME]).check_or_update(&path, false).unwrap();
}

#[test]
fn new_columns_are_added_on_request() {
    let error = change(&[NAME], &[NAME, NOTE], false).unwrap_err();
    assert!(matches!(&error, LockError::Behind { diff, .. } if diff == "+ patients.note (text, xaes-256-gcm)\n"));
    change(&[NAME], &[NAME, NOTE], true).unwrap();
}

#[test]
fn every_change_that_strands_data_is_refused_even_on_request() {
    const PADDED: Column = NAME.pad(16);
    let changes: [(&'static [Column], &str); 6] = [
        (&[NOTE], "- patients.name (text, xaes-256-gcm)\n+ patients.note (text, xaes-256-gcm)\n"),
        (const { &[NAME.with_kind(Kind::BYTES)] }, "  patients.name\n-   kind = text\n+   kind = bytes\n"),
        (
            const { &[NAME.with_suite(Suite::Aes256Gcm)] },
            "  patients.name\n-   suite = xaes-256-gcm\n+   suite = aes-256-gcm\n",
        ),
        (const { &[NAME.unbound_row()] }, "  patients.name\n-   row = id: uuid\n+   row = unbound\n"),
        (&[PADDED], "  patients.name\n-   padded = false\n+   padded = true\n"),
        (
            const { &[PADDED.hide_null(16)] },
            "  patients.name\n-   padded = false\n+   padded = true\n-   hide_null = false\n+   hide_null = true\n",
        ),
    ];
    for (after, expected) in changes {
        let Err(LockError::Stranded { diff, .. }) = change(&[NAME], after, true) else { panic!("{expected}") };
        assert_eq!(diff, expected);
    }
}

#[test]
fn a_suite_may_change_if_the_previous_one_is_named() {
    change(&[NAME], const { &[NAME.with_suite(Suite::Aes256Gcm).with_previous_suite(Suite::Xaes256Gcm)] }, true)
        .unwrap();
    change(&[NAME], const { &[NAME.with_suite(Suite::Aes256Siv).with_previous_suite(Suite::Xaes256Gcm)] }, true)
        .unwrap();
}

#[test]
fn padding_may_change_and_columns_may_move_in_the_database() {
    change(const { &[NAME.pad(16)] }, const { &[NAME.pad(32)] }, false).unwrap();
    change(&[NAME], const { &[NAME.with_sql_name("full_name")] }, true).unwrap();
}

#[test]
fn models_that_disagree_are_found() {
    let mut both = lock(&[NAME]);
    both.schemas.extend(lock(const { &[NAME.pad(16)] }).schemas);
    assert!(matches!(both.entries(), Err(LockError::Disagreement { .. })));
    let mut same = lock(&[NAME]);
    same.schemas.extend(lock(&[NAME]).schemas);
    assert_eq!(same.entries().unwrap().len(), 1);
}

#[test]
fn damaged_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fieldseal.lock");
    lock(&[NAME]).write(&path).unwrap();
    let good = std::fs::read_to_string(&path).unwrap();
    let twice = good.clone()
        + good.split_once("[[column]]").map(|(_, rest)| format!("\n[[column]]{rest}")).unwrap().as_str();
    for bad in
        ["nonsense".to_owned(), good.replace("version = 1", "version = 2"), good.replace("kind", "kynd"), twice]
    {
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(lock(&[NAME]).check_or_update(&path, true), Err(LockError::File { .. })));
    }
}

#[test]
fn a_lock_file_gives_the_schemas_back() {
    const ORG: ContextColumn = ContextColumn::new("org", ContextKind::Int);
    const COLUMNS: &[Column] = &[
        Column::new("patients", "diagnosis").with_kind(Kind::JSON).hide_null(32).with_size(4000),
        Column::new("patients", "email").with_kind(Kind::TEXT).with_suite(Suite::Aes256Siv),
        Column::new("patients", "name")
            .with_sql_name("full_name")
            .with_kind(Kind::TEXT)
            .with_suite(Suite::Aes256Gcm)
            .with_previous_suite(Suite::Xaes256Gcm)
            .base64()
            .migrating(),
    ];
    let schema = Schema::new("patients", COLUMNS)
        .with_model("Patient")
        .with_sql_table("clinic.patients")
        .with_row(&[ID, ORG])
        .with_scope(ORG);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fieldseal.lock");
    SchemaLock { schemas: vec![schema] }.write(&path).unwrap();
    let loaded = SchemaLock::load(&path).unwrap();
    // A column under AES-256-SIV is unbound whatever the model says.
    let columns: Vec<_> = COLUMNS
        .iter()
        .map(|column| if column.name() == "email" { column.unbound_row() } else { *column })
        .collect();
    let columns: &'static [Column] = columns.leak();
    assert_eq!(
        loaded.iter().map(|schema| (*schema).with_model("Patient")).collect::<Vec<_>>(),
        [schema.with_columns(columns)]
    );
    assert_eq!(SchemaLock { schemas: loaded }.check_or_update(&path, false), Ok(()));
}

#[test]
fn a_lock_file_that_tools_cannot_use_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fieldseal.lock");
    assert_eq!(SchemaLock::load(&path).unwrap_err(), LockError::Missing(path.clone()));
    lock(const { &[NAME.pad(16)] }).write(&path).unwrap();
    let good = std::fs::read_to_string(&path).unwrap();
    for (from, to, says) in [
        ("pad = 16\n", "", "doesn't say what its values are padded to"),
        ("pad = 16\n", "pad = 1\n", "a multiple of 1"),
        ("suite = \"xaes-256-gcm\"", "suite = \"rot13\"", "no suite `rot13`"),
        ("id: uuid", "id", "`id` is not `name: kind`"),
        ("id: uuid", "id: point", "`point` is no kind"),
        ("stored_in = \"patients.name\"", "stored_in = \"name\"", "`table.column`"),
        ("padded = true", "padded = false", ""),
        ("hide_null = false\n", "hide_null = true\n", ""),
    ] {
        assert!(good.contains(from), "{from}");
        std::fs::write(&path, good.replace(from, to)).unwrap();
        match SchemaLock::load(&path) {
            Err(error) => assert!(!says.is_empty() && error.to_string().contains(says), "{error}"),
            Ok(_) => assert!(says.is_empty(), "{from} -> {to}"),
        }
    }
}
