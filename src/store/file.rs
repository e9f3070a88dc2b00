//! A key store in a JSON file (`docs/format-keys.md`, "The key store").

use super::{Change, KeyStore, StoreError, apply, check_writable};
use crate::context::Scope;
use crate::files::{self, ReadError};
use crate::json;
use crate::keys::{KeyId, KeyRecord, KeyState};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FORMAT: &str = "fieldseal-keys/1";

/// The largest file that is read or written, in bytes.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Data keys in a JSON file, for programs on one machine that don't want them in their database.
///
/// The file is read at each operation and replaced as a whole at each commit, under a lock on `<path>.lock`, so any
/// number of processes can share it, as long as their file system has locks. It is readable by its owner only when it
/// is made; what is in it is wrapped, and worth nothing without the KMS.
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
    /// [`StoreError::Missing`] if there is no file at `path`, otherwise as for [`KeyStore::load`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = Self::at(path.as_ref())?;
        store.load()?;
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
                // Another process was faster; it may also be something else that is in the way, and `open` says what.
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

    fn decode(&self, bytes: &[u8]) -> Result<Vec<KeyRecord>, StoreError> {
        let StoredDocument { format, keys } = json::from_object::<StoredDocument>(bytes).map_err(|error| {
            match serde_json::from_slice::<Probe>(bytes) {
                Ok(probe) if probe.format != FORMAT => self.unknown_format(),
                // The parser's own message is left out: it quotes what it read.
                _ => self.damaged(format!(
                    "it is not JSON of the format {FORMAT} (line {}, column {})",
                    error.line(),
                    error.column()
                )),
            }
        })?;
        if format != FORMAT {
            return Err(self.unknown_format());
        }
        let (mut ids, mut scopes) = (HashSet::new(), HashSet::new());
        for key in &keys {
            if !ids.insert(key.id) {
                return Err(self.damaged(format!("it has key {} twice", key.id)));
            }
            if key.state == KeyState::Primary && !scopes.insert(&key.scope) {
                return Err(self.damaged(format!("key {} is a second primary of its scope", key.id)));
            }
        }
        Ok(keys)
    }

    fn unknown_format(&self) -> StoreError {
        self.damaged(format!("its format is not {FORMAT}: it is no key store, or a newer fieldseal wrote it"))
    }

    fn damaged(&self, message: String) -> StoreError {
        StoreError::Damaged { store: self.name(), message }
    }

    fn unavailable(&self, action: &str, error: io::Error) -> StoreError {
        if error.kind() == io::ErrorKind::NotFound && action != "create" {
            return StoreError::Missing {
                store: self.name(),
                hint: "create it once with `store::File::create`".to_owned(),
            };
        }
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => ": open it with `store::File::open`",
            io::ErrorKind::Unsupported => ": its file system has no locks, keep the keys in a database",
            _ => "",
        };
        let message = format!("could not {action} it, {error}{hint}");
        StoreError::Unavailable { store: self.name(), message, source: Some(Arc::new(error)) }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

impl KeyStore for File {
    fn load(&self) -> Result<Vec<KeyRecord>, StoreError> {
        let mut bytes = Vec::new();
        match files::read(&self.path, MAX_FILE, &mut bytes) {
            Ok(_) => self.decode(&bytes),
            Err(ReadError::Io(error)) => Err(self.unavailable("read", error)),
            Err(ReadError::NotAFile) => Err(self.damaged("it is not a file".to_owned())),
            Err(ReadError::TooLarge) => Err(self.damaged("it is larger than 256 MiB".to_owned())),
        }
    }

    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        let mut records = self.load()?;
        records.retain(|record| record.scope == *scope);
        Ok(records)
    }

    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
        Ok(self.load()?.into_iter().find(|record| record.id == id))
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        check_writable(&self.name(), changes)?;
        let _lock = files::lock(&self.path).map_err(|error| self.unavailable("lock", error))?;
        let mut records = self.load()?;
        apply(&mut records, changes).map_err(StoreError::Conflict)?;
        files::replace(&self.path, &self.encode(&records)?).map_err(|error| self.unavailable("replace", error))
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    keys: &'a [KeyRecord],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDocument {
    format: String,
    #[serde(deserialize_with = "json::objects")]
    keys: Vec<KeyRecord>,
}

/// For a file whose keys can't be read: is it a key store of another version?
#[derive(Deserialize)]
struct Probe {
    format: String,
}
