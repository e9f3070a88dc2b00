//! The library's errors, in the words of the command line.

use super::{Error, Kind};
use fieldseal::KeyringError;
use fieldseal::dialect::Fault;
use fieldseal::keys::{KeyState, MalformedRecord};
use fieldseal::kms::{KmsError, LocalError};
use fieldseal::schema::LockError;
use fieldseal::store::StoreError;
use fieldseal_sweep::sql::SqlError;
use fieldseal_sweep::{PlanError, SweepError};
use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use std::io;

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Missing { .. } => {
                Self::failed("the key store does not exist yet").why("there is no table or file of keys").hint(
                    "`fieldseal init` makes it; if it was there before, look at the database URL and at --key-store",
                )
            }
            StoreError::Unavailable { message, source, .. } => {
                let source = source.as_deref();
                let refused = source.and_then(|source| source.downcast_ref()).and_then(database_refusal);
                let refused = refused.or_else(|| source.and_then(|source| file_refusal(source, &message)));
                refused.unwrap_or_else(|| {
                    Self::new(Kind::TryAgain, "the key store can't be reached")
                        .why(message)
                        .hint("check that the database runs and that its URL is right, and try again")
                })
            }
            StoreError::Denied { message, source, .. } => {
                let of_file = source.as_deref().is_some_and(|source| source.is::<io::Error>() || source.is::<rusqlite::Error>());
                if of_file {
                    Self::failed("the key store can't be read or written")
                        .why(message)
                        .hint("check that this user may read and write the file and its folder")
                } else {
                    Self::failed("the database refused it")
                        .why(message)
                        .hint("check the user and the password in the database URL, and its rights: the key store needs SELECT, INSERT and UPDATE on `fieldseal_keys`, and `init` may make tables")
                        .hint("if it says that the database can only be read: connect to the primary, or end the read-only mode")
                }
            }
            StoreError::Conflict(_) => {
                Self::new(Kind::TryAgain, "another process changed the key store at the same moment")
                    .hint("run the command again")
            }
            StoreError::Malformed { error, .. } => Self::of_record(&error),
            StoreError::Damaged { message, .. } => Self::failed("the key store is damaged")
                .why(message)
                .hint("check that this is the right database or file, or restore it from a backup"),
            _ => Self::failed(text),
        }
    }
}

/// What to do about a damaged record.
pub(crate) const RESTORE: &str = "restore the key store's table, or that row, from a backup";

impl Error {
    /// What is wrong with a record of the key store.
    pub(crate) fn of_record(error: &MalformedRecord) -> Self {
        Self::failed("a record in the key store is damaged").why(error.to_string()).hint(RESTORE)
    }
}

/// Whether the error is about one key, and says nothing of the others.
pub(crate) const fn is_of_one_key(error: &KeyringError) -> bool {
    matches!(
        error,
        KeyringError::Store(StoreError::Malformed { .. })
            | KeyringError::NoCopy(_)
            | KeyringError::WrongKey(_)
            | KeyringError::Kms { error: KmsError::Rejected | KmsError::NotFound(_), .. }
    )
}

/// The server answered that it has no such database, or the URL can't be used.
fn database_refusal(error: &sqlx::Error) -> Option<Error> {
    match error {
        sqlx::Error::Database(database) if fault(&**database) == Fault::Missing => Some(
            Error::failed("the database can't be used")
                .why(database.message())
                .hint("check the database's name in the URL, and the user's rights on it"),
        ),
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => Some(
            Error::failed("the database URL can't be used as it is")
                .why(error.to_string())
                .hint("check its parameters, those of TLS among them"),
        ),
        _ => None,
    }
}

/// What a server's error means.
fn fault(error: &dyn DatabaseError) -> Fault {
    let code = error.code();
    match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(error) => Fault::of_mysql(error.number(), code.as_deref()),
        None => Fault::of_postgres(&code.unwrap_or_default()),
    }
}

