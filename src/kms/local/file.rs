//! The KEK file (`docs/format-keys.md`, "The local KEK file"): its bytes, and what is in it.

use super::LocalError;
use super::cipher::{self, Key};
use super::document::{Document, DocumentKey, DocumentPassphrase, FORMAT, Secret};
use super::passphrase::{Argon2Params, Passphrase};
use crate::format::length_prefix::{lp_all, push_lp};
use crate::keys::{hkdf, scrubbed};
use crate::random;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The largest KEK file that is read or written, in bytes.
pub(super) const MAX_FILE: u64 = 1024 * 1024;

/// A KEK file whose mac was checked.
pub(super) struct KeyFile {
    /// 32 hex digits.
    pub(super) id: String,
    /// The version that wraps; it is in `entries`.
    pub(super) primary: u32,
    /// In the order of the file, which the mac covers.
    pub(super) entries: Vec<Entry>,
    pub(super) file_key: Option<Arc<FileKey>>,
}

pub(super) struct Entry {
    pub(super) version: u32,
    pub(super) kek: Key,
    /// `key` as it stands in the file.
    stored: Secret,
}

/// What the passphrase became, kept so that a changed file can be read without asking for it again.
pub(super) struct FileKey {
    params: Argon2Params,
    salt: [u8; 16],
    key: Key,
}

