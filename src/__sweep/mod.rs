//! What the crate `fieldseal-sweep` uses and isn't public: its door into this one, pinned by the
//! version. Not part of the public interface, and changed without notice.
//!
//! Sweeps use public items where there are any; each function here says why there is none.

mod kinds;

pub use crate::keyring::values::Resealed;
// How a sweep tries again is how the library does; a program has its own way.
pub use crate::retry::{Tried, again};
pub use kinds::{IdKind, OptionalKind, WithType};

use crate::context::{RowContext, Scope};
use crate::db::StoredValue;
use crate::db::postgres::StoredAs;
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind};
use crate::format::armor;
use crate::format::envelope::Envelope;
use crate::keyring::{Keyring, KeyringError};
use crate::keys::{KeyId, KeyState};
use crate::model::Column;
use crate::store::Migration;
use std::collections::{HashMap, HashSet};
use zeroize::Zeroizing;

/// The dialects that there are, for statements that have to be written for each. There are two
/// enums because [`Dialect`] isn't exhaustive outside of this crate, and this one is: a new dialect
/// doesn't compile until the sweeps know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the dialects")]
pub enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

impl Engine {
    /// Of a dialect.
    #[must_use]
    pub const fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::Sqlite,
            Dialect::Postgres => Self::Postgres,
            Dialect::Mysql => Self::Mysql,
        }
    }

    /// The dialect.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Sqlite => Dialect::Sqlite,
            Self::Postgres => Dialect::Postgres,
            Self::Mysql => Dialect::Mysql,
        }
    }
}

/// Seals the same plaintext anew, unless it's under the primary key and the column's suite already:
/// a program only ever seals values that it has.
///
/// # Errors
///
/// Why the value can't be opened or sealed.
pub fn reseal(
    keyring: &Keyring,
    column: &Column,
    row: &RowContext,
    stored: StoredValue<'_>,
) -> Result<Resealed, ErrorKind> {
    keyring.reseal(column, row, stored)
}

/// Opens a sealed value to its encoding, `None` for a hidden NULL: a program opens to values of its
/// own types.
///
/// # Errors
///
/// Why the value can't be opened.
pub fn open_encoded(
    keyring: &Keyring,
    column: &Column,
    row: &RowContext,
    stored: StoredValue<'_>,
) -> Result<Option<Zeroizing<Vec<u8>>>, ErrorKind> {
    keyring.open_encoded(column, row, stored)
}

/// Seals a hidden NULL: a program does that through its model's `Option`.
///
/// # Errors
///
/// Why it can't be sealed.
pub fn seal_null(keyring: &Keyring, column: &Column, row: &RowContext) -> Result<Vec<u8>, Error> {
    keyring.seal_null(column, row)
}

/// Whether what doesn't open, and why, may be plaintext: a program's models decide that by
/// themselves.
///
/// # Errors
///
/// Why it is no plaintext.
pub fn check_plaintext(
    keyring: &Keyring,
    column: &Column,
    stored: StoredValue<'_>,
    why: ErrorKind,
) -> Result<(), ErrorKind> {
    keyring.is_plaintext(column, stored, why)
}

/// The state of every data key in the key store, those with damaged records too: `Keyring::keys`
/// has what is loaded.
///
/// # Errors
///
/// If the store can't be read.
pub fn stored_states(keyring: &Keyring) -> Result<HashMap<KeyId, KeyState>, KeyringError> {
    keyring.states()
}

/// Every scope that has a key in the key store, or had one: `Keyring::keys` has what is loaded.
///
/// # Errors
///
/// If the store can't be read.
pub fn stored_scopes(keyring: &Keyring) -> Result<HashSet<Scope>, KeyringError> {
    keyring.stored_scopes()
}

/// Whether a damaged record of the key store may be of any scope: sweeps alone make a key because a
/// scope seems to have none.
///
/// # Errors
///
/// If the store can't be read.
pub fn hides_scopes(keyring: &Keyring) -> Result<bool, KeyringError> {
    keyring.hides_scopes()
}

/// Gives a scope that never had a key its first one, and says which; `None` if it was forgotten.
/// `Admin::ensure_scope` begins a forgotten scope again, which a sweep must not.
///
/// # Errors
///
/// If the store or the KMS fails.
pub fn begin_scope(keyring: &Keyring, scope: &Scope) -> Result<Option<KeyId>, KeyringError> {
    keyring.begin_scope(scope)
}

/// Whether a NULL in the column can't be the model's own: it follows from two public answers, and
/// is worked out in one place.
#[must_use]
pub const fn refuses_null(column: &Column) -> bool {
    column.refuses_null()
}

/// The bytes in front of every value under that key, which a sweep has the database count: a
/// program never makes any.
#[must_use]
pub fn header_of(key: KeyId) -> Vec<u8> {
    Envelope::header(key).to_vec()
}

/// The length in base64 of so many sealed bytes, as columns hold it: programs leave that to their
/// models.
#[must_use]
pub const fn base64_len(bytes: usize) -> usize {
    armor::len(bytes)
}

/// Sealed bytes in base64, as columns hold it.
#[must_use]
pub fn to_base64(sealed: &[u8]) -> Vec<u8> {
    armor::encode(sealed)
}

/// The bytes that base64 in a column stands for; `None` for what isn't exactly that.
#[must_use]
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    armor::decode(text)
}

/// Whether PostgreSQL's type with that object id holds sealed bytes: what the models' adapters go
/// by.
#[must_use]
pub fn postgres_holds_bytes(oid: u32) -> bool {
    StoredAs::of_oid(oid) == StoredAs::Bytes
}

/// Whether PostgreSQL's type with that object id holds text.
#[must_use]
pub fn postgres_holds_text(oid: u32) -> bool {
    StoredAs::of_oid(oid) == StoredAs::Text
}

/// A migration; outsiders only receive them.
#[must_use]
pub const fn migration(name: &'static str, up: &'static str, down: &'static str) -> Migration {
    Migration { name, up, down }
}
