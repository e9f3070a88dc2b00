//! What differs between databases: statements, types, guards, and what they say when something
//! fails. [`Dialect`] is at the crate's root.

// A dialect is a folder with a file for each concern, and `PARTS` in its `mod.rs` says what it's
// made of. The files beside this one say what each part has to give. Everything else asks
// `Dialect`; only `Dialect::parts` tells them apart.

mod columns;
mod fault;
pub(crate) mod guards;
#[cfg(feature = "_sql-store")]
mod key_table;
mod migration;
mod mysql;
pub(crate) mod name;
mod parts;
mod postgres;
mod sqlite;
mod syntax;
mod transactions;

pub(crate) use self::columns::ColumnCheck;
pub use self::fault::Fault;
#[cfg(test)]
pub(crate) use self::guards::Refusal;
pub(crate) use self::guards::{Event, KnownGuards, PREFIX, Target};
#[cfg(feature = "_sql-store")]
pub(crate) use self::key_table::{COLUMNS, KeyTable, SessionLock};
pub(crate) use self::name::Dialect;
#[cfg(any(feature = "diesel-postgres", feature = "sqlx-postgres", feature = "_sweep"))]
pub(crate) use self::postgres::types as postgres_types;
#[doc(hidden)]
pub use self::transactions::Transactions;

use self::guards::Guards;
use self::migration::Scripts;
use self::parts::Parts;
use self::syntax::Syntax;

impl Dialect {
    /// The one place where dialects are told apart.
    const fn parts(self) -> &'static Parts {
        match self {
            Self::Sqlite => &sqlite::PARTS,
            Self::Postgres => &postgres::PARTS,
            Self::Mysql => &mysql::PARTS,
        }
    }

    /// The words that begin and end a transaction.
    #[doc(hidden)]
    #[must_use]
    pub const fn transactions(self) -> &'static Transactions {
        &self.parts().transactions
    }

    /// What makes the table `fieldseal_keys`, and what drops it.
    pub(crate) const fn scripts(self) -> &'static Scripts {
        &self.parts().scripts
    }

    /// How the table `fieldseal_keys` is read and written.
    #[cfg(feature = "_sql-store")]
    pub(crate) const fn key_table(self) -> &'static KeyTable {
        &self.parts().key_table
    }

    pub(crate) const fn columns(self) -> &'static ColumnCheck {
        &self.parts().columns
    }

    pub(crate) const fn guards(self) -> &'static Guards {
        &self.parts().guards
    }

    const fn syntax(self) -> &'static Syntax {
        &self.parts().syntax
    }

    fn of_message(self, message: &str) -> Option<Fault> {
        (self.parts().of_message)(message)
    }
}

impl Fault {
    /// The fault for SQLite's result code, extended or primary, and its message, which is the same
    /// in every library.
    #[must_use]
    pub fn of_sqlite(code: i32, message: &str) -> Self {
        sqlite::faults::of_code(code, message)
    }

    /// The fault for PostgreSQL's SQLSTATE.
    ///
    /// ```
    /// use fieldseal::dialect::Fault;
    ///
    /// assert_eq!(Fault::of_postgres("42501"), Fault::Denied);
    /// assert_eq!(Fault::of_postgres("40P01"), Fault::Conflict);
    /// ```
    #[must_use]
    pub fn of_postgres(sqlstate: &str) -> Self {
        postgres::faults::of_sqlstate(sqlstate)
    }

    /// The fault for the error number of MySQL or MariaDB, and the SQLSTATE beside it where the
    /// library tells it: an error that a trigger signals may have any number.
    #[must_use]
    pub fn of_mysql(number: u16, sqlstate: Option<&str>) -> Self {
        mysql::faults::of_number(number, sqlstate)
    }

    /// The fault for a message alone, for libraries that pass on no code. `None` if it isn't
    /// recognised, for example because the server's language isn't English.
    #[must_use]
    pub fn of_message(dialect: Dialect, message: &str) -> Option<Self> {
        dialect.of_message(message)
    }
}
