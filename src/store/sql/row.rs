//! Rows as they are read: hostile, column by column.

use crate::dialect::{COLUMNS, Dialect, KeyTable};
use crate::keys::{KeyId, KeyRecord, MAX_WRAPPED_JSON, MalformedRecord, RecordColumn, RecordColumns};

/// The longest text or blob that is read from a row, in bytes.
const MAX_CELL: usize = MAX_WRAPPED_JSON;

/// A value as it's stored. SQLite lets any column hold any type, and elsewhere the table may be
/// another one than ours.
#[derive(Debug)]
pub(in crate::store) enum Cell {
    Integer(i64),
    #[allow(dead_code, reason = "on MySQL all strings are bytes")]
    Text(String),
    Blob(Vec<u8>),
    /// NULL, a float, text that isn't UTF-8, or anything longer than 1 MiB.
    Unusable,
}

/// One row of `fieldseal_keys`, not yet checked.
#[derive(Debug)]
pub(in crate::store) struct Row(pub(in crate::store) [Cell; COLUMNS.len()]);

impl Row {
    /// The key record that the row holds, if it's well formed.
    pub(super) fn record(self, dialect: Dialect) -> Result<KeyRecord, MalformedRecord> {
        let Self([id, scope, state, commitment, wrapped, created, revision]) = self;
        let KeyTable { scopes_are_bytes, texts_are_bytes, .. } = *dialect.key_table();
        let key = id.integer().and_then(|id| u32::try_from(id).ok()).and_then(KeyId::new);
        let bad = |column| MalformedRecord { key, column };
        let columns = RecordColumns::new()
            .id(id.integer().ok_or(bad(RecordColumn::Id))?)
            .scope(scope.text(scopes_are_bytes).ok_or(bad(RecordColumn::Scope))?)
            .state(state.text(texts_are_bytes).ok_or(bad(RecordColumn::State))?)
            .commitment(commitment.blob().ok_or(bad(RecordColumn::Commitment))?)
            .wrapped(wrapped.text(texts_are_bytes).ok_or(bad(RecordColumn::Wrapped))?)
            .created(created.integer().ok_or(bad(RecordColumn::Created))?)
            .revision(revision.integer().ok_or(bad(RecordColumn::Revision))?);
        KeyRecord::from_columns(&columns)
    }
}

impl Cell {
    /// Text, as the database gives it: the length comes before the copy.
    #[allow(dead_code, reason = "on MySQL all strings are bytes")]
    pub(in crate::store) fn from_text(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= MAX_CELL => Self::Text(text.to_owned()),
            _ => Self::Unusable,
        }
    }

    /// A cell from PostgreSQL's binary format, by its type's object id.
    #[cfg(any(feature = "diesel-postgres", feature = "sqlx-postgres"))]
    pub(in crate::store) fn of_postgres(oid: u32, bytes: &[u8]) -> Self {
        use crate::dialect::postgres_types::StoredAs;
        const INT8: u32 = 20;
        match StoredAs::of_oid(oid) {
            _ if oid == INT8 => {
                bytes.try_into().map_or(Self::Unusable, |bytes| Self::Integer(i64::from_be_bytes(bytes)))
            }
            StoredAs::Bytes => Self::from_blob(bytes),
            StoredAs::Text => Self::from_text(bytes),
            StoredAs::Other => Self::Unusable,
        }
    }

    /// A blob, as the database gives it.
    pub(in crate::store) fn from_blob(bytes: &[u8]) -> Self {
        if bytes.len() <= MAX_CELL { Self::Blob(bytes.to_owned()) } else { Self::Unusable }
    }

    pub(in crate::store) const fn integer(&self) -> Option<i64> {
        if let Self::Integer(integer) = self { Some(*integer) } else { None }
    }

    fn text(&self, is_bytes: bool) -> Option<&str> {
        match self {
            Self::Text(text) if !is_bytes => Some(text),
            Self::Blob(blob) if is_bytes => std::str::from_utf8(blob).ok(),
            _ => None,
        }
    }

    fn blob(&self) -> Option<&[u8]> {
        if let Self::Blob(blob) = self { Some(blob) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_not_copied() {
        let (most, more) = (vec![b'x'; MAX_CELL], vec![b'x'; MAX_CELL + 1]);
        assert!(matches!(Cell::from_text(&most), Cell::Text(_)));
        assert!(matches!(Cell::from_blob(&most), Cell::Blob(_)));
        assert!(matches!(Cell::from_text(&more), Cell::Unusable));
        assert!(matches!(Cell::from_blob(&more), Cell::Unusable));
        assert!(matches!(Cell::from_text(&[0xFF]), Cell::Unusable));
    }
}
