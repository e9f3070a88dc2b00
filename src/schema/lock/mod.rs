//! The schema lock: a committed file that lists every sealed column with what its stored data
//! depends on.

mod diff;
mod load;

use crate::model::{Column, Model, Schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The environment variable that lets [`SchemaLock::check`] write, when it is `update`.
const UPDATE: &str = "FIELDSEAL_LOCK";

const HEADER: &str = "\
# Every sealed column, and what its stored data depends on. Written by fieldseal; commit it.
# A change here that isn't an addition makes stored data unreadable, unless the data is moved first.

";

/// The models of a program, to be compared with the committed lock file in a test:
///
/// ```
/// # use fieldseal::{Column, Model, Schema, SchemaLock};
/// # struct Patient;
/// # const NAME: Column = Column::new("patients", "name").unbound_row();
/// # impl Model for Patient {
/// #     const SCHEMA: Schema = Schema::new("patients", &[NAME]);
/// # }
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("fieldseal.lock");
/// # let check = |lock: SchemaLock| lock.write(&path).and_then(|()| lock.check(&path));
/// # /*
/// #[test]
/// fn stored_data_stays_readable() {
/// # */
///     let lock = SchemaLock::new().model::<Patient>();
/// # let checked = check(lock);
/// # /*
///     lock.check("fieldseal.lock").unwrap();
/// }
/// # */
/// # checked.unwrap();
/// ```
///
/// The first run, with `FIELDSEAL_LOCK=update` in the environment, writes the file. Later runs with
/// it add new columns; they refuse to write a change that would strand data.
#[derive(Debug, Clone, Default)]
pub struct SchemaLock {
    schemas: Vec<Schema>,
}

/// The lock file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockFile {
    version: u32,
    #[serde(default, rename = "column")]
    columns: Vec<Entry>,
}

/// One sealed column in the lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    table: String,
    column: String,
    kind: String,
    suite: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_suite: Option<String>,
    /// `name: kind` of each column of the row id; empty where values aren't bound to their row.
    row: Vec<String>,
    /// `name: kind` of the scope's column; absent for the application's scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    padded: bool,
    hide_null: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    base64: bool,
    /// Where the database keeps it, `table.column`. Stored data doesn't depend on it, nor on what
    /// follows: that is for the command line.
    stored_in: String,
    /// What values are padded to a multiple of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pad: Option<usize>,
    /// How much the database's column holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
    /// Whether plaintext is accepted on read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    migrating: bool,
}

/// A change in code that the lock file doesn't know of, or a lock file that can't be used.
///
/// Its `Debug` is its message and what to try, so that `unwrap` in a test prints both.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// There is no lock file yet.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// Columns were added, or moved in the database; no stored data is concerned.
    #[error("{} is behind the code\n{diff}", path.display())]
    Behind {
        /// The lock file.
        path: PathBuf,
        /// What changed, a line each: `+` in code, `-` in the file.
        diff: String,
    },
    /// Stored data would become unreadable.
    #[error("the code no longer reads what {} says is stored\n{diff}", path.display())]
    Stranded {
        /// The lock file.
        path: PathBuf,
        /// What changed, a line each: `+` in code, `-` in the file.
        diff: String,
    },
    /// Two models see the same column differently, so one couldn't read what the other wrote.
    #[error("models {first} and {second} disagree about {table}.{column}\n{diff}")]
    Disagreement {
        /// A model.
        first: &'static str,
        /// Another.
        second: &'static str,
        /// The table's logical name.
        table: String,
        /// The column's logical name.
        column: String,
        /// How they differ: `-` the first, `+` the second.
        diff: String,
    },
    /// The file can't be read, parsed or written.
    #[error("{}: {message}", path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// What is wrong.
        message: String,
        /// The file system's or the parser's error.
        source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    },
}

/// By what they say: errors of a file system can't be compared.
impl PartialEq for LockError {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.to_string() == other.to_string()
    }
}

impl Eq for LockError {}

impl fmt::Debug for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}\nhint: {}", self.hint())
    }
}

impl LockError {
    fn file(path: &Path, message: String, source: Option<Arc<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::File { path: path.to_owned(), message, source }
    }

    /// What to try: sentences for the program's author, without a full stop.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "run the program's test of it once with FIELDSEAL_LOCK=update, and commit the file",
            Self::Behind { .. } => "run the program's test of it with FIELDSEAL_LOCK=update, and commit the file",
            Self::Stranded { .. } => {
                "put the code back, or pin the old name with `column = \"…\"` or `table = \"…\"`; if only the row's or \
                 scope's column was renamed, rename it in the file too; if no such data is left (it was re-encrypted, or \
                 never written), delete the column from the file and run the test with FIELDSEAL_LOCK=update"
            }
            Self::Disagreement { .. } => "make both models say the same of the column",
            Self::File { .. } => {
                "restore the file from version control, or write it anew with the program's test and FIELDSEAL_LOCK=update"
            }
        }
    }
}

impl SchemaLock {
    /// No models yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a model.
    #[must_use]
    pub fn model<M: Model>(mut self) -> Self {
        self.schemas.push(M::SCHEMA);
        self
    }

