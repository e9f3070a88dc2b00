//! What the SQL key stores share: statements, the rules of a commit, the reading of hostile rows.
//!
//! An adapter runs statements and owns the transaction; everything else is here.

use super::{Change, Conflict, StoreError};
use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord, KeyState, MAX_WRAPPED_JSON, MalformedRecord};
use std::error::Error;
use std::sync::Arc;

/// The longest text or blob that is read from a row, in bytes.
const MAX_CELL: usize = MAX_WRAPPED_JSON;

/// The most keys that are read from a store; the statements ask for one more.
const MAX_ROWS: usize = 1_000_000;

/// How long a statement waits for another process's transaction.
pub(super) const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// The columns in the order of [`Row`].
pub(super) const COLUMNS: [&str; 7] = ["id", "scope", "state", "commitment", "wrapped", "created", "revision"];

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, scope, state, commitment, wrapped, created, revision FROM fieldseal_keys", $rest)
    };
}

/// A value that is bound to a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Param<'a> {
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A value as SQLite stores it: any column can hold any type.
#[derive(Debug)]
pub(super) enum Cell {
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
    /// NULL, a float, text that isn't UTF-8, or anything longer than 1 MiB.
    Unusable,
}

/// One row of `fieldseal_keys`, not yet checked.
#[derive(Debug)]
pub(super) struct Row(pub(super) [Cell; COLUMNS.len()]);

/// A database connection. SQLite knows two kinds of statement: one gives rows of keys, the other changes them.
pub(super) trait Connection {
    /// Which store this is, for errors.
    fn store(&self) -> &str;

    fn select(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError>;

    /// The number of rows that were changed.
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<usize, StoreError>;
}

/// Takes the write lock without changing anything: the first statement of a transaction that was begun as a reader.
/// A reader that only wants to write later fails if another process wrote in between; this one waits for its turn.
#[cfg(feature = "diesel-sqlite")]
pub(super) const TAKE_WRITE_LOCK: &str = "UPDATE fieldseal_keys SET revision = revision WHERE 0";

/// Every record, or those of one scope.
pub(super) fn load(connection: &mut impl Connection, scope: Option<&Scope>) -> Result<Vec<KeyRecord>, StoreError> {
    let rows = match scope {
        None => connection.select(select!(" LIMIT 1000001"), &[]),
        Some(scope) => {
            connection.select(select!(" WHERE scope = ?1 LIMIT 1000001"), &[Param::Text(scope.as_str())])
        }
    };
    let rows = rows?;
    // What is called `fieldseal_keys` may be an endless view.
    if rows.len() > MAX_ROWS {
        let (store, message) = (connection.store().to_owned(), format!("it has more than {MAX_ROWS} keys"));
        return Err(StoreError::Damaged { store, message });
    }
    rows.into_iter().map(|row| row.record(connection.store())).collect()
}

/// Records by their ids, for [`super::KeyStore::page`].
pub(super) fn page(
    connection: &mut impl Connection,
    after: Option<KeyId>,
    most: usize,
) -> Result<Vec<KeyRecord>, StoreError> {
    let after = after.map_or(0, |id| id.get().into());
    let most = i64::try_from(most.min(MAX_ROWS + 1)).unwrap_or(i64::MAX);
    let rows = connection
        .select(select!(" WHERE id > ?1 ORDER BY id LIMIT ?2"), &[Param::Integer(after), Param::Integer(most)])?;
    rows.into_iter().map(|row| row.record(connection.store())).collect()
}

pub(super) fn get(connection: &mut impl Connection, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
    let rows = connection.select(select!(" WHERE id = ?1 LIMIT 1"), &[Param::Integer(id.get().into())])?;
    rows.into_iter().next().map(|row| row.record(connection.store())).transpose()
}

/// All of `changes`, inside a transaction that holds the write lock: nothing can come between a check and the
/// statement after it. The table's indexes say the same; they are what holds if somebody else writes to it.
pub(super) fn apply(connection: &mut impl Connection, changes: &[Change]) -> Result<(), StoreError> {
    for change in changes {
        let record = change.record();
        let id = Param::Integer(record.id.get().into());
        match change {
            Change::Insert(_) => {
                if !connection.select(select!(" WHERE id = ?1"), &[id])?.is_empty() {
                    return Err(StoreError::Conflict(Conflict::IdTaken(record.id)));
                }
                check_primary(connection, record.state, record.id, &record.scope)?;
                insert(connection, record)?;
            }
            Change::Update(_) => {
                let stored = get(connection, record.id)?
                    .filter(|stored| stored.revision.checked_add(1) == Some(record.revision))
                    .ok_or(StoreError::Conflict(Conflict::Stale(record.id)))?;
                check_primary(connection, record.state, record.id, &stored.scope)?;
                update(connection, record)?;
            }
        }
    }
    Ok(())
}

fn check_primary(
    connection: &mut impl Connection,
    state: KeyState,
    id: KeyId,
    scope: &Scope,
) -> Result<(), StoreError> {
    let others = select!(" WHERE scope = ?1 AND state = 'primary' AND id <> ?2 LIMIT 1");
    let params = [Param::Text(scope.as_str()), Param::Integer(id.get().into())];
    if state == KeyState::Primary && !connection.select(others, &params)?.is_empty() {
        return Err(StoreError::Conflict(Conflict::PrimaryTaken(scope.clone())));
    }
    Ok(())
}

fn insert(connection: &mut impl Connection, record: &KeyRecord) -> Result<(), StoreError> {
    let sql = "INSERT INTO fieldseal_keys (id, scope, state, commitment, wrapped, created, revision) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let params = [
        Param::Integer(record.id.get().into()),
        Param::Text(record.scope.as_str()),
        Param::Text(record.state.name()),
        Param::Blob(record.commitment.as_bytes()),
        Param::Text(&record.wrapped_json()),
        Param::Integer(record.created),
        Param::Integer(revision(connection.store(), record)?),
    ];
    connection.execute(sql, &params).map(drop)
}

