//! What a command works on: the database, the key store, the KEKs, the schema lock. Each is opened
//! when it's asked for.

mod database;
mod kek;
mod key_store;
mod passphrase;
mod stored;

pub(crate) use database::Database;
pub(crate) use kek::{Kek, KekName};

use crate::args::Global;
use crate::error::Error;
use fieldseal::keys::KeyRecord;
use fieldseal::kms::Kms;
use fieldseal::store::{self, KeyStore};
use fieldseal::{Keyring, KeyringBuilder, Schema, SchemaLock, Scope};
pub(crate) use key_store::KeyStoreAt;
pub(crate) use passphrase::Passphrases;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
pub(crate) use stored::{DamagedKey, Stored};

/// More than any command needs at a time: a command that walks through all keys must not begin by
/// unwrapping all of them.
const KEYS_HELD: usize = 16;

/// What is opened for a command, from the arguments and the environment.
#[derive(Debug)]
pub(crate) struct Target {
    database_url: Option<crate::args::Url>,
    key_store_url: Option<crate::args::Url>,
    keks: Vec<String>,
    passphrases: Passphrases,
    lock: PathBuf,
    key_store: OnceCell<Arc<dyn KeyStore>>,
}

impl Target {
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            // An empty variable counts as missing.
            database_url: global.database_url.clone().filter(|url| !url.0.is_empty()),
            key_store_url: global.key_store.clone().filter(|url| !url.0.is_empty()),
            keks: kek_uris(&global.kek, std::env::var("FIELDSEAL_KEK").ok().as_deref()),
            passphrases: Passphrases::new(global.kek_passphrase_file.clone()),
            lock: global.lock.clone(),
            key_store: OnceCell::new(),
        }
    }

    /// The program's database.
    pub(crate) fn database(&self) -> Result<Database, Error> {
        match &self.database_url {
            Some(url) => Database::parse(&url.0),
            None => Err(Error::usage("no database is named")
                .why("the keys are in the program's database, and there is neither --database-url nor DATABASE_URL")
                .hint("--database-url sqlite:app.db, or DATABASE_URL in the environment or in the file .env")),
        }
    }

    /// Whether a database is named.
    pub(crate) fn has_database(&self) -> bool {
        self.database_url.is_some()
    }

    /// Where the key store is.
    pub(crate) fn key_store_at(&self) -> Result<KeyStoreAt, Error> {
        match &self.key_store_url {
            Some(url) => KeyStoreAt::parse(&url.0),
            None => Ok(KeyStoreAt::Table(self.database()?)),
        }
    }

    /// The key store, opened at the first call.
    pub(crate) fn key_store(&self) -> Result<Arc<dyn KeyStore>, Error> {
        if let Some(store) = self.key_store.get() {
            return Ok(Arc::clone(store));
        }
        let store = self.key_store_at()?.open()?;
        Ok(Arc::clone(self.key_store.get_or_init(|| store)))
    }

    /// After wrapped copies were erased: whether none of them is left in a log beside the key
    /// store's file.
    pub(crate) fn is_erased(&self) -> bool {
        match self.key_store_at() {
            Ok(KeyStoreAt::Table(database)) => database.checkpoint(),
            _ => true,
        }
    }

    /// Every record in the key store, ordered by scope and age. One that is damaged is an error.
    pub(crate) fn records(&self) -> Result<Vec<KeyRecord>, Error> {
        Ok(stored::in_order(store::load_all(&*self.key_store()?)?))
    }

    /// Every record that can be read, and what is wrong with the others: one damaged record is no
    /// reason to do nothing for the rest.
    pub(crate) fn readable_records(&self) -> Result<Stored, Error> {
        Stored::read(&*self.key_store()?)
    }

    /// The names of the KEKs, the main one first; at least one.
    pub(crate) fn kek_names(&self) -> Result<Vec<KekName>, Error> {
        if self.keks.is_empty() {
            return Err(Error::usage("no KEK is named")
                .why("there is neither --kek nor FIELDSEAL_KEK, and without a KEK no key can be used")
                .hint("--kek local:kek.json for a KEK file, --kek aws-kms:ARN for AWS KMS")
                .hint("`fieldseal kek list` shows under which KEKs the keys in the store are"));
        }
        self.keks.iter().map(|uri| KekName::parse(uri)).collect()
    }

    /// The KEKs, opened, the main one first; at least one.
    pub(crate) fn keks(&self) -> Result<Vec<Kek>, Error> {
        self.kek_names()?.iter().map(|name| self.open_kek(name)).collect()
    }

    /// A KEK, opened.
    pub(crate) fn open_kek(&self, name: &KekName) -> Result<Kek, Error> {
        name.open(&self.passphrases)
    }

    /// A KEK of a file that isn't there yet.
    pub(crate) fn create_kek(&self, path: &Path) -> Result<Kek, Error> {
        Kek::create(path, &self.passphrases)
    }

    /// A KEK that is about to encrypt: opened, or made if it's a file that isn't there and `create`
    /// says so.
    pub(crate) fn open_or_create_kek(&self, uri: &str, create: bool) -> Result<Kek, Error> {
        open_or_create(uri, create, &self.passphrases)
    }

    /// A keyring with all of the KEKs.
    pub(crate) fn keyring(&self) -> Result<Keyring, Error> {
        self.keyring_with(&self.keks()?, |builder| builder)
    }

    /// A keyring that goes through rows: it holds as many keys as a program's, and renews their
    /// leases.
    pub(crate) fn keyring_for_rows(&self) -> Result<Keyring, Error> {
        let keks = self.keks()?;
        let Some((main, others)) = keks.split_first() else {
            return Err(Error::usage("no KEK is named").hint("--kek local:kek.json, or --kek aws-kms:ARN"));
        };
        let builder = Keyring::builder(main.kms(), self.key_store()?);
        Ok(others.iter().fold(builder, |builder, kek| builder.and_kms(kek.kms())).start()?)
    }

    /// The program's database, for statements.
    pub(crate) fn sql(&self) -> Result<Arc<dyn fieldseal_sweep::sql::Database>, Error> {
        self.database()?.sql()
    }

    /// A keyring with those KEKs, the main one first, and settings of its own.
    pub(crate) fn keyring_with(
        &self,
        keks: &[Kek],
        settings: impl FnOnce(KeyringBuilder) -> KeyringBuilder,
    ) -> Result<Keyring, Error> {
        let Some((main, others)) = keks.split_first() else {
            return Err(Error::usage("no KEK is named").hint("--kek local:kek.json, or --kek aws-kms:ARN"));
        };
        let builder = self.builder(main.kms())?;
        Ok(settings(others.iter().fold(builder, |builder, kek| builder.and_kms(kek.kms()))).start()?)
    }

    /// A keyring with a KMS of one's own.
    pub(crate) fn keyring_of(&self, kms: impl Kms + 'static) -> Result<Keyring, Error> {
        Ok(self.builder(kms)?.start()?)
    }

    fn builder(&self, kms: impl Kms + 'static) -> Result<KeyringBuilder, Error> {
        Ok(Keyring::builder(kms, self.key_store()?).without_background().max_keys(KEYS_HELD))
    }

    /// The schema lock's path.
    pub(crate) fn lock(&self) -> &Path {
        &self.lock
    }

    /// What the schema lock says of the program's tables.
    pub(crate) fn schemas(&self) -> Result<Vec<Schema>, Error> {
        Ok(SchemaLock::load(&self.lock)?)
    }
}