    /// Compares the models with the lock file, a path relative to the package's folder in a test.
    ///
    /// # Errors
    ///
    /// [`LockError`], whose message is a diff.
    pub fn check(&self, path: impl AsRef<Path>) -> Result<(), LockError> {
        let update = std::env::var_os(UPDATE).is_some_and(|value| value == "update");
        self.check_or_update(path.as_ref(), update)
    }

    /// Writes the lock file, and overwrites one that is there.
    ///
    /// # Errors
    ///
    /// [`LockError::Disagreement`] between the models, or [`LockError::File`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), LockError> {
        let path = path.as_ref();
        let file = LockFile { version: 1, columns: self.entries()?.into_values().collect() };
        let text = toml::to_string(&file)
            .map_err(|error| LockError::file(path, error.to_string(), Some(Arc::new(error))))?;
        std::fs::write(path, format!("{HEADER}{text}"))
            .map_err(|error| LockError::file(path, error.to_string(), Some(Arc::new(error))))
    }

    fn check_or_update(&self, path: &Path, update: bool) -> Result<(), LockError> {
        let code = self.entries()?;
        let Some(locked) = read(path)? else {
            return if update { self.write(path) } else { Err(LockError::Missing(path.to_owned())) };
        };
        let changes = diff::compare(&locked, &code);
        match (changes.strands, changes.diff.is_empty(), update) {
            (true, ..) => Err(LockError::Stranded { path: path.to_owned(), diff: changes.diff }),
            (false, true, false) => Ok(()),
            (false, true, true) if locked == code => Ok(()),
            (false, _, true) => self.write(path),
            (false, false, false) => Err(LockError::Behind { path: path.to_owned(), diff: changes.diff }),
        }
    }

    /// The columns of all models, by table and column.
    fn entries(&self) -> Result<Entries, LockError> {
        let mut entries = Entries::new();
        let mut owners = BTreeMap::new();
        for schema in &self.schemas {
            for column in schema.columns {
                let entry = Entry::new(schema, column);
                let id = (entry.table.clone(), entry.column.clone());
                let first = *owners.entry(id.clone()).or_insert(schema.model);
                let Some(other) = entries.get_mut(&id) else {
                    entries.insert(id, entry);
                    continue;
                };
                if !other.stores_as(&entry) {
                    let diff = diff::lines(other, &entry);
                    let (table, column) = id;
                    return Err(LockError::Disagreement { first, second: schema.model, table, column, diff });
                }
                other.merge_notes(&entry);
            }
        }
        Ok(entries)
    }
}

type Entries = BTreeMap<(String, String), Entry>;

fn read(path: &Path) -> Result<Option<Entries>, LockError> {
    let failed = |message: String| LockError::file(path, message, None);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LockError::file(path, error.to_string(), Some(Arc::new(error)))),
    };
    let file: LockFile = toml::from_str(&text).map_err(|error| {
        LockError::file(path, format!("not a schema lock: {}", error.message()), Some(Arc::new(error)))
    })?;
    if file.version != 1 {
        return Err(failed(format!("version {} of the lock file is newer than this fieldseal", file.version)));
    }
    let mut entries = Entries::new();
    for entry in file.columns {
        let id = (entry.table.clone(), entry.column.clone());
        if let Some(twice) = entries.insert(id, entry) {
            return Err(failed(format!("{}.{} is listed twice", twice.table, twice.column)));
        }
    }
    Ok(Some(entries))
}

impl Entry {
    fn new(schema: &Schema, column: &Column) -> Self {
        let context = |column: &crate::model::ContextColumn| format!("{}: {}", column.name, column.kind);
        // As long as values of the previous suite may be stored, they may be bound.
        let bound =
            column.is_row_bound() || column.previous_suite().is_some_and(|suite| column.binds_row_under(suite));
        Self {
            table: column.table().to_owned(),
            column: column.name().to_owned(),
            kind: column.kind().name().to_owned(),
            suite: column.suite().name().to_owned(),
            previous_suite: column.previous_suite().map(|suite| suite.name().to_owned()),
            row: if bound { schema.row.iter().map(context).collect() } else { Vec::new() },
            scope: schema.scope.as_ref().map(context),
            padded: column.padding() > 0,
            hide_null: column.hides_null(),
            base64: column.is_base64(),
            stored_in: format!("{}.{}", schema.sql_table, column.sql_name()),
            pad: (column.padding() > 0).then(|| column.padding()),
            size: column.size(),
            migrating: column.is_migrating(),
        }
    }

    /// Whether both read each other's values, in the same place.
    fn stores_as(&self, other: &Self) -> bool {
        let stored = |entry: &Self| Self { migrating: false, ..entry.clone() };
        stored(self).is_as(&stored(other))
    }

    /// Whether the two differ at most in how much is padded, and how much the column holds.
    fn is_as(&self, other: &Self) -> bool {
        let noted = |entry: &Self| Self { pad: None, size: None, ..entry.clone() };
        noted(self) == noted(other)
    }

    /// Two models may differ in what stored data doesn't depend on.
    fn merge_notes(&mut self, other: &Self) {
        self.pad = self.pad.max(other.pad);
        self.size = self.size.into_iter().chain(other.size).min();
        self.migrating |= other.migrating;
    }
}

#[cfg(test)]
mod tests;
