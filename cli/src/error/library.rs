//! The library's errors, in the words of the command line.

use super::{Error, Kind};
use fieldseal::dialect::Fault;
use fieldseal::keys::{KeyState, MalformedRecord};
use fieldseal::kms::{KmsError, LocalError};
use fieldseal::schema::LockError;
use fieldseal::store::StoreError;
use fieldseal::{ErrorKind, KeyringError};
use fieldseal_sweep::sql::SqlError;
use fieldseal_sweep::{PlanError, ProblemKind, SweepError};
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
            StoreError::Unavailable { message, hint, source, .. } => {
                let source = source.as_deref();
                let refused = source.and_then(|source| source.downcast_ref()).and_then(database_refusal);
                let refused = refused.or_else(|| source.and_then(|source| file_refusal(source, &message)));
                refused.unwrap_or_else(|| {
                    let by_default = "check that the database runs and that its URL is right, and try again";
                    Self::new(Kind::TryAgain, "the key store can't be reached")
                        .why(message)
                        .advised(hint.as_deref().unwrap_or(by_default), by_default)
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
            other => Self::failed(text).advised(other.hint(), LOOK),
        }
    }
}

/// Where the database refuses a user.
const RIGHTS: &str =
    "check the user, the password and the rights of the database URL; docs/cli.md has what each command needs";

/// Where nothing better is known.
const LOOK: &str = "run `fieldseal doctor`, which looks at the keys, the database and the lock file";

/// What to do about a damaged record.
pub(crate) const RESTORE: &str = "restore the key store's table, or that row, from a backup";

impl Error {
    /// With the library's hint, unless it speaks of Rust: then `otherwise`, in words of the command
    /// line.
    fn advised(self, hint: &str, otherwise: &str) -> Self {
        self.hint(if speaks_of_rust(hint) { otherwise } else { hint })
    }

    /// What is wrong with a record of the key store.
    pub(crate) fn of_record(error: &MalformedRecord) -> Self {
        Self::failed("a record in the key store is damaged").why(error.to_string()).hint(RESTORE)
    }
}

/// Whether a hint of the library is for the author of a program.
fn speaks_of_rust(hint: &str) -> bool {
    ["::", "`also_opens`", "`promote_at_once`"].iter().any(|name| hint.contains(name))
}

/// What to try about a value that a sweep left as it was.
pub(crate) fn advice_on(problem: &ProblemKind) -> &str {
    match problem {
        ProblemKind::Value(ErrorKind::NoPrimary(_)) => "give the tenant a key: `fieldseal init --scope NAME`",
        ProblemKind::Value(ErrorKind::RetiredKey(_)) => "`fieldseal key reactivate ID`, and `fieldseal reencrypt`",
        ProblemKind::Value(ErrorKind::Exhausted) => "`fieldseal key rotate`, and run it again",
        other if speaks_of_rust(other.hint()) => LOOK,
        other => other.hint(),
    }
}

/// Whether the error is about one key, and says nothing of the others.
pub(crate) const fn is_of_one_key(error: &KeyringError) -> bool {
    matches!(
        error,
        KeyringError::Store(StoreError::Malformed { .. })
            | KeyringError::NoCopy(_)
            | KeyringError::WrongKey(_)
            | KeyringError::Kms { error: KmsError::Rejected | KmsError::NotFound { .. }, .. }
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
        let (text, hint) = (error.to_string(), error.hint().to_owned());
        match error {
            KmsError::Unavailable { message, .. } => {
                Self::new(Kind::TryAgain, "the KMS can't be reached, or is too busy")
                    .why(message)
                    .advised(&hint, "run the command again later")
            }
            KmsError::Denied { message, .. } => Self::failed("the KMS denied access to the KEK")
                .why(message)
                .advised(&hint, "allow it to wrap and unwrap under the KEK"),
            KmsError::Disabled { message, .. } => {
                Self::failed("the KEK is disabled").why(message).advised(&hint, "enable the KEK again in the KMS")
            }
            KmsError::NotFound { message, .. } => Self::failed("the KEK was not found")
                .why(message)
                .hint("`fieldseal kek list` shows under which KEKs the keys are; name one of them with --kek"),
            KmsError::Rejected => Self::failed("a wrapped data key was rejected")
                .why("it is damaged, or it is not the copy of this key")
                .hint("restore the key's record in the key store from a backup"),
            KmsError::Misconfigured { message, .. } => Self::failed("the KMS can't be used as it is set up")
                .why(message)
                .advised(&hint, "check --kek, and the settings and credentials of the KMS"),
            _ => Self::failed(text).advised(&hint, LOOK),
        }
    }
}

