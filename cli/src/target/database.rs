//! The URL of a database, in the forms that database libraries know, and what may be shown of it.

use crate::error::Error;
use fieldseal::Dialect;
use percent_encoding::percent_decode_str;
use rusqlite::{Connection, OpenFlags};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A database, not connected to.
#[derive(Clone)]
pub(crate) enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// Its URL.
    Postgres(String),
    /// Its URL, with the scheme `mysql`.
    Mysql(String),
}

impl Database {
    /// Reads `sqlite:app.db`, `sqlite://app.db`, `sqlite:///abs/app.db`, `file:app.db`, a path,
    /// `postgres://…`, `postgresql://…`, `mysql://…` or `mariadb://…`.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        match scheme(url) {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            Some(("mysql" | "mariadb", rest)) => Ok(Self::Mysql(format!("mysql:{rest}"))),
            Some(("sqlite" | "file", rest)) => sqlite(&path_of(rest)?),
            Some((other, _)) => Err(Error::usage(format!("fieldseal knows no database of the scheme {other:?}"))
                .hint("sqlite:app.db, postgres://user@host/database, or mysql://user@host/database")),
            None => sqlite(url),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    /// Whether both are one database, as far as their URLs tell.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(one), Self::Sqlite(other)) => {
                one == other || one.canonicalize().ok().is_some_and(|one| other.canonicalize().ok() == Some(one))
            }
            (one, other) => one.to_string() == other.to_string(),
        }
    }

    /// After keys were erased: moves SQLite's write-ahead log into the file, and says whether that
    /// was possible.
    pub(crate) fn checkpoint(&self) -> bool {
        let Self::Sqlite(path) = self else { return true };
        let busy = open_sqlite(path).ok().and_then(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).ok()
        });
        busy == Some(0)
    }

    /// The database for sweeps and other statements.
    pub(crate) fn sql(&self) -> Result<Arc<dyn fieldseal_sweep::sql::Database>, Error> {
        Ok(match self {
            Self::Sqlite(path) => {
                check_there(path)?;
                Arc::new(fieldseal_sweep::sql::Sqlite::at(path))
            }
            Self::Postgres(url) => Arc::new(fieldseal_sweep::sql::Postgres::new(Self::postgres_options(url)?)),
            Self::Mysql(url) => Arc::new(fieldseal_sweep::sql::Mysql::new(Self::mysql_options(url)?)),
        })
    }

    /// How sqlx connects to a PostgreSQL.
    pub(super) fn postgres_options(url: &str) -> Result<PgConnectOptions, Error> {
        url.parse().map_err(unusable)
    }

    /// How sqlx connects to a MySQL or MariaDB.
    pub(super) fn mysql_options(url: &str) -> Result<MySqlConnectOptions, Error> {
        url.parse().map_err(unusable)
    }
}

/// Opens a database that is there. One that isn't is never made: an empty one would hide a mistyped
/// path.
pub(super) fn open_sqlite(path: &Path) -> Result<Connection, Error> {
    check_there(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags);
    let opened = opened.and_then(|connection| {
        connection.busy_timeout(Duration::from_secs(5))?;
        // Wrapped copies that are erased are overwritten in the file.
        connection.pragma_update(None, "secure_delete", true)?;
        Ok(connection)
    });
    opened.map_err(|error| {
        Error::failed(format!("the SQLite database {} can't be opened", path.display()))
            .why(error.to_string())
            .hint("check that it is a file, and that this user may read and write it and its folder")
    })
}

fn check_there(path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Ok(());
    }
    Err(Error::failed(format!("there is no SQLite database at {}", path.display()))
        .why("fieldseal never makes one: it works on the program's own")
        .hint("check the path, which is relative to the working directory, or make it by the program's migrations"))
}

/// sqlx's error isn't shown: it may quote a part of the URL.
fn unusable(_: sqlx::Error) -> Error {
    Error::usage("the database URL can't be understood")
        .why("it must be scheme://user:password@host:port/database?parameters")
        .hint("write `@`, `:`, `/` and `%` of a password as %40, %3A, %2F and %25")
}

fn sqlite(path: &str) -> Result<Database, Error> {
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(Error::usage("the SQLite database is no file")
            .why("one in memory is seen by no other process")
            .hint("sqlite:app.db, or just app.db"));
    }
    Ok(Database::Sqlite(PathBuf::from(path)))
}

