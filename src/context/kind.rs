//! How the columns that name a row or a tenant are encoded.

use std::fmt;

/// How a column that names a row or a tenant is encoded: what [`AsRowId`](super::AsRowId) and
/// [`AsScope`](super::AsScope) make of its Rust type, and what the schema lock calls it.
///
/// Types of one kind give the same row id or scope for the same key: integers of every width agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ContextKind {
    /// Bytes. They can name a row, not a tenant.
    Bytes,
    /// An integer of any width.
    Int,
    /// UTF-8 text.
    Text,
    /// A UUID. As a row id it's the 16 bytes, and equals a row id of those bytes; as a tenant it's
    /// the 36 characters, and equals a tenant of that text.
    Uuid,
}

impl ContextKind {
    /// Every kind there is.
    pub const ALL: [Self; 4] = [Self::Bytes, Self::Int, Self::Text, Self::Uuid];

    /// What the schema lock calls it: `bytes`, `int`, `text` or `uuid`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Int => "int",
            Self::Text => "text",
            Self::Uuid => "uuid",
        }
    }

    /// The kind of that name; `None` if there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for ContextKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
