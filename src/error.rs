//! What can go wrong with a value, on the way in and on the way out.

use crate::context::{ContextError, Scope};
use crate::debug::debug_with_hint;
use crate::format::envelope::MAX_SEALED_LEN;
use crate::keyring::{KeyringError, LoadError, Need};
use crate::keys::KeyId;
use crate::model::Column;
use crate::random::NoRandomness;
use crate::suite::CipherError;
use crate::value::Kind;
use std::fmt;

/// A value could not be sealed or opened. It names table and column, and never the value.
///
/// The message says what is wrong, [`Error::hint`] what to try; `Debug` has both.
///
/// Database libraries wrap it in their own error; [`Error::find_in`] gets it out again.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    at: Option<(&'static str, &'static str)>,
}

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No keyring was installed for the model.
    #[error("no keyring is installed")]
    NotInstalled,
    /// The scope has no primary key, so nothing can be sealed for it.
    #[error("{0} has no primary data key in the key store")]
    NoPrimary(Scope),
    /// The row or scope can't be part of a context.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// What is stored is plaintext, or anything else that isn't a sealed value.
    #[error("the stored value is not sealed")]
    NotSealed,
    /// What is stored is a sealed value that the database wrote out as text, because its column is
    /// text and the model's isn't.
    #[error("the stored value is sealed bytes that the database turned into text, since its column is text")]
    SealedAsText,
    /// The value is under a key that isn't in the key store.
    #[error("the value is sealed under key {0}, which the key store does not have")]
    UnknownKey(KeyId),
    /// The key isn't loaded, and this keyring never waits for a KMS.
    #[error("{0} would have to wait, and this keyring never does")]
    NotLoaded(Need),
    /// The key could not be loaded.
    #[error(transparent)]
    LoadFailed(LoadError),
    /// The value is under a key that was retired.
    #[error("the value is sealed under key {0}, which is retired")]
    RetiredKey(KeyId),
    /// The value is under a key that was destroyed; it can't be read again.
    #[error("the value is sealed under key {0}, which was destroyed: it can't be read again")]
    DestroyedKey(KeyId),
    /// The value isn't authentic for its table, column, scope, row and key. Without a reason, on
    /// purpose.
    #[error("the value was rejected: it was changed, or it was sealed for another table, column, scope or row")]
    Rejected,
    /// The value opened, but isn't of the field's type, whose [`Value::KIND`](crate::Value::KIND)
    /// this is: the model no longer fits the data.
    #[error(
        "the value opened but is not a valid {0}: the field's type, `pad`, `json` or `hide_null` differs from when it was sealed"
    )]
    Malformed(Kind),
    /// The value opened, but isn't padded as its column pads: the model no longer fits the data.
    #[error(
        "the value opened but is not padded as its column pads: the field's `pad` or `hide_null` differs from when it was sealed"
    )]
    MalformedPadding,
    /// NULL where the field isn't an `Option`.
    #[error("the stored value is NULL, but the field is not an `Option` or its column hides NULL")]
    UnexpectedNull,
    /// The value would be, or is, longer than 64 MiB when sealed; in a column of base64 its
    /// characters count.
    #[error("the sealed value has a length of {0}, and the most is {MAX_SEALED_LEN}")]
    TooLong(usize),
    /// The value would be longer when sealed than the size that the model gives its column.
    #[error(
        "the sealed value has {needs} {}, and its column holds {size}",
        if *.base64 { "characters" } else { "bytes" }
    )]
    TooLongForColumn {
        /// How long the value would be, in bytes, or in characters of base64.
        needs: usize,
        /// How much the column holds.
        size: u32,
        /// Whether the column holds base64.
        base64: bool,
    },
    /// The model doesn't say how much its column holds, and the database may be one that cuts
    /// values without an error.
    #[error(
        "the model doesn't say how much the column holds, and MySQL can cut a value that is longer than its column without an error"
    )]
    SizeUnknown,
    /// A column that the model doesn't have was to be bound.
    #[error("the model has no column `{0}` in the database")]
    NoSuchColumn(String),
    /// The value can't be encoded, for example a map with keys that JSON doesn't have.
    #[error("the value can't be encoded: {0}")]
    Encode(&'static str),
    /// The key has sealed as many values as its algorithm allows.
    #[error("the column's key has sealed 2^32 values under AES-256-GCM, its limit")]
    Exhausted,
    /// A lookup in a column whose values differ each time they are sealed.
    #[error(
        "the column can't be searched by ciphertext, since equal values are sealed differently under its suite"
    )]
    NotDeterministic,
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed; nothing was sealed")]
    NoRandomness,
}