/// The path in what follows `sqlite:` or `file:`: without slashes that say that there's no host,
/// and without parameters. Parameters that make the database read-only are refused, and not
/// ignored.
fn path_of(rest: &str) -> Result<String, Error> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let (path, parameters) = path.split_once('?').unwrap_or((path, ""));
    let refused = |parameter: &&str| ["mode=ro", "mode=memory", "immutable=1"].contains(parameter);
    if let Some(parameter) = parameters.split('&').find(refused) {
        return Err(Error::usage(format!("{parameter} isn't supported"))
            .why("fieldseal works on databases that it can write; what it changes is up to the command, and most have --dry-run")
            .hint("leave the parameter out; to look at a database that must not change, make a copy of it"));
    }
    Ok(percent_decode_str(path).decode_utf8_lossy().into_owned())
}

/// The URL's scheme, and what follows the colon. A path of Windows has none.
fn scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let is_scheme =
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-".contains(&byte));
    is_scheme.then_some((scheme, rest))
}

/// What may be shown: neither the password nor parameters, which may hold one.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = match self {
            Self::Sqlite(path) => return write!(f, "{}", path.display()),
            Self::Postgres(url) | Self::Mysql(url) => url,
        };
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        let rest = rest.trim_start_matches('/');
        // A password with a `?` or `/` in it must not be taken for something else: the last `@`
        // ends it.
        let (user, rest) = rest
            .rsplit_once('@')
            .map_or(("", rest), |(login, rest)| (login.split(':').next().unwrap_or_default(), rest));
        let place = rest.split(['?', '#']).next().unwrap_or_default();
        let at = if user.is_empty() { "" } else { "@" };
        write!(f, "{scheme}://{user}{at}{place}")
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sqlite_database_is_a_path_however_it_is_written() {
        for (url, path) in [
            ("sqlite:app.db", "app.db"),
            ("sqlite://app.db", "app.db"),
            ("sqlite:///srv/app.db", "/srv/app.db"),
            ("sqlite:/srv/app.db", "/srv/app.db"),
            ("sqlite:app.db?mode=rwc", "app.db"),
            ("sqlite:my%20app.db", "my app.db"),
            ("file:app.db", "app.db"),
            ("file:///srv/app.db?cache=shared", "/srv/app.db"),
            ("app.db", "app.db"),
            ("./app.db", "./app.db"),
            ("/srv/app.db", "/srv/app.db"),
            ("C:\\app.db", "C:\\app.db"),
            ("a?b%20.db", "a?b%20.db"),
        ] {
            let parsed = Database::parse(url).unwrap();
            assert!(matches!(&parsed, Database::Sqlite(found) if found == Path::new(path)), "{url}: {parsed:?}");
        }
        for url in ["", "sqlite:", "sqlite::memory:", ":memory:", "sqlite://?mode=memory"] {
            assert!(Database::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn servers_are_told_apart_by_their_scheme() {
        let dialect = |url: &str| Database::parse(url).map(|database| database.dialect());
        assert_eq!(dialect("postgres://h/d").unwrap(), Dialect::Postgres);
        assert_eq!(dialect("postgresql://h/d").unwrap(), Dialect::Postgres);
        assert_eq!(dialect("mysql://h/d").unwrap(), Dialect::Mysql);
        assert_eq!(dialect("mariadb://h/d").unwrap(), Dialect::Mysql);
        let refused = dialect("mssql://sa:secret@h/d").unwrap_err();
        assert!(!format!("{refused:?}").contains("secret"));
    }

    #[test]
    fn no_password_is_ever_shown() {
        for (url, shown) in [
            ("postgres://app:hunter2@db.example:5432/app", "postgres://app@db.example:5432/app"),
            ("postgres://app:hun@ter2/x?y@db/app", "postgres://app@db/app"),
            ("postgres:///app?user=app&password=hunter2", "postgres://app"),
            ("postgres://app@db/app#hunter2", "postgres://app@db/app"),
            ("mariadb://app:hunter2@db/app?ssl-mode=required", "mysql://app@db/app"),
            ("postgres://:hunter2@db/app", "postgres://db/app"),
            ("mysql:app:hunter2@db", "mysql://app@db"),
        ] {
            let database = Database::parse(url).unwrap();
            assert_eq!(database.to_string(), shown);
            assert!(!format!("{database:?}").contains("hunter2"), "{database:?}");
        }
    }

    #[test]
    fn a_url_that_makes_no_sense_is_not_quoted() {
        for url in ["postgres://app:hunter2@db:port/app", "postgres://app:hunter2"] {
            let error = Database::postgres_options(url).err().map(|error| error.text(""));
            assert!(!error.unwrap_or_default().contains("hunter2"));
        }
    }
}
