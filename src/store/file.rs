//! A key store in a JSON file (`docs/format-keys.md`, "The key store").

use super::{Change, KeyStore, Page, StoreError, apply, check_writable};
use crate::context::Scope;
use crate::files::{self, ReadError};
use crate::format::json;
use crate::keys::{KeyId, KeyRecord, KeyState, MalformedRecord, RecordColumn};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

const FORMAT: &str = "fieldseal-keys/1";

/// The largest file that is read or written, in bytes.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Data keys in a JSON file, for programs on one machine that don't want them in their database.
///
/// The file is read at each operation and replaced as a whole at each commit, under a lock on
/// `<path>.lock`, so any number of processes can share it, as long as their file system has locks.
/// It is readable by its owner only when it is made; what is in it is wrapped, and worth nothing
/// without the KMS.
///
/// A damaged record keeps no other from being read, but nothing is committed while there is one:
/// the file is replaced as a whole, and what can't be read would be lost.
#[derive(Debug, Clone)]
pub struct File {
    path: PathBuf,
}

impl File {
    /// Makes an empty key store.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if there is a file at `path`, or it can't be made.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = Self::at(path.as_ref())?;
        files::create(&store.path, &store.encode(&[])?).map_err(|error| store.unavailable("create", error))?;
        Ok(store)
    }

    /// Opens a key store, and reads it once to see that it is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] if there is no file at `path`, otherwise as for [`KeyStore::page`].
    /// A damaged record is no error yet.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = Self::at(path.as_ref())?;
        store.read()?;
        Ok(store)
    }

    /// Opens a key store, or makes an empty one if there is none.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`] and [`Self::create`].
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        match Self::open(path) {
            Err(StoreError::Missing { .. }) => match Self::create(path) {
                // Another process was faster, or something else is in the way: `open` says what.
                Err(_) if path.exists() => Self::open(path),
                created => created,
            },
            opened => opened,
        }
    }

    fn at(path: &Path) -> Result<Self, StoreError> {
        match std::path::absolute(path) {
            Ok(path) => Ok(Self { path }),
            Err(error) => Err(Self { path: path.to_owned() }.unavailable("find", error)),
        }
    }

    fn read(&self) -> Result<Contents, StoreError> {
        let mut bytes = Vec::new();
        match files::read(&self.path, MAX_FILE, &mut bytes) {
            Ok(_) => self.decode(&bytes),
            Err(ReadError::Io(error)) => Err(self.unavailable("read", error)),
            Err(ReadError::NotAFile) => Err(self.damaged("it is not a file".to_owned())),
            Err(ReadError::TooLarge) => Err(self.damaged("it is larger than 256 MiB".to_owned())),
        }
    }

    fn refuse(&self, damaged: Option<&DamagedEntry>) -> Result<(), StoreError> {
        damaged.map_or(Ok(()), |damaged| Err(StoreError::malformed(self.name(), damaged.error)))
    }

    fn encode(&self, keys: &[KeyRecord]) -> Result<Vec<u8>, StoreError> {
        let mut json = serde_json::to_vec_pretty(&Document { format: FORMAT, keys })
            .map_err(|error| self.unavailable("write", error.into()))?;
        json.push(b'\n');
        if u64::try_from(json.len()).is_ok_and(|len| len <= MAX_FILE) {
            Ok(json)
        } else {
            Err(self.unavailable("write", io::ErrorKind::FileTooLarge.into()))
        }
    }

    fn decode(&self, bytes: &[u8]) -> Result<Contents, StoreError> {
        let (format, entries) = match json::from_object::<StoredDocument<Whole>>(bytes) {
            Ok(StoredDocument { format, keys: Whole(keys) }) => (format, keys.into_iter().map(Ok).collect()),
            Err(error) => one_by_one(bytes).ok_or_else(|| self.not_a_document(bytes, &error))?,
        };
        if format == FORMAT { Ok(Contents::of(entries)) } else { Err(self.unknown_format()) }
    }

    fn not_a_document(&self, bytes: &[u8], error: &serde_json::Error) -> StoreError {
        match serde_json::from_slice::<Probe>(bytes) {
            Ok(probe) if probe.format != FORMAT => self.unknown_format(),
            // The parser's own message is left out: it quotes what it read.
            _ => self.damaged(format!(
                "it is not JSON of the format {FORMAT} (line {}, column {})",
                error.line(),
                error.column()
            )),
        }
    }

    fn unknown_format(&self) -> StoreError {
        self.damaged(format!("its format is not {FORMAT}"))
            .with_hint("give the path of a key store, or upgrade fieldseal")
    }

    fn damaged(&self, message: String) -> StoreError {
        StoreError::damaged(self.name(), message)
    }

    fn unavailable(&self, action: &str, error: io::Error) -> StoreError {
        if error.kind() == io::ErrorKind::NotFound && action != "create" {
            return StoreError::missing(self.name()).with_hint("create it once with `store::File::create`");
        }
        let message = format!("could not {action} it, {error}");
        let failed = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::denied(self.name(), message)
                    .with_hint("check that this user may read and write the file and its folder")
            }
            io::ErrorKind::AlreadyExists => {
                StoreError::unavailable(self.name(), message).with_hint("open it with `store::File::open`")
            }
            io::ErrorKind::Unsupported => StoreError::unavailable(self.name(), message)
                .with_hint("its file system has no locks: keep the keys in a database"),
            _ => StoreError::unavailable(self.name(), message),
        };
        failed.with_source(error)
    }
}