impl ErrorKind {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::NotInstalled => {
                "call `fieldseal::install(keyring)`, or the `install` of the model's own slot, before the first query"
            }
            Self::NoPrimary(_) => {
                "make one with `Admin::ensure_scope` where the tenant is made, but not for a tenant that was forgotten"
            }
            Self::Context(error) => error.hint(),
            Self::NotSealed => "if the column still holds plaintext, declare it `migrating` until it is encrypted",
            Self::SealedAsText => {
                "make the column one of bytes; on PostgreSQL `ALTER TABLE … ALTER COLUMN … TYPE bytea USING …::bytea` \
                 keeps what is stored"
            }
            Self::UnknownKey(_) => {
                "check that this is the right key store, and restore it if it was lost; if other values open, this one \
                 is damaged, as a column of text does it to bytes on MySQL: restore it from a backup"
            }
            Self::NotLoaded(_) => "call `Keyring::prefetch` for what a page needs first",
            Self::LoadFailed(load) => load.error().hint(),
            Self::RetiredKey(_) => "reactivate the key, then re-encrypt the column",
            Self::DestroyedKey(_) => {
                "remove the value; if its key wasn't to be destroyed, restore the key store from a backup"
            }
            Self::Rejected => "find the row with `fieldseal verify`, and restore the value from a backup",
            Self::Malformed(_) | Self::MalformedPadding => {
                "restore the field as it was; the schema lock shows what changed"
            }
            Self::UnexpectedNull => {
                "restore the value from a backup: it was overwritten by something else than the model"
            }
            Self::TooLong(_) => "store it outside of the database",
            Self::TooLongForColumn { .. } => "make the column larger, and its `size` in the model",
            Self::SizeUnknown => {
                "write `size = 65535` for a BLOB or TEXT, or 255 for a VARBINARY(255), on the struct or the field"
            }
            Self::NoSuchColumn(_) => "name a database column of one of the model's fields",
            Self::Encode(_) => "change the value or the field's type",
            Self::Exhausted => "rotate the scope's data key",
            Self::NotDeterministic => {
                "give the column the suite `aes-256-siv`, which shows how often each value occurs"
            }
            Self::NoRandomness => NoRandomness::HINT,
        }
    }
}

debug_with_hint!(Error);

impl Error {
    pub(crate) const fn new(kind: ErrorKind) -> Self {
        Self { kind, at: None }
    }

    pub(crate) const fn at(column: &Column, kind: ErrorKind) -> Self {
        Self::at_names((column.table(), column.name()), kind)
    }

    pub(crate) const fn at_names(at: (&'static str, &'static str), kind: ErrorKind) -> Self {
        Self { kind, at: Some(at) }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// What to try, as [`ErrorKind::hint`] has it.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.kind.hint()
    }

    /// The logical table name, where a column was concerned.
    #[must_use]
    pub fn table(&self) -> Option<&'static str> {
        self.at.map(|(table, _)| table)
    }

    /// The logical column name, where a column was concerned.
    #[must_use]
    pub fn column(&self) -> Option<&'static str> {
        self.at.map(|(_, column)| column)
    }

    /// The fieldseal error inside a database library's error, if there is one.
    ///
    /// ```
    /// # fn f(error: &rusqlite::Error) {
    /// if let Some(sealed) = fieldseal::Error::find_in(error) {
    ///     eprintln!("{sealed}\n  try: {}", sealed.hint());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn find_in<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            #[cfg(feature = "diesel")]
            if let Some(inner) = crate::db::diesel::inner_error::inner_error(error) {
                next = Some(inner);
                continue;
            }
            next = error.source();
        }
        None
    }
}

impl From<ContextError> for Error {
    fn from(error: ContextError) -> Self {
        Self::new(ErrorKind::Context(error))
    }
}

impl From<KeyringError> for ErrorKind {
    fn from(error: KeyringError) -> Self {
        Self::LoadFailed(LoadError::new(error))
    }
}

impl From<CipherError> for ErrorKind {
    fn from(failed: CipherError) -> Self {
        match failed {
            CipherError::Rejected => Self::Rejected,
            CipherError::Exhausted => Self::Exhausted,
            CipherError::Random => Self::NoRandomness,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((table, column)) => write!(f, "{table}.{column}: {}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::LoadFailed(load) => std::error::Error::source(load),
            _ => None,
        }
    }
}
