//! Where the wrapped data keys are, and the store that reads them there.

use super::Database;
use super::database::open_sqlite;
use crate::error::Error;
use fieldseal::store::{File, KeyStore, Rusqlite, Sqlx, StoreError};
use sqlx::{MySql, Postgres};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a key store is.
#[derive(Debug, Clone)]
pub(crate) enum KeyStoreAt {
    /// The table `fieldseal_keys` of a database.
    Table(Database),
    /// A JSON file.
    File(PathBuf),
}

impl KeyStoreAt {
    /// Reads `file:PATH`, or a database's URL.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        match url.strip_prefix("file:") {
            Some("") => Err(Error::usage("the key store's file has no name").hint("--key-store file:keys.json")),
            Some(path) => Ok(Self::File(path.strip_prefix("//").unwrap_or(path).into())),
            None => Database::parse(url).map(Self::Table),
        }
    }

    /// The store, which may still have to be made.
    pub(super) fn open(&self) -> Result<Arc<dyn KeyStore>, Error> {
        Ok(match self {
            Self::File(path) => Arc::new(File::open(path)?),
            Self::Table(Database::Sqlite(path)) => Arc::new(Rusqlite::from_connection(open_sqlite(path)?)),
            Self::Table(Database::Postgres(url)) => {
                Arc::new(Sqlx::<Postgres>::new(Database::postgres_options(url)?)?)
            }
            Self::Table(Database::Mysql(url)) => Arc::new(Sqlx::<MySql>::new(Database::mysql_options(url)?)?),
        })
    }

    /// Whether the store is there. Its database must be.
    pub(crate) fn exists(&self) -> Result<bool, Error> {
        let found = match self {
            Self::File(path) => File::open(path).map(drop),
            Self::Table(_) => self.open()?.page(None, 1).map(drop),
        };
        match found {
            Ok(()) => Ok(true),
            Err(StoreError::Missing { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the store, if it isn't there.
    pub(crate) fn create(&self) -> Result<(), Error> {
        match self {
            Self::File(path) => File::open_or_create(path).map(drop)?,
            Self::Table(Database::Sqlite(path)) => Rusqlite::from_connection(open_sqlite(path)?).create_table()?,
            Self::Table(Database::Postgres(url)) => {
                Sqlx::<Postgres>::new(Database::postgres_options(url)?)?.create_table()?;
            }
            Self::Table(Database::Mysql(url)) => {
                Sqlx::<MySql>::new(Database::mysql_options(url)?)?.create_table()?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for KeyStoreAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(database) => write!(f, "table fieldseal_keys in {database}"),
            Self::File(path) => write!(f, "file {}", path.display()),
        }
    }
}
