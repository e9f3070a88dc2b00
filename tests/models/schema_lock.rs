//! The schema lock as a program uses it: one test, one committed file, and a readable diff for each
//! change of code that would strand data.

#![allow(dead_code, reason = "only the schemas of the models matter")]

use fieldseal::schema::LockError;
use fieldseal::{Encrypt, Model, SchemaLock, Sealed};
use std::path::Path;
use std::process::{Command, Output};

testkit::test_keyring!(Keys, &[]);

const LOCK: &str = "tests/models/fieldseal.lock";

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys)]
struct Patient {
    id: uuid::Uuid,
    org_id: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 32, hide_null)]
    diagnosis: Option<String>,
    #[encrypt(json)]
    history: Vec<String>,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    email: String,
}

#[derive(Encrypt)]
#[encrypt(table = "visits", unbound_row, keyring = Keys)]
struct Visit {
    day: String,
    #[encrypt(suite = "aes-256-gcm", previous_suite = "xchacha20-poly1305")]
    note: Vec<u8>,
}

#[derive(Encrypt)]
#[encrypt(table = "wards", row = (house, floor), keyring = Keys)]
struct Ward {
    house: String,
    floor: u8,
    #[encrypt(column = "chief", sql_name = "chief_name")]
    chief: Option<Sealed<String>>,
}

#[test]
fn stored_data_stays_readable() {
    SchemaLock::new().model::<Patient>().model::<Visit>().model::<Ward>().check(LOCK).unwrap();
}

/// `Patient` as somebody changed it.
macro_rules! changed {
    (#[encrypt($($model:tt)*)] { $($(#[$attr:meta])* $field:ident: $type:ty,)* }) => {{
        #[derive(Encrypt)]
        #[encrypt($($model)*, keyring = Keys)]
        struct Patient { $($(#[$attr])* $field: $type,)* }
        SchemaLock::new().model::<Patient>()
    }};
}

/// The code's second version, checked against the first one's lock file.
fn diff(before: &SchemaLock, after: &SchemaLock) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fieldseal.lock");
    before.write(&path).unwrap();
    match after.check(&path) {
        Ok(()) => Ok(String::new()),
        Err(LockError::Behind { diff, .. }) => Ok(diff),
        Err(LockError::Stranded { diff, .. }) => Err(diff),
        Err(other) => panic!("{other}"),
    }
}

fn original() -> SchemaLock {
    changed!(#[encrypt(table = "patients", row = id, scope = org)] {
        id: i64, org: i64,
        #[encrypt] name: String,
    })
}

#[test]
fn changes_that_strand_data_are_refused_with_a_diff() {
    let cases = [
        (
            "a renamed field",
            changed!(#[encrypt(table = "patients", row = id, scope = org)] {
                id: i64, org: i64, #[encrypt] full_name: String,
            }),
            "- patients.name (text, xaes-256-gcm)\n+ patients.full_name (text, xaes-256-gcm)\n",
        ),
        (
            "a renamed table",
            changed!(#[encrypt(table = "people", row = id, scope = org)] {
                id: i64, org: i64, #[encrypt] name: String,
            }),
            "- patients.name (text, xaes-256-gcm)\n+ people.name (text, xaes-256-gcm)\n",
        ),
        (
            "another type",
            changed!(#[encrypt(table = "patients", row = id, scope = org)] {
                id: i64, org: i64, #[encrypt] name: Vec<u8>,
            }),
            "  patients.name\n-   kind = text\n+   kind = bytes\n",
        ),
        (
            "text as JSON",
            changed!(#[encrypt(table = "patients", row = id, scope = org)] {
                id: i64, org: i64, #[encrypt(json)] name: String,
            }),
            "  patients.name\n-   kind = text\n+   kind = json\n",
        ),
        (
            "another suite",
            changed!(#[encrypt(table = "patients", row = id, scope = org)] {
                id: i64, org: i64, #[encrypt(suite = "aes-256-gcm")] name: String,
            }),
            "  patients.name\n-   suite = xaes-256-gcm\n+   suite = aes-256-gcm\n",
        ),
        (
            "another row column",
            changed!(#[encrypt(table = "patients", row = (org, id), scope = org)] {
                id: i64, org: i64, #[encrypt] name: String,
            }),
            "  patients.name\n-   row = id: int\n+   row = org: int, id: int\n",
        ),
        (
            "a row id of another type",
            changed!(#[encrypt(table = "patients", row = id, scope = org)] {
                id: String, org: i64, #[encrypt] name: String,
            }),
            "  patients.name\n-   row = id: int\n+   row = id: text\n",
        ),
        (
            "no row",
            changed!(#[encrypt(table = "patients", unbound_row, scope = org)] {
                id: i64, org: i64, #[encrypt] name: String,
            }),
            "  patients.name\n-   row = id: int\n+   row = unbound\n",
        ),
        (
            "another scope",
            changed!(#[encrypt(table = "patients", row = id)] {
                id: i64, org: i64, #[encrypt] name: String,
            }),
            "  patients.name\n-   scope = org: int\n+   scope = none\n",
        ),
        (
            "padding",
            changed!(#[encrypt(table = "patients", row = id, scope = org)] {
                id: i64, org: i64, #[encrypt(pad = 8)] name: String,
            }),
            "  patients.name\n-   padded = false\n+   padded = true\n",
        ),
        (
            "a field no longer sealed",
            changed!(#[encrypt(table = "patients", row = id, scope = org)] {
                id: i64, org: i64, name: String, #[encrypt] note: String,
            }),
            "- patients.name (text, xaes-256-gcm)\n+ patients.note (text, xaes-256-gcm)\n",
        ),
    ];
    for (change, after, expected) in cases {
        assert_eq!(diff(&original(), &after), Err(expected.to_owned()), "{change}");
    }
}