impl KeyStore for File {
    fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Page, StoreError> {
        let Contents { records, damaged } = self.read()?;
        Ok(Page::cut(records, damaged.into_iter().map(|damaged| damaged.error).collect(), after, limit))
    }

    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        let Contents { mut records, damaged } = self.read()?;
        self.refuse(damaged.iter().find(|damaged| damaged.scope.as_ref() == Some(scope)))?;
        records.retain(|record| record.scope == *scope);
        Ok(records)
    }

    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
        let Contents { records, damaged } = self.read()?;
        self.refuse(damaged.iter().find(|damaged| damaged.error.key == Some(id)))?;
        Ok(records.into_iter().find(|record| record.id == id))
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        check_writable(&self.name(), changes)?;
        let _lock = files::lock(&self.path).map_err(|error| self.unavailable("lock", error))?;
        let Contents { mut records, damaged } = self.read()?;
        // The file is replaced as a whole: what can't be read would be lost.
        self.refuse(damaged.first())?;
        apply(&mut records, changes).map_err(StoreError::Conflict)?;
        files::replace(&self.path, &self.encode(&records)?).map_err(|error| self.unavailable("replace", error))
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// What is in a file.
struct Contents {
    records: Vec<KeyRecord>,
    damaged: Vec<DamagedEntry>,
}

struct DamagedEntry {
    error: MalformedRecord,
    /// The id, if it can be read.
    /// The scope, if it can be read.
    scope: Option<Scope>,
}

impl Contents {
    /// Two records of one key both count as damaged, and so do two primaries of one scope: which of
    /// them is right isn't known.
    fn of(entries: Vec<Entry>) -> Self {
        let (mut ids, mut primaries) = (HashMap::new(), HashMap::new());
        for record in entries.iter().flatten() {
            *ids.entry(record.id).or_insert(0_u32) += 1;
            if record.state == KeyState::Primary {
                *primaries.entry(record.scope.clone()).or_insert(0_u32) += 1;
            }
        }
        let (mut records, mut damaged) = (Vec::new(), Vec::new());
        for entry in entries {
            let (error, scope) = match entry {
                Ok(record) if ids.get(&record.id) > Some(&1) => {
                    (MalformedRecord::twin(record.id), Some(record.scope))
                }
                Ok(record) if record.state == KeyState::Primary && primaries.get(&record.scope) > Some(&1) => {
                    (MalformedRecord { key: Some(record.id), column: RecordColumn::State }, Some(record.scope))
                }
                Ok(record) => {
                    records.push(record);
                    continue;
                }
                Err(DamagedEntry { error, scope }) => (error, scope),
            };
            damaged.push(DamagedEntry { error, scope });
        }
        Self { records, damaged }
    }
}

/// One of the file's records, or what is wrong with it.
type Entry = Result<KeyRecord, DamagedEntry>;

/// The format and the records of a document that can't be read as a whole; `None` if it's no
/// document.
fn one_by_one(bytes: &[u8]) -> Option<(String, Vec<Entry>)> {
    let StoredDocument { format, keys } = json::from_object::<StoredDocument<Vec<Value>>>(bytes).ok()?;
    // A `Value` doesn't show that a field is there twice.
    let repeats = json::from_object::<StoredDocument<Vec<json::Repeats>>>(bytes).ok()?.keys;
    let entry = |(value, json::Repeats(has_repeats))| {
        let value = if has_repeats { Value::Null } else { value };
        KeyRecord::from_json(value).map_err(|(error, scope)| DamagedEntry { error, scope })
    };
    Some((format, keys.into_iter().zip(repeats).map(entry).collect()))
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    keys: &'a [KeyRecord],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDocument<T> {
    format: String,
    keys: T,
}

/// The records of a file without damage.
#[derive(Deserialize)]
struct Whole(#[serde(deserialize_with = "json::objects")] Vec<KeyRecord>);

/// For a file whose keys can't be read: whether it is a key store of another version.
#[derive(Deserialize)]
struct Probe {
    format: String,
}
