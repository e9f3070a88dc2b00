//! One connection through one library, and what it says when something fails, in the library's own
//! terms.

use super::Patient;
use fieldseal_databases::Database;
use std::error::Error as StdError;
use std::fmt::Debug;

/// What a program's retries ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Closed,
    Deadlock,
    Serialisation,
    Timeout,
    Unique,
    Other,
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// All that a log could show.
    pub(crate) printed: String,
    pub(crate) is_fieldseals: bool,
}

impl Failure {
    pub(crate) fn new(kind: Kind, error: &(dyn StdError + 'static)) -> Self {
        let printed = format!("{error} {error:?} {error:#?}");
        Self { kind, printed, is_fieldseals: fieldseal::Error::find_in(error).is_some() }
    }
}

pub(crate) trait Session: Sized {
    const CREATE: &'static str;
    /// Makes this session's statements give up soon.
    const SHORT_TIMEOUT: &'static str;

    fn database() -> Database;
    fn connect(database: &Database) -> Self;
    fn execute(&mut self, sql: &'static str) -> Result<(), Failure>;
    fn insert(&mut self, patient: &Patient) -> Result<(), Failure>;
    fn set_name(&mut self, id: i64, name: &str) -> Result<(), Failure>;
    fn load(&mut self, id: i64) -> Result<Patient, Failure>;
    /// What the server calls this connection.
    fn number(&mut self) -> i64;
    /// Ends another connection.
    fn kill(&mut self, number: i64);
}

pub(crate) const CREATE_POSTGRES: &str =
    "CREATE TABLE patients (id BIGINT PRIMARY KEY, name BYTEA NOT NULL, email BYTEA NOT NULL UNIQUE)";
pub(crate) const CREATE_MYSQL: &str = "CREATE TABLE patients (id BIGINT PRIMARY KEY, name VARBINARY(255) NOT NULL,
    email VARBINARY(255) NOT NULL UNIQUE)";
pub(crate) const TIMEOUT_POSTGRES: &str = "SET statement_timeout = 100";
pub(crate) const TIMEOUT_MYSQL: &str = "SET SESSION max_statement_time = 0.1";

/// By SQLSTATE, or MySQL's number.
pub(crate) fn kind_of_code(code: &str) -> Kind {
    match code {
        "40P01" | "1213" => Kind::Deadlock,
        "40001" => Kind::Serialisation,
        "57014" | "1205" | "1969" => Kind::Timeout,
        "57P01" | "1927" => Kind::Closed,
        "23505" | "1062" => Kind::Unique,
        _ => Kind::Other,
    }
}
