//! KEKs in a file on this machine: for development, for a single server, and for tests.

mod cipher;
mod document;
mod error;
mod file;
mod passphrase;
mod tink;

pub use error::LocalError;
pub use passphrase::{Argon2Params, Passphrase};

use self::cipher::Key;
use self::file::{FileKey, KeyFile, MAX_FILE, Unlock};
use super::{Kms, KmsError};
use crate::files::{self, Stamp};
use crate::format::length_prefix::lp_all;
use crate::keys::{Binding, DataKey, KekUri, WrappedKey, hkdf};
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// `0x01 ‖ u32(version) ‖ nonce ‖ ciphertext ‖ tag`
const BLOB: usize = 5 + cipher::SEALED;

/// What is derived from one version of the KEK.
struct Version {
    /// Wraps data keys.
    wrapping: Key,
    /// Encrypts keysets for Tink.
    tink: Key,
}

/// A KEK file: KEKs that anyone who can read the file, and knows its passphrase if it has one, can
/// use.
///
/// The file is as precious as the data: without it, and without a copy of it, nothing that was
/// sealed under its KEKs can be opened again. It must be readable by its owner only. It may hold
/// several versions of the KEK, of which one wraps; [the format of keys](crate::guide::format_keys)
/// describes every byte.
///
/// The file is looked at on every use, and read again when it was changed, so that a rotation by
/// another process, the removal of a version, or the removal of the file itself takes effect
/// without a restart. It must therefore stay where it is.
pub struct Local {
    path: PathBuf,
    kek: KekUri,
    loaded: ArcSwap<Loaded>,
}

/// The file as it was when it was last read.
struct Loaded {
    stamp: Stamp,
    primary: u32,
    versions: BTreeMap<u32, Version>,
    file_key: Option<Arc<FileKey>>,
}

