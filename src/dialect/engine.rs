//! The databases that tables can be in, and what each is made of.

use super::columns::ColumnCheck;
use super::fault::Fault;
use super::guards::Guards;
#[cfg(feature = "_sql-store")]
use super::key_table::KeyTable;
use super::migration::Scripts;
use super::syntax::Syntax;
use super::transactions::Transactions;
use super::{mysql, postgres, sqlite};

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
pub(super) struct Parts {
    pub(super) syntax: Syntax,
    pub(super) transactions: Transactions,
    /// What a message says, for libraries that pass on no code.
    pub(super) of_message: fn(&str) -> Option<Fault>,
    pub(super) scripts: Scripts,
    #[cfg(feature = "_sql-store")]
    pub(super) key_table: KeyTable,
    pub(super) columns: ColumnCheck,
    pub(super) guards: Guards,
}

impl Dialect {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// The one place where dialects are told apart.
    pub(super) const fn parts(self) -> &'static Parts {
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

    pub(super) const fn syntax(self) -> &'static Syntax {
        &self.parts().syntax
    }

    pub(super) fn of_message(self, message: &str) -> Option<Fault> {
        (self.parts().of_message)(message)
    }
}