fn update(connection: &mut impl Connection, record: &KeyRecord) -> Result<(), StoreError> {
    let params = [
        Param::Text(record.state.name()),
        Param::Text(&record.wrapped_json()),
        Param::Integer(revision(connection.store(), record)?),
        Param::Integer(record.id.get().into()),
    ];
    let sql = "UPDATE fieldseal_keys SET state = ?1, wrapped = ?2, revision = ?3 WHERE id = ?4";
    match connection.execute(sql, &params)? {
        0 => Err(StoreError::Conflict(Conflict::Stale(record.id))),
        _ => Ok(()),
    }
}

fn revision(store: &str, record: &KeyRecord) -> Result<i64, StoreError> {
    i64::try_from(record.revision).map_err(|_| malformed(store, "revision"))
}

fn malformed(store: &str, column: &'static str) -> StoreError {
    StoreError::Malformed { store: store.to_owned(), error: MalformedRecord { column } }
}

impl Row {
    fn record(self, store: &str) -> Result<KeyRecord, StoreError> {
        let Self([id, scope, state, commitment, wrapped, created, revision]) = self;
        let record = KeyRecord::from_columns(
            id.integer().ok_or_else(|| malformed(store, "id"))?,
            scope.text().ok_or_else(|| malformed(store, "scope"))?,
            state.text().ok_or_else(|| malformed(store, "state"))?,
            commitment.blob().ok_or_else(|| malformed(store, "commitment"))?,
            wrapped.text().ok_or_else(|| malformed(store, "wrapped"))?,
            created.integer().ok_or_else(|| malformed(store, "created"))?,
            revision.integer().ok_or_else(|| malformed(store, "revision"))?,
        );
        record.map_err(|error| StoreError::Malformed { store: store.to_owned(), error })
    }
}

impl Cell {
    /// Text, as the database gives it: the length comes before the copy.
    pub(super) fn from_text(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= MAX_CELL => Self::Text(text.to_owned()),
            _ => Self::Unusable,
        }
    }

    /// A blob, as the database gives it.
    pub(super) fn from_blob(bytes: &[u8]) -> Self {
        if bytes.len() <= MAX_CELL { Self::Blob(bytes.to_owned()) } else { Self::Unusable }
    }

    const fn integer(&self) -> Option<i64> {
        if let Self::Integer(integer) = self { Some(*integer) } else { None }
    }

    fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn blob(&self) -> Option<&[u8]> {
        if let Self::Blob(blob) = self { Some(blob) } else { None }
    }
}

/// A database's own error. SQLite's texts are the same whichever library passes them on, and hold no values.
pub(super) fn failed(store: &str, error: impl Error + Send + Sync + 'static) -> StoreError {
    let (store, text) = (store.to_owned(), error.to_string());
    let says = |what: &str| text.contains(what);
    if says("no such table: fieldseal_keys") || says("no such table: main.fieldseal_keys") {
        let hint = "apply `fieldseal::store::migration(Dialect::Sqlite)`, or call `create_table` on the store once";
        return StoreError::Missing { store, hint: hint.to_owned() };
    }
    if says("no such column") || says("has no column named") {
        let message =
            "its table `fieldseal_keys` has other columns than `fieldseal::store::migration` makes".to_owned();
        return StoreError::Damaged { store, message };
    }
    if says("database disk image is malformed") || says("file is not a database") {
        return StoreError::Damaged { store, message: text };
    }
    let hint = if says("database is locked") || says("database table is locked") {
        ": another process, or a transaction of this program, held the database for longer than the busy timeout; try again outside of transactions"
    } else {
        ""
    };
    let message = format!("{text}{hint}");
    StoreError::Unavailable { store, message, source: Some(Arc::new(error)) }
}

/// The connection is inside a transaction that was begun elsewhere: nothing that is committed would last.
pub(super) fn in_transaction(store: &str) -> StoreError {
    let message = "its connection is inside a transaction that was never finished; open the store again, on a \
                   connection that nothing else uses";
    StoreError::Unavailable { store: store.to_owned(), message: message.to_owned(), source: None }
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