/// The KEKs of the arguments, or those of the environment, separated by spaces or commas.
fn kek_uris(given: &[String], environment: Option<&str>) -> Vec<String> {
    if !given.is_empty() {
        return given.iter().filter(|uri| !uri.is_empty()).cloned().collect();
    }
    let separated = environment.unwrap_or_default().split(|c: char| c == ',' || c.is_whitespace());
    separated.filter(|uri| !uri.is_empty()).map(str::to_owned).collect()
}

/// How many KMS calls it takes to open a keyring: the keys that open are loaded at once, or the
/// application's where there are more than it holds.
pub(crate) fn opening(records: &[KeyRecord]) -> usize {
    let are_few = records.len() <= KEYS_HELD;
    let is_loaded = |record: &&KeyRecord| record.state.opens() && (are_few || record.scope == Scope::APPLICATION);
    records.iter().filter(is_loaded).count()
}

/// The same, with passphrases of its own.
pub(crate) fn open_or_create(uri: &str, create: bool, passphrases: &Passphrases) -> Result<Kek, Error> {
    let name = KekName::parse(uri)?;
    match &name {
        KekName::Local(path) if path.symlink_metadata().is_err() => {
            if create {
                return Kek::create(path, passphrases);
            }
            Err(Error::failed(format!("there is no KEK file at {}", path.display()))
                .hint("--create makes a new one there; if there was one before, put its copy back"))
        }
        KekName::Local(_) | KekName::Aws(_) => name.open(passphrases),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_before_the_environment() {
        let given = ["local:a b.json".to_owned()];
        assert_eq!(kek_uris(&given, Some("local:c.json")), given, "and may hold spaces");
        assert_eq!(
            kek_uris(&[], Some(" local:a, aws-kms:alias/b\nlocal:c,")),
            ["local:a", "aws-kms:alias/b", "local:c"]
        );
        assert!(kek_uris(&[], None).is_empty());
    }
}