#[test]
fn changes_that_strand_nothing_pass_or_are_additions() {
    let pinned = changed!(#[encrypt(table = "patients", row = id, scope = org)] {
        id: i64, org: i64, #[encrypt(column = "name", sql_name = "name")] full_name: String,
    });
    assert_eq!(diff(&original(), &pinned), Ok(String::new()), "a renamed field with its name pinned");
    let same_kinds = changed!(#[encrypt(table = "patients", row = id, scope = org)] {
        id: u32, org: i16, #[encrypt] name: Option<Sealed<String>>,
    });
    assert_eq!(diff(&original(), &same_kinds), Ok(String::new()), "types of the same kinds");
    let borrowed = changed!(#[encrypt(table = "patients", row = id, scope = org, write_only)] {
        id: i64, org: i64, #[encrypt] name: Option<Option<String>>,
    });
    assert_eq!(diff(&original(), &borrowed), Ok(String::new()), "a changeset");
    let renamed_in_database = changed!(#[encrypt(table = "patients", row = id, scope = org)] {
        id: i64, org: i64, #[encrypt(column = "name")] full_name: String,
    });
    let expected = "  patients.name\n-   stored_in = patients.name\n+   stored_in = patients.full_name\n";
    assert_eq!(diff(&original(), &renamed_in_database), Ok(expected.to_owned()));
    let added = changed!(#[encrypt(table = "patients", row = id, scope = org)] {
        id: i64, org: i64, #[encrypt] name: String, #[encrypt(suite = "xchacha20-poly1305")] note: i32,
    });
    assert_eq!(diff(&original(), &added), Ok("+ patients.note (i32, xchacha20-poly1305)\n".to_owned()));
    let moving = changed!(#[encrypt(table = "patients", row = id, scope = org)] {
        id: i64, org: i64, #[encrypt(suite = "aes-256-gcm", previous_suite = "xaes-256-gcm")] name: String,
    });
    assert!(diff(&original(), &moving).is_ok(), "a suite that names its previous one");
}

#[test]
fn a_message_says_which_file_what_changed_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fieldseal.lock");
    let missing = format!("{:?}", original().check(&path).unwrap_err());
    assert!(
        missing.contains("fieldseal.lock does not exist") && missing.contains("FIELDSEAL_LOCK=update"),
        "{missing}"
    );
    original().write(&path).unwrap();
    let error = SchemaLock::new().model::<Visit>().check(&path).unwrap_err();
    let message = format!("{error:?}");
    assert_eq!(message, format!("{error}\nhint: {}", error.hint()), "so that `unwrap` prints it");
    for part in ["- patients.name (text, xaes-256-gcm)", "put the code back", "column = \"…\""] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn two_models_over_a_column_must_agree() {
    #[derive(Encrypt)]
    #[encrypt(table = "visits", unbound_row, keyring = Keys)]
    struct Other {
        day: String,
        #[encrypt(suite = "aes-256-gcm", previous_suite = "xchacha20-poly1305")]
        note: String,
    }

    let error = SchemaLock::new().model::<Visit>().model::<Other>().check(LOCK).unwrap_err();
    let expected = "models Visit and Other disagree about visits.note\n-   kind = bytes\n+   kind = text\n";
    assert_eq!(error.to_string(), expected);
}

/// Not a test of its own: what the next one runs in a process with another environment.
#[test]
#[ignore = "run by updates_only_on_request"]
fn check_a_lock_elsewhere() {
    let path = std::env::var_os("LOCK_UNDER_TEST").unwrap();
    SchemaLock::new().model::<Visit>().model::<Ward>().check(path).unwrap();
}

#[test]
fn updates_only_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fieldseal.lock");
    assert!(!run(&path, None).status.success() && !path.exists(), "not without the variable");
    assert!(!run(&path, Some("1")).status.success() && !path.exists(), "not with another value");
    assert!(run(&path, Some("update")).status.success());
    assert!(run(&path, None).status.success());

    SchemaLock::new().model::<Visit>().write(&path).unwrap();
    let behind = run(&path, None);
    assert!(String::from_utf8_lossy(&behind.stderr).contains("+ wards.chief (text, xaes-256-gcm)"), "{behind:?}");
    assert!(run(&path, Some("update")).status.success(), "an addition");
    let updated = std::fs::read_to_string(&path).unwrap();

    original().write(&path).unwrap();
    let stranded = run(&path, Some("update"));
    assert!(String::from_utf8_lossy(&stranded.stderr).contains("- patients.name"), "{stranded:?}");
    assert_ne!(std::fs::read_to_string(&path).unwrap(), updated, "nothing that strands data is ever written");
}

fn run(lock: &Path, update: Option<&str>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "schema_lock::check_a_lock_elsewhere", "--nocapture"]);
    command.env("LOCK_UNDER_TEST", lock).env_remove("FIELDSEAL_LOCK");
    command.envs(update.map(|value| ("FIELDSEAL_LOCK", value)));
    command.output().unwrap()
}

#[test]
fn the_schema_says_where_everything_is() {
    let schema = Ward::SCHEMA;
    assert_eq!((schema.model, schema.table, schema.sql_table), ("Ward", "wards", "wards"));
    assert_eq!(
        schema.row.iter().map(|column| (column.name, column.kind.name())).collect::<Vec<_>>(),
        [("house", "text"), ("floor", "int")]
    );
    assert_eq!((schema.columns[0].name(), schema.columns[0].sql_name()), ("chief", "chief_name"));
}