impl From<LocalError> for Error {
    fn from(error: LocalError) -> Self {
        let (text, hint) = (error.to_string(), error.hint());
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
            _ => Self::failed("the KEK file can't be used")
                .why(text)
                .advised(hint, "check --kek, and the file it names"),
        }
    }
}

impl From<KeyringError> for Error {
    fn from(error: KeyringError) -> Self {
        let (text, transient) = (error.to_string(), error.is_transient());
        let hint = error.hint().to_owned();
        match error {
            KeyringError::Store(error) => error.into(),
            KeyringError::Wrap(error) => error.into(),
            KeyringError::Kms { id, error } => {
                let error = Self::from(error);
                let what = format!("data key {id} can't be used: {}", error.what);
                Self { what, ..error }
            }
            KeyringError::NoSuchKey(_) => Self::failed(text).hint("`fieldseal key list` shows those it has"),
            KeyringError::NoKeys(scope) => Self::failed(format!("{scope} has no data key"))
                .hint("`fieldseal key list` shows the scopes that have one"),
            KeyringError::Transition { id, error } => {
                let refusal = Self::refused(format!("data key {id} is {}", error.from)).why(error.to_string());
                match error.from {
                    KeyState::Primary => refusal.hint("rotate its scope first: `fieldseal key rotate`"),
                    KeyState::Active => refusal.hint("retire it first, once nothing is sealed under it any more"),
                    _ => refusal.hint(hint),
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
            KeyringError::ApplicationScope => Self::refused("the application's keys can't be shredded")
                .why(text)
                .hint("retire and destroy them one by one: `fieldseal key retire`, `fieldseal key destroy`"),
            KeyringError::TimedOut { .. } => Self::new(Kind::TryAgain, "the KMS or the key store took too long")
                .why(text)
                .hint("what was asked for may have been done all the same: look, and run the command again"),
            _ if transient => Self::new(Kind::TryAgain, text).hint("run the command again"),
            _ => Self::failed(text).advised(&hint, LOOK),
        }
    }
}

impl From<LockError> for Error {
    fn from(error: LockError) -> Self {
        let (text, hint) = (error.to_string(), error.hint());
        match error {
            LockError::Missing(path) => Self::failed(format!("there is no schema lock at {}", path.display()))
                .hint("run the program's test of it once with FIELDSEAL_LOCK=update, or give its path by --lock"),
            _ => Self::failed("the schema lock can't be used").why(text).hint(hint),
        }
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        let (text, hint) = (error.to_string(), error.hint());
        match error.fault() {
            Fault::Lost => Self::new(Kind::TryAgain, "the database can't be reached")
                .why(text)
                .hint("check that the database runs and that its URL is right, and try again"),
            Fault::Busy | Fault::Conflict => {
                Self::new(Kind::TryAgain, "the database was too busy").why(text).hint("run the command again")
            }
            Fault::Denied => Self::failed("the database refused it")
                .why(text)
                .hint(if hint == Fault::Denied.hint() { RIGHTS } else { hint }),
            Fault::Missing | Fault::Mismatched => Self::failed("something isn't in the database")
                .why(text)
                .hint("check the database's name in the URL, and that the lock file is this program's"),
            _ => Self::failed("the database failed").why(text).hint(hint),
        }
    }
}

impl From<SweepError> for Error {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Plan(error) => error.into(),
            SweepError::Sql(error) => error.into(),
            SweepError::Keys(error) => error.into(),
            other => Self::failed(other.to_string()).advised(other.hint(), LOOK),
        }
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        let (text, hint) = (error.to_string(), error.hint());
        let what = match error {
            PlanError::NotMigrating { table, column } => {
                return Self::refused(format!("{table}.{column} is not migrating"))
                    .why("a program that runs refuses plaintext there; what isn't sealed there now may be somebody else's, and would become authentic")
                    .hint("declare it `migrating`, deploy that, and let the program's test write the lock file")
                    .hint("or use another column: `encrypt --from COLUMN`, `decrypt --into COLUMN`")
                    .hint("or stop the program, and add --program-stopped");
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
        Self::failed(what).why(text).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fieldseal::Scope;
    use fieldseal::keys::{KeyId, RecordColumn};
    use fieldseal::store::Conflict;
    use std::path::PathBuf;
    use std::time::Duration;

    fn kind(source: impl std::error::Error + Send + Sync + 'static) -> Kind {
        Error::from(StoreError::unavailable("app.db", source.to_string()).with_source(source)).kind()
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
        assert_eq!(Error::from(KmsError::unavailable("")).kind(), Kind::TryAgain);
        assert_eq!(Error::from(KmsError::denied("")).kind(), Kind::Failed);
    }

    /// Every error of the libraries that can be made from outside.
    fn all() -> Vec<Error> {
        let id = KeyId::new(7).unwrap();
        let scope = || Scope::tenant("north").unwrap();
        let record = MalformedRecord::new(Some(id), RecordColumn::State);
        let kms = [
            KmsError::unavailable,
            KmsError::denied,
            KmsError::disabled,
            KmsError::not_found,
            KmsError::misconfigured,
        ];
        let kms = || kms.iter().map(|make| make("x".to_owned())).chain([KmsError::Rejected]);
        let stores = vec![
            StoreError::Conflict(Conflict::Stale(id)),
            StoreError::NotStored(id),
            StoreError::unavailable("app.db", "x"),
            StoreError::unavailable("app.db", "x").with_hint("call `Rusqlite::open`"),
            StoreError::denied("app.db", "x"),
            StoreError::missing("app.db"),
            StoreError::malformed("app.db", record),
            StoreError::damaged("app.db", "x"),
        ];
        let transition = KeyState::Active.step_to(KeyState::Destroyed).unwrap_err();
        let keyring = [
            KeyringError::WrongKey(id),
            KeyringError::Altered(id),
            KeyringError::NoCopy(id),
            KeyringError::Doubled(id),
            KeyringError::TwoPrimaries(scope()),
            KeyringError::NotStored(id),
            KeyringError::NoSuchKey(id),
            KeyringError::Transition { id, error: transition },
            KeyringError::ApplicationScope,
            KeyringError::NoKeys(scope()),
            KeyringError::LastCopy(id),
            KeyringError::TooEarly { id, wait: Duration::from_secs(60) },
            KeyringError::TimedOut { need: None, after: Duration::from_secs(60) },
            KeyringError::NoThread(std::sync::Arc::new(io::Error::other("x"))),
            KeyringError::Dropped,
            KeyringError::Panicked,
            KeyringError::Contended(3),
            KeyringError::NoRandomness,
        ];
        let keyring = keyring.into_iter().chain(kms().map(KeyringError::Wrap));
        let keyring = keyring.chain(kms().map(|error| KeyringError::Kms { id, error }));
        let path = || PathBuf::from("kek.json");
        let local = [
            LocalError::NotFound { path: path() },
            LocalError::Exists { path: path() },
            LocalError::PassphraseNeeded { path: path() },
            LocalError::PassphraseUnexpected { path: path() },
            LocalError::WrongPassphrase { path: path() },
            LocalError::Argon2Params,
            LocalError::Replaced { path: path() },
            LocalError::NoRandomness,
        ];
        let faults = [Fault::Denied, Fault::Missing, Fault::Busy, Fault::Lost, Fault::Refused, Fault::Other];
        let (table, column) = ("people".to_owned(), "name".to_owned());
        let plans = [
            PlanError::NoTable(table.clone()),
            PlanError::NoKey(table.clone()),
            PlanError::NothingToDo(table.clone()),
            PlanError::NotMigrating { table: table.clone(), column: column.clone() },
            PlanError::UnknownKeys { table, column, values: 3 },
        ];
        let lock = [LockError::Missing(path()), LockError::Behind { path: path(), diff: "+ x".into() }];
        let stores = stores.into_iter().map(Error::from);
        let made = stores.chain(kms().map(Error::from)).chain(keyring.map(Error::from));
        let made = made.chain(local.into_iter().map(Error::from)).chain(lock.into_iter().map(Error::from));
        let made = made.chain(plans.into_iter().map(Error::from)).chain([SweepError::Panicked.into()]);
        made.chain(faults.map(|fault| SqlError::new(fault, "x").into())).collect()
    }

    #[test]
    fn every_error_says_what_to_try_and_none_speaks_of_rust() {
        for error in all() {
            let text = error.text("error:");
            assert!(text.contains("\n  try: "), "{text}");
            assert!(!speaks_of_rust(&text), "{text}");
        }
    }
}
