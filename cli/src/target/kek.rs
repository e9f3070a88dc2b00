//! KEKs by the names that people give them.

use super::passphrase::Passphrases;
use crate::error::Error;
use fieldseal::keys::KekUri;
use fieldseal::kms::{Kms, Local, LocalError};
#[cfg(feature = "aws")]
use fieldseal_kms_aws::AwsKms;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of a KEK, as the arguments have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KekName {
    /// A KEK file.
    Local(PathBuf),
    /// A key of AWS KMS: its ARN, id or alias.
    Aws(String),
}

impl KekName {
    /// Reads `local:PATH`, `file:PATH` or `aws-kms:KEY`.
    pub(crate) fn parse(uri: &str) -> Result<Self, Error> {
        match uri.split_once(':') {
            Some(("local" | "file", path)) if !path.is_empty() => Ok(Self::Local(path.into())),
            Some(("aws-kms", key)) if !key.is_empty() => Ok(Self::Aws(key.to_owned())),
            _ => Err(Error::usage(format!("{uri:?} names no KEK"))
                .hint("local:PATH for a KEK file, as local:kek.json")
                .hint("aws-kms:KEY for AWS KMS, where KEY is an ARN, an id or alias/NAME")),
        }
    }

    pub(super) fn open(&self, passphrases: &Passphrases) -> Result<Kek, Error> {
        match self {
            Self::Local(path) => Ok(Kek::Local(Arc::new(open_local(path, passphrases)?), path.clone())),
            Self::Aws(key) => open_aws(key),
        }
    }
}

impl fmt::Display for KekName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => write!(f, "local:{}", path.display()),
            Self::Aws(key) => write!(f, "aws-kms:{key}"),
        }
    }
}

/// A KEK that can be used.
#[derive(Debug, Clone)]
pub(crate) enum Kek {
    /// A KEK file, and where it is.
    Local(Arc<Local>, PathBuf),
    /// AWS KMS.
    #[cfg(feature = "aws")]
    Aws(Arc<AwsKms>),
}

impl Kek {
    /// Makes a KEK file; opens it if another process was faster.
    pub(super) fn create(path: &Path, passphrases: &Passphrases) -> Result<Self, Error> {
        let created = match passphrases.given()? {
            Some(passphrase) => Local::create_with_passphrase(path, &passphrase),
            None => Local::create(path),
        };
        let local = match created {
            Err(LocalError::Exists { .. }) => open_local(path, passphrases)?,
            created => created?,
        };
        Ok(Self::Local(Arc::new(local), path.to_owned()))
    }

    /// The provider, for a keyring.
    pub(crate) fn kms(&self) -> Arc<dyn Kms> {
        match self {
            Self::Local(local, _) => Arc::<Local>::clone(local),
            #[cfg(feature = "aws")]
            Self::Aws(aws) => Arc::<AwsKms>::clone(aws),
        }
    }

    /// The KEK file and where it is, if it's one.
    pub(crate) fn as_local(&self) -> Option<(&Local, &Path)> {
        match self {
            Self::Local(local, path) => Some((local, path)),
            #[cfg(feature = "aws")]
            Self::Aws(_) => None,
        }
    }

    /// Encrypts a serialized keyset for Tink, without associated data.
    pub(crate) fn encrypt_tink_keyset(&self, keyset: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            #[cfg(feature = "aws")]
            Self::Aws(aws) => Ok(aws.encrypt_tink_keyset(keyset)?),
            Self::Local(local, _) => Ok(local.encrypt_tink_keyset(keyset)?),
        }
    }

    /// Its name in the key store.
    pub(crate) fn uri(&self) -> KekUri {
        self.kms().kek()
    }
}

/// Its name for people: the file's path, or the name in the key store.
impl fmt::Display for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(_, path) => write!(f, "local:{}", path.display()),
            #[cfg(feature = "aws")]
            Self::Aws(aws) => write!(f, "{}", aws.kek()),
        }
    }
}

/// With the passphrase that was given, or the one that is typed if it turns out that the file has
/// one.
fn open_local(path: &Path, passphrases: &Passphrases) -> Result<Local, Error> {
    let opened = match passphrases.given()? {
        Some(passphrase) => Local::open_with_passphrase(path, &passphrase),
        None => Local::open(path),
    };
    match opened {
        Err(needed @ LocalError::PassphraseNeeded { .. }) => match passphrases.asked(path)? {
            Some(typed) => Ok(Local::open_with_passphrase(path, &typed)?),
            None => Err(needed.into()),
        },
        opened => Ok(opened?),
    }
}

#[cfg(feature = "aws")]
fn open_aws(key: &str) -> Result<Kek, Error> {
    Ok(Kek::Aws(Arc::new(AwsKms::open(key)?)))
}

#[cfg(not(feature = "aws"))]
fn open_aws(_: &str) -> Result<Kek, Error> {
    Err(Error::failed("this fieldseal was built without AWS KMS")
        .hint("install it with its default features: cargo install fieldseal-cli"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keks_are_read_as_they_are_shown() {
        let arn = "aws-kms:arn:aws:kms:us-east-1:111122223333:key/1234";
        for uri in ["local:kek.json", "local:/srv/k e k.json", "aws-kms:alias/app", arn] {
            assert_eq!(KekName::parse(uri).unwrap().to_string(), uri);
        }
        assert_eq!(KekName::parse("file:kek.json").unwrap(), KekName::Local("kek.json".into()));
        for uri in ["", "kek.json", "local:", "aws-kms:", "gcp-kms:x", "alias/app"] {
            assert!(KekName::parse(uri).is_err(), "{uri}");
        }
    }
}