/// A file that can't be used by this user, or at all.
fn file_refusal(error: &(dyn std::error::Error + 'static), why: &str) -> Option<Error> {
    let by_sqlite = error
        .downcast_ref::<rusqlite::Error>()
        .and_then(rusqlite::Error::sqlite_error)
        .map(|error| Fault::of_sqlite(error.extended_code, ""));
    let by_system = error.downcast_ref::<io::Error>().map(io::Error::kind);
    // A file that can't be opened is `Lost`.
    let is_refusal = matches!(by_sqlite, Some(Fault::Denied | Fault::Lost | Fault::Full))
        || matches!(
            by_system,
            Some(
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::IsADirectory
                    | io::ErrorKind::StorageFull
                    | io::ErrorKind::Unsupported
            )
        );
    is_refusal.then(|| {
        Error::failed("the key store can't be read or written")
            .why(why)
            .hint("check that this user may read and write the file and its folder")
    })
}

impl From<KmsError> for Error {
    fn from(error: KmsError) -> Self {
        let text = error.to_string();
        match error {
            KmsError::Unavailable(why) => Self::new(Kind::TryAgain, "the KMS can't be reached, or is too busy")
                .why(why)
                .hint("run the command again later"),
            KmsError::Denied(why) => Self::failed("the KMS denied access to the KEK").why(why),
            KmsError::Disabled(why) => Self::failed("the KEK is disabled").why(why),
            KmsError::NotFound(why) => Self::failed("the KEK was not found")
                .why(why)
                .hint("`fieldseal kek list` shows under which KEKs the keys are; name one of them with --kek"),
            KmsError::Rejected => Self::failed("a wrapped data key was rejected")
                .why("it is damaged, or it is not the copy of this key")
                .hint("restore the key's record in the key store from a backup"),
            KmsError::Misconfigured(why) => Self::failed("the KMS can't be used as it is set up").why(why),
            _ => Self::failed(text),
        }
    }
}

impl From<LocalError> for Error {
    fn from(error: LocalError) -> Self {
        let text = error.to_string();
        match error {
            LocalError::NotFound { path } => Self::failed(format!("there is no KEK file at {}", path.display()))
                .why("without it nothing that was sealed under it can be opened")
                .hint("put its copy back if there ever was one; a new file opens nothing")
                .hint("for a new program, `fieldseal init` makes it"),
            LocalError::WrongPassphrase { path } => {
                Self::failed(format!("the passphrase doesn't open the KEK file {}", path.display()))
                    .why("it is another one, or the file is damaged")
                    .hint("check --kek-passphrase-file, or FIELDSEAL_KEK_PASSPHRASE")
            }
            LocalError::PassphraseNeeded { path } => {
                Self::failed(format!("the KEK file {} has a passphrase", path.display()))
                    .why("none was given")
                    .hint(
                        "give it by --kek-passphrase-file PATH, or by FIELDSEAL_KEK_PASSPHRASE in the environment",
                    )
            }
            LocalError::PassphraseUnexpected { path } => {
                Self::failed(format!("the KEK file {} has no passphrase", path.display()))
                    .why("one was given, so this may be another file than you think")
                    .hint("check that it is the right file, or give no passphrase")
            }
            _ => Self::failed("the KEK file can't be used").why(text),
        }
    }
}

impl From<KeyringError> for Error {
    fn from(error: KeyringError) -> Self {
        let (text, transient) = (error.to_string(), error.is_transient());
        match error {
            KeyringError::Store(error) => error.into(),
            KeyringError::Wrap(error) => error.into(),
            KeyringError::Kms { id, error } => {
                let error = Self::from(error);
                let what = format!("data key {id} can't be used: {}", error.what);
                Self { what, ..error }
            }
            KeyringError::NoSuchKey(id) => Self::failed(format!("the key store has no data key {id}"))
                .hint("`fieldseal key list` shows those it has"),
            KeyringError::NoKeys(scope) => Self::failed(format!("{scope} has no data key"))
                .hint("`fieldseal key list` shows the scopes that have one"),
            KeyringError::Transition { id, error } => {
                let refusal = Self::refused(format!("data key {id} is {}", error.from)).why(error.to_string());
                match error.from {
                    KeyState::Primary => refusal.hint("rotate its scope first: `fieldseal key rotate`"),
                    KeyState::Active => refusal.hint("retire it first, once nothing is sealed under it any more"),
                    _ => refusal,
                }
            }
            KeyringError::LastCopy(id) => {
                Self::refused(format!("data key {id} has no copy under another KEK: it would be lost"))
                    .hint("give every key another copy first: `fieldseal kek add URI`")
            }
            KeyringError::TooEarly { id, wait } => Self::new(
                Kind::TryAgain,
                format!("data key {id} was staged too recently: some running program may not have it yet"),
            )
            .hint(format!("promote it in {}", crate::words::duration(wait))),
            KeyringError::ApplicationScope => Self::refused("the application's keys can't be shredded").why(text),
            KeyringError::TimedOut { .. } => Self::new(Kind::TryAgain, "the KMS or the key store took too long")
                .why(text)
                .hint("what was asked for may have been done all the same: look, and run the command again"),
            _ if transient => Self::new(Kind::TryAgain, text).hint("run the command again"),
            _ => Self::failed(text),
        }
    }
}

impl From<LockError> for Error {
    fn from(error: LockError) -> Self {
        let text = error.to_string();
        match error {
            LockError::Missing(path) => Self::failed(format!("there is no schema lock at {}", path.display()))
                .hint("run the program's test of it once with FIELDSEAL_LOCK=update, or give its path by --lock"),
            _ => Self::failed("the schema lock can't be used").why(text),
        }
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        let text = error.to_string();
        match error.fault() {
            Fault::Lost => Self::new(Kind::TryAgain, "the database can't be reached")
                .why(text)
                .hint("check that the database runs and that its URL is right, and try again"),
            Fault::Busy | Fault::Conflict => Self::new(Kind::TryAgain, "the database was too busy").why(text).hint("run the command again"),
            Fault::Denied => Self::failed("the database refused it")
                .why(text)
                .hint("check the user, the password and the rights of the database URL; docs/cli.md has what each command needs"),
            Fault::Missing | Fault::Mismatched => Self::failed("something isn't in the database")
                .why(text)
                .hint("check the database's name in the URL, and that the lock file is this program's"),
            _ => Self::failed("the database failed").why(text),
        }
    }
}

impl From<SweepError> for Error {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Plan(error) => error.into(),
            SweepError::Sql(error) => error.into(),
            SweepError::Keys(error) => error.into(),
            other => Self::failed(other.to_string()),
        }
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        let text = error.to_string();
        let what = match error {
            PlanError::NotMigrating { table, column } => {
                return Self::refused(format!("{table}.{column} is not migrating"))
                    .why("a program that runs refuses plaintext there; what isn't sealed there now may be somebody else's, and would become authentic")
                    .hint("declare it `migrating`, deploy that, and let the program's test write the lock file")
                    .hint("or use another column: `encrypt --from COLUMN`, `decrypt --into COLUMN`")
                    .hint("or stop the program, and say so: --program-stopped");
            }
            PlanError::UnknownKeys { .. } => {
                return Self::refused(
                    "most of it looks sealed already, under keys that the key store doesn't have",
                )
                .why(text)
                .hint("check --key-store and the database URL; restore the key store if it was lost")
                .hint("if it is plaintext that looks so: --seal-lookalikes");
            }
            PlanError::NoTable(_) | PlanError::NoColumn { .. } => "the lock file doesn't fit the database",
            _ => "the table can't be worked on as it is",
        };
        Self::failed(what).why(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn kind(source: impl std::error::Error + Send + Sync + 'static) -> Kind {
        let (store, message) = ("app.db".to_owned(), source.to_string());
        Error::from(StoreError::Unavailable { store, message, source: Some(Arc::new(source)) }).kind()
    }

    #[test]
    fn only_what_may_pass_is_worth_trying_again() {
        let sqlite = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert_eq!(kind(sqlite(rusqlite::ffi::SQLITE_BUSY)), Kind::TryAgain);
        assert_eq!(kind(sqlite(rusqlite::ffi::SQLITE_READONLY)), Kind::Failed);
        assert_eq!(kind(io::Error::from(io::ErrorKind::PermissionDenied)), Kind::Failed);
        assert_eq!(kind(io::Error::from(io::ErrorKind::Interrupted)), Kind::TryAgain);
        assert_eq!(kind(sqlx::Error::PoolTimedOut), Kind::TryAgain);
        assert_eq!(kind(sqlx::Error::Configuration("no".into())), Kind::Failed);
        assert_eq!(Error::from(KmsError::Unavailable(String::new())).kind(), Kind::TryAgain);
        assert_eq!(Error::from(KmsError::Denied(String::new())).kind(), Kind::Failed);
    }
}