impl Local {
    /// Makes a KEK file with one new KEK in it, readable by its owner only.
    ///
    /// Keep a copy of it in a safe place, away from the database's backups. Anyone who can read it
    /// can use its KEKs: [`Self::create_with_passphrase`] encrypts them.
    ///
    /// # Errors
    ///
    /// [`LocalError::Exists`] if there is anything at `path`; nothing is overwritten, ever.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, LocalError> {
        Self::create_under(path.as_ref(), None)
    }

    /// [`Self::create`], with the KEKs encrypted under a key that Argon2id makes of the passphrase.
    /// That takes [`Argon2Params::memory_kib`] of memory and a fraction of a second, here and at
    /// every opening.
    ///
    /// # Errors
    ///
    /// As for [`Self::create`], and [`LocalError::PassphraseEmpty`].
    pub fn create_with_passphrase(path: impl AsRef<Path>, passphrase: &Passphrase) -> Result<Self, LocalError> {
        Self::create_under(path.as_ref(), Some(passphrase))
    }

    /// Opens a KEK file that has no passphrase.
    ///
    /// # Errors
    ///
    /// [`LocalError::NotFound`] if there is none, [`LocalError::Permissions`] if others than its
    /// owner can use it, [`LocalError::PassphraseNeeded`] if it has one, or another [`LocalError`]
    /// that says what is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LocalError> {
        Self::open_under(path.as_ref(), None)
    }

    /// Opens a KEK file that has a passphrase.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`]; [`LocalError::WrongPassphrase`], and
    /// [`LocalError::PassphraseUnexpected`] for a file that has none: it may be an attacker's.
    pub fn open_with_passphrase(path: impl AsRef<Path>, passphrase: &Passphrase) -> Result<Self, LocalError> {
        Self::open_under(path.as_ref(), Some(passphrase))
    }

    /// Opens the KEK file, or makes one if there is none. Processes that do so at the same moment
    /// end up with one.
    ///
    /// For development and tests. In production a KEK file that isn't there is a deployment gone
    /// wrong, and a fresh one in its place opens nothing: use [`Self::open`].
    ///
    /// # Errors
    ///
    /// As for [`Self::open`] and [`Self::create`].
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, LocalError> {
        Self::open_or_create_under(path.as_ref(), None)
    }

    /// [`Self::open_or_create`] for a KEK file that has a passphrase.
    ///
    /// # Errors
    ///
    /// As for [`Self::open_with_passphrase`] and [`Self::create_with_passphrase`].
    pub fn open_or_create_with_passphrase(
        path: impl AsRef<Path>,
        passphrase: &Passphrase,
    ) -> Result<Self, LocalError> {
        Self::open_or_create_under(path.as_ref(), Some(passphrase))
    }

    /// Adds a version with a new KEK, which wraps from now on, and returns its number. Older
    /// versions still unwrap.
    ///
    /// Then, in this order: back up the file (older backups lack the new version), rewrap the data
    /// keys ([`Admin::rewrap`](crate::keyring::Admin::rewrap)), and take the old version away with
    /// [`Self::remove_version`].
    ///
    /// # Errors
    ///
    /// [`LocalError`]; the file is the old one then, unless it was only the folder that could not
    /// be synced.
    pub fn rotate(&self) -> Result<u32, LocalError> {
        self.edit(|file| file.rotate(&self.path))
    }

    /// Removes a version of the KEK for good. Nothing that is wrapped under it can be unwrapped
    /// again: check first that every data key was rewrapped, in every key store that uses this
    /// file.
    ///
    /// # Errors
    ///
    /// [`LocalError::VersionIsPrimary`] for the version that wraps, [`LocalError::VersionMissing`]
    /// for one that isn't there, and as for [`Self::rotate`].
    pub fn remove_version(&self, version: u32) -> Result<(), LocalError> {
        self.edit(|file| file.remove(version, &self.path))
    }

    /// The version that wraps.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`], if the file was changed since.
    pub fn primary_version(&self) -> Result<u32, LocalError> {
        Ok(self.current()?.primary)
    }

    /// Every version in the file, in ascending order.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`], if the file was changed since.
    pub fn versions(&self) -> Result<Vec<u32>, LocalError> {
        Ok(self.current()?.versions.keys().copied().collect())
    }

    fn create_under(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, LocalError> {
        let path = absolute(path)?;
        if path.symlink_metadata().is_ok() {
            return Err(LocalError::Exists { path });
        }
        let file = KeyFile::generate(passphrase)?;
        files::create(&path, &file.to_bytes(&path)?).map_err(|error| LocalError::io(&path, "create", error))?;
        Self::read_first(path, Unlock::FileKey(file.file_key.as_ref()))
    }

    fn open_under(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, LocalError> {
        Self::read_first(absolute(path)?, Unlock::Passphrase(passphrase))
    }

    fn open_or_create_under(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, LocalError> {
        match Self::open_under(path, passphrase) {
            Err(LocalError::NotFound { .. }) => match Self::create_under(path, passphrase) {
                Err(LocalError::Exists { .. }) => Self::open_under(path, passphrase),
                created => created,
            },
            opened => opened,
        }
    }

    fn read_first(path: PathBuf, unlock: Unlock<'_>) -> Result<Self, LocalError> {
        let (file, stamp) = read(&path, unlock)?;
        let kek = KekUri::new(format!("local:{}", file.id));
        Ok(Self { path, kek, loaded: ArcSwap::from_pointee(Loaded::new(&file, stamp)) })
    }

    /// The file as it is now.
    fn current(&self) -> Result<Arc<Loaded>, LocalError> {
        let loaded = self.loaded.load_full();
        let metadata =
            std::fs::metadata(&self.path).map_err(|error| LocalError::io(&self.path, "look at", error))?;
        if Stamp::of(&metadata) == loaded.stamp {
            return Ok(loaded);
        }
        let (file, stamp) = self.read_again()?;
        let loaded = Arc::new(Loaded::new(&file, stamp));
        self.loaded.store(Arc::clone(&loaded));
        Ok(loaded)
    }

    fn read_again(&self) -> Result<(KeyFile, Stamp), LocalError> {
        let (file, stamp) = read(&self.path, Unlock::FileKey(self.loaded.load().file_key.as_ref()))?;
        if self.kek.as_str().strip_prefix("local:") == Some(&file.id) {
            Ok((file, stamp))
        } else {
            Err(LocalError::Replaced { path: self.path.clone() })
        }
    }

    /// Changes the file on top of what it is now, whatever other processes do at the same moment.
    fn edit<T>(&self, edit: impl FnOnce(&mut KeyFile) -> Result<T, LocalError>) -> Result<T, LocalError> {
        let io = |action| move |error| LocalError::io(&self.path, action, error);
        let _lock = files::lock(&self.path).map_err(io("lock"))?;
        let (mut file, _) = self.read_again()?;
        let done = edit(&mut file)?;
        files::replace(&self.path, &file.to_bytes(&self.path)?).map_err(io("replace"))?;
        // What was written is read back before anything is wrapped under it.
        self.current()?;
        Ok(done)
    }

    /// `lp("local:<id>") ‖ lp(u32(version)) ‖ lp(binding)`
    fn aad(&self, version: u32, binding: &Binding) -> Vec<u8> {
        lp_all(&[self.kek.as_str().as_bytes(), &version.to_be_bytes(), &binding.to_bytes()])
    }

    fn wrap_under(&self, loaded: &Loaded, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        let version = loaded.primary;
        let keys = loaded.versions.get(&version).ok_or_else(|| self.no_version(loaded, version))?;
        let sealed =
            cipher::seal(&keys.wrapping, &self.aad(version, binding), key.expose()).map_err(LocalError::from)?;
        let mut blob = Vec::with_capacity(BLOB);
        blob.push(1);
        blob.extend(version.to_be_bytes());
        blob.extend(sealed);
        Ok(WrappedKey { kek: self.kek.clone(), blob })
    }

    /// The data key, and the version it was wrapped under.
    fn unwrap_under(
        &self,
        loaded: &Loaded,
        wrapped: &WrappedKey,
        binding: &Binding,
    ) -> Result<(DataKey, u32), KmsError> {
        if wrapped.kek != self.kek {
            // The name is the key store's: hostile, and of any length.
            let other: String = wrapped.kek.as_str().chars().take(80).collect();
            let message =
                format!("the key is wrapped under {other:?}, and {} holds {}", self.path.display(), self.kek);
            return Err(KmsError::not_found(message)
                .with_hint("open the KEK file that it was wrapped with, or put its copy back"));
        }
        let (version, sealed) = match wrapped.blob.as_slice() {
            [1, a, b, c, d, sealed @ ..] if wrapped.blob.len() == BLOB => {
                (u32::from_be_bytes([*a, *b, *c, *d]), sealed)
            }
            _ => return Err(KmsError::Rejected),
        };
        let keys = loaded.versions.get(&version).ok_or_else(|| self.no_version(loaded, version))?;
        let mut key =
            cipher::open(&keys.wrapping, &self.aad(version, binding), sealed).ok_or(KmsError::Rejected)?;
        DataKey::take(key.as_mut_slice()).map(|key| (key, version)).ok_or(KmsError::Rejected)
    }

    fn no_version(&self, loaded: &Loaded, version: u32) -> KmsError {
        let present: Vec<_> = loaded.versions.keys().map(u32::to_string).collect();
        KmsError::not_found(format!(
            "{} has no version {version} of {}, only {}",
            self.path.display(),
            self.kek,
            present.join(", ")
        ))
        .with_hint("put back a copy of the file that has it")
    }
}

impl Kms for Local {
    fn kek(&self) -> KekUri {
        self.kek.clone()
    }

    fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<WrappedKey, KmsError> {
        self.wrap_under(&*self.current()?, key, binding)
    }

    fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<DataKey, KmsError> {
        self.unwrap_under(&*self.current()?, wrapped, binding).map(|(key, _)| key)
    }

    fn rewrap(&self, wrapped: &WrappedKey, binding: &Binding) -> Result<Option<WrappedKey>, KmsError> {
        let loaded = self.current()?;
        let (key, version) = self.unwrap_under(&loaded, wrapped, binding)?;
        if version == loaded.primary { Ok(None) } else { self.wrap_under(&loaded, &key, binding).map(Some) }
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").field("path", &self.path).field("kek", &self.kek).finish_non_exhaustive()
    }
}

impl Loaded {
    fn new(file: &KeyFile, stamp: Stamp) -> Self {
        let versions = file.entries.iter().map(|entry| (entry.version, Version::of(&entry.kek)));
        Self { stamp, primary: file.primary, versions: versions.collect(), file_key: file.file_key.clone() }
    }
}

impl Version {
    fn of(kek: &Key) -> Self {
        let derive = |purpose: &[u8]| {
            let mut key = cipher::empty_key();
            hkdf(&***kek, &lp_all(&[purpose]), &mut **key);
            key
        };
        Self { wrapping: derive(b"fieldseal/1 wrap"), tink: derive(b"fieldseal/1 tink keyset") }
    }
}

fn read(path: &Path, unlock: Unlock<'_>) -> Result<(KeyFile, Stamp), LocalError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let metadata = files::read(path, MAX_FILE, &mut bytes).map_err(|error| LocalError::read(path, error))?;
    check_owner_only(path, &metadata)?;
    Ok((KeyFile::parse(&bytes, unlock, path)?, Stamp::of(&metadata)))
}

#[cfg(unix)]
fn check_owner_only(path: &Path, metadata: &Metadata) -> Result<(), LocalError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(LocalError::Permissions { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on unix")]
fn check_owner_only(_: &Path, _: &Metadata) -> Result<(), LocalError> {
    Ok(())
}

/// The file is found again after the program changes its folder.
fn absolute(path: &Path) -> Result<PathBuf, LocalError> {
    std::path::absolute(path).map_err(|error| LocalError::io(path, "look at", error))
}
