//! The databases that tables can be in, what they have in common, and what they say.

// A dialect is a folder with a file for each concern, and `PARTS` in its `mod.rs` says what it's made of. The files beside
// this one say what each part has to give. Everything else asks `Dialect`; only `Dialect::parts` tells them apart.

mod columns;
mod fault;
pub(crate) mod guards;
#[cfg(feature = "_sql-store")]
mod key_table;
mod migration;
mod mysql;
mod postgres;
mod sqlite;
mod syntax;
mod transactions;

pub(crate) use self::columns::ColumnCheck;
pub use self::fault::Fault;
#[cfg(test)]
pub(crate) use self::guards::Refusal;
pub(crate) use self::guards::{Event, Known, PREFIX, Target};
#[cfg(feature = "_sql-store")]
pub(crate) use self::key_table::{COLUMNS, KeyTable, SessionLock};
#[cfg(any(feature = "diesel-postgres", feature = "sqlx-postgres", feature = "_sweep"))]
pub(crate) use self::postgres::types as postgres_types;
#[doc(hidden)]
pub use self::transactions::Transactions;

use self::guards::Guards;
use self::migration::Scripts;
use self::syntax::Syntax;

/// A database engine that can hold the program's tables and the table of data keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite 3.8 or newer.
    Sqlite,
    /// PostgreSQL 11 or newer.
    Postgres,
    /// MySQL 8.0.16 or newer, MariaDB 10.5 or newer.
    Mysql,
}

/// What a dialect is made of: one field a concern.
struct Parts {
    syntax: Syntax,
    transactions: Transactions,
    /// What a message says, for libraries that pass on no code.
    of_message: fn(&str) -> Option<Fault>,
    scripts: Scripts,
    #[cfg(feature = "_sql-store")]
    key_table: KeyTable,
    columns: ColumnCheck,
    guards: Guards,
}

impl Dialect {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

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