/// What the caller has to open a file with.
#[derive(Clone, Copy)]
pub(super) enum Unlock<'a> {
    Passphrase(Option<&'a Passphrase>),
    FileKey(Option<&'a Arc<FileKey>>),
}

impl KeyFile {
    /// A new file with one version.
    pub(super) fn generate(passphrase: Option<&Passphrase>) -> Result<Self, LocalError> {
        let mut id = [0; 16];
        random::fill(&mut id)?;
        let file_key = passphrase.map(FileKey::generate).transpose()?.map(Arc::new);
        let mut file = Self { id: hex::encode(id), primary: 1, entries: Vec::new(), file_key };
        file.push_version(1)?;
        Ok(file)
    }

    /// Adds a version with a new KEK and makes it the primary.
    pub(super) fn rotate(&mut self, path: &Path) -> Result<u32, LocalError> {
        let newest = self.entries.iter().map(|entry| entry.version).max().unwrap_or(0);
        let version =
            newest.checked_add(1).ok_or_else(|| LocalError::VersionsExhausted { path: path.to_owned() })?;
        self.push_version(version)?;
        self.primary = version;
        Ok(version)
    }

    /// Takes a version out of the file. What is wrapped under it can't be unwrapped again.
    pub(super) fn remove(&mut self, version: u32, path: &Path) -> Result<(), LocalError> {
        let path = || path.to_owned();
        if version == self.primary {
            return Err(LocalError::VersionIsPrimary { path: path(), version });
        }
        let before = self.entries.len();
        self.entries.retain(|entry| entry.version != version);
        if self.entries.len() == before {
            Err(LocalError::VersionMissing { path: path(), version })
        } else {
            Ok(())
        }
    }

    fn push_version(&mut self, version: u32) -> Result<(), LocalError> {
        let kek = cipher::random_key()?;
        let stored = match &self.file_key {
            None => kek.to_vec(),
            Some(file_key) => {
                let aad = entry_aad(&self.id, version);
                cipher::seal(&file_key.key, &aad, &kek)?.to_vec()
            }
        };
        self.entries.push(Entry { version, kek, stored: Secret(Zeroizing::new(stored)) });
        Ok(())
    }

    /// The file's bytes.
    pub(super) fn to_bytes(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, LocalError> {
        let tag = scrubbed(|| Ok::<_, LocalError>(self.mac(path)?.finalize().into_bytes()))?;
        let document = Document {
            format: FORMAT.to_owned(),
            id: self.id.clone(),
            primary: self.primary,
            keys: self
                .entries
                .iter()
                .map(|entry| DocumentKey { version: entry.version, key: entry.stored.duplicate() })
                .collect(),
            passphrase: self.file_key.as_deref().map(FileKey::document),
            mac: Secret(Zeroizing::new(tag.to_vec())),
        };
        let bytes = document.to_json();
        if u64::try_from(bytes.len()).is_ok_and(|len| len <= MAX_FILE) {
            Ok(bytes)
        } else {
            Err(LocalError::TooLarge { path: path.to_owned() })
        }
    }

    /// Reads a file. Every byte of it is hostile until the mac is checked.
    pub(super) fn parse(bytes: &[u8], unlock: Unlock<'_>, path: &Path) -> Result<Self, LocalError> {
        let document = Document::from_json(bytes, path)?;
        if document.format != FORMAT {
            return Err(LocalError::UnknownFormat { path: path.to_owned() });
        }
        check_shape(&document, path)?;
        let file_key = match document.passphrase {
            None => unlock.nothing(path)?,
            Some(protection) => Some(unlock.file_key(protection, path)?),
        };
        let mut entries = Vec::with_capacity(document.keys.len());
        for DocumentKey { version, key: stored } in document.keys {
            let kek = match &file_key {
                None => {
                    let mut kek = cipher::empty_key();
                    kek.copy_from_slice(&stored.0);
                    kek
                }
                Some(file_key) => cipher::open(&file_key.key, &entry_aad(&document.id, version), &stored.0)
                    .ok_or_else(|| LocalError::WrongPassphrase { path: path.to_owned() })?,
            };
            entries.push(Entry { version, kek, stored });
        }
        let file = Self { id: document.id, primary: document.primary, entries, file_key };
        scrubbed(|| {
            file.mac(path)?
                .verify_slice(&document.mac.0)
                .map_err(|_| LocalError::MacMismatch { path: path.to_owned() })
        })?;
        Ok(file)
    }

    /// `HMAC-SHA256(HKDF(KEK of the primary version, lp("fieldseal/1 kek file"), 32), file)`, not
    /// yet finished. It holds a part of a KEK, on the stack.
    fn mac(&self, path: &Path) -> Result<Hmac<Sha256>, LocalError> {
        let missing = || LocalError::PrimaryMissing { path: path.to_owned(), primary: self.primary };
        let primary = self.entries.iter().find(|entry| entry.version == self.primary).ok_or_else(missing)?;
        let mut key = cipher::empty_key();
        hkdf(&**primary.kek, &lp_all(&[b"fieldseal/1 kek file"]), &mut **key);
        let mut mac = Hmac::<Sha256>::new_from_slice(&**key).map_err(|_| missing())?;
        let protection = self.file_key.as_deref().map(FileKey::protection).unwrap_or_default();
        mac.update(&lp_all(&[FORMAT.as_bytes(), self.id.as_bytes(), &self.primary.to_be_bytes(), &protection]));
        for entry in &self.entries {
            // Without a passphrase `stored` is the KEK itself.
            let mut part = Zeroizing::new(Vec::with_capacity(4 + 4 + 4 + cipher::SEALED));
            push_lp(&mut *part, &entry.version.to_be_bytes());
            push_lp(&mut *part, &entry.stored.0);
            mac.update(&part);
        }
        Ok(mac)
    }
}

fn check_shape(document: &Document, path: &Path) -> Result<(), LocalError> {
    let bad = |problem| Err(LocalError::BadField { path: path.to_owned(), problem });
    let hex_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if document.id.len() != 32 || !document.id.bytes().all(hex_digit) {
        return bad("its `id` is not 32 lower-case hex digits");
    }
    let len = if document.passphrase.is_some() { cipher::SEALED } else { 32 };
    let mut versions = BTreeSet::new();
    for DocumentKey { version, key } in &document.keys {
        if *version == 0 {
            return bad("a `version` is 0");
        }
        if !versions.insert(*version) {
            return Err(LocalError::DuplicateVersion { path: path.to_owned(), version: *version });
        }
        if key.0.len() != len {
            return bad("a `key` is not base64 of the right length");
        }
    }
    if document.mac.0.len() != 32 {
        return bad("its `mac` is not base64 of 32 bytes");
    }
    if !versions.contains(&document.primary) {
        return Err(LocalError::PrimaryMissing { path: path.to_owned(), primary: document.primary });
    }
    Ok(())
}

impl FileKey {
    fn generate(passphrase: &Passphrase) -> Result<Self, LocalError> {
        let mut salt = [0; 16];
        random::fill(&mut salt)?;
        Self::derive(passphrase, passphrase.params(), salt)
    }

    fn derive(passphrase: &Passphrase, params: Argon2Params, salt: [u8; 16]) -> Result<Self, LocalError> {
        Ok(Self { params, salt, key: passphrase.derive(params, &salt)? })
    }

    /// `u32(m) ‖ u32(t) ‖ u32(p) ‖ salt`
    fn protection(&self) -> Vec<u8> {
        let Argon2Params { memory_kib, iterations, parallelism } = self.params;
        [memory_kib, iterations, parallelism]
            .into_iter()
            .flat_map(u32::to_be_bytes)
            .chain(self.salt.iter().copied())
            .collect()
    }

    fn document(&self) -> DocumentPassphrase {
        DocumentPassphrase {
            memory_kib: self.params.memory_kib,
            iterations: self.params.iterations,
            parallelism: self.params.parallelism,
            salt: Secret(Zeroizing::new(self.salt.to_vec())),
        }
    }
}

impl Unlock<'_> {
    /// For a file that says it has no passphrase: the caller must agree, or it could be an
    /// attacker's file.
    fn nothing(self, path: &Path) -> Result<Option<Arc<FileKey>>, LocalError> {
        match self {
            Self::Passphrase(None) | Self::FileKey(None) => Ok(None),
            Self::Passphrase(Some(_)) => Err(LocalError::PassphraseUnexpected { path: path.to_owned() }),
            Self::FileKey(Some(_)) => Err(LocalError::Replaced { path: path.to_owned() }),
        }
    }

    fn file_key(self, protection: DocumentPassphrase, path: &Path) -> Result<Arc<FileKey>, LocalError> {
        let DocumentPassphrase { memory_kib, iterations, parallelism, salt } = protection;
        let params = Argon2Params { memory_kib, iterations, parallelism };
        let salt = <[u8; 16]>::try_from(salt.0.as_slice()).map_err(|_| LocalError::BadField {
            path: path.to_owned(),
            problem: "the `salt` of its passphrase is not base64 of 16 bytes",
        })?;
        match self {
            Self::Passphrase(None) => Err(LocalError::PassphraseNeeded { path: path.to_owned() }),
            Self::Passphrase(Some(passphrase)) => FileKey::derive(passphrase, params, salt).map(Arc::new),
            Self::FileKey(Some(known)) if known.params == params && known.salt == salt => Ok(Arc::clone(known)),
            Self::FileKey(_) => Err(LocalError::Replaced { path: path.to_owned() }),
        }
    }
}

/// `lp("fieldseal-kek/1") ‖ lp(id) ‖ lp(u32(version))`
fn entry_aad(id: &str, version: u32) -> Vec<u8> {
    lp_all(&[FORMAT.as_bytes(), id.as_bytes(), &version.to_be_bytes()])
}
