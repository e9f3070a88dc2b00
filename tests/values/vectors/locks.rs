//! Schema locks, as `docs/format.md` has them under "The schema".

use super::*;
use fieldseal::schema::ContextColumn;
use fieldseal::{Column, Schema, SchemaLock, schema::LockError};

#[derive(Deserialize)]
struct File {
    read: Vec<Good>,
    refused: Vec<Bad>,
}

#[derive(Deserialize)]
struct Good {
    name: String,
    lock: String,
    columns: Vec<Locked>,
}

#[derive(Deserialize)]
struct Bad {
    name: String,
    lock: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Locked {
    table: String,
    column: String,
    kind: String,
    suite: String,
    previous_suite: Option<String>,
    row: Vec<(String, String)>,
    scope: Option<(String, String)>,
    padded: bool,
    hide_null: bool,
    base64: bool,
    stored_in: (String, String),
    pad: Option<usize>,
    size: Option<u32>,
    migrating: bool,
}

fn file() -> File {
    serde_json::from_str(&text_of("locks.json")).unwrap()
}

fn load(lock: &str) -> Result<Vec<Schema>, LockError> {
    let folder = tempfile::tempdir().unwrap();
    SchemaLock::load(written(folder.path().join("fieldseal.lock"), lock))
}

fn pair(column: &ContextColumn) -> (String, String) {
    (column.name.to_owned(), column.kind.to_string())
}

impl Locked {
    fn find<'a>(&self, schemas: &'a [Schema]) -> (&'a Schema, &'a Column) {
        let mut of_table = schemas.iter().filter(|schema| schema.table == self.table);
        of_table.find_map(|schema| schema.column(&self.column).map(|column| (schema, column))).unwrap()
    }

    fn check(&self, schema: &Schema, column: &Column, what: &str) {
        assert_eq!(column.kind().to_string(), self.kind, "{what}");
        assert_eq!(column.suite().name(), self.suite, "{what}");
        assert_eq!(column.previous_suite().map(Suite::name), self.previous_suite.as_deref(), "{what}");
        let row: Vec<_> = schema.row.iter().map(pair).collect();
        assert_eq!(row, self.row, "{what}");
        let is_bound = !row.is_empty() && column.suite() != Suite::Aes256Siv;
        assert_eq!(column.is_row_bound(), is_bound, "{what}");
        assert_eq!(schema.scope.as_ref().map(pair), self.scope, "{what}");
        assert_eq!(column.padding(), if self.padded { self.pad.unwrap() } else { 0 }, "{what}");
        assert_eq!(column.hides_null(), self.hide_null, "{what}");
        assert_eq!(column.is_base64(), self.base64, "{what}");
        assert_eq!((schema.sql_table, column.sql_name()), (&*self.stored_in.0, &*self.stored_in.1), "{what}");
        assert_eq!(column.size(), self.size.filter(|size| *size > 1), "{what}: no value has one byte");
        assert_eq!(column.is_migrating(), self.migrating, "{what}");
    }
}

#[test]
fn are_read() {
    let read = file().read;
    assert_eq!(read.len(), 20);
    for Good { name, lock, columns } in read {
        let schemas = load(&lock).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(schemas.iter().map(|schema| schema.columns.len()).sum::<usize>(), columns.len(), "{name}");
        for locked in columns {
            let (schema, column) = locked.find(&schemas);
            locked.check(schema, column, &name);
        }
    }
}

#[test]
fn are_refused() {
    let refused = file().refused;
    assert_eq!(refused.len(), 46);
    for Bad { name, lock } in refused {
        let error = load(&lock).expect_err(&name);
        assert!(matches!(error, LockError::File { .. }), "{name}: {error}");
    }
}
