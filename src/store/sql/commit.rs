//! Commits: the rules, and the locks that keep other writers out meanwhile.

use super::connection::{BUSY_TIMEOUT, Connection, Param};
use super::read::{records, scope_param};
use super::transaction::in_transaction;
use super::{Failed, Said};
use crate::context::Scope;
use crate::dialect::{Fault, SessionLock};
use crate::keys::{KeyId, KeyRecord, KeyState, MalformedRecord, RecordColumn};
use crate::store::{Change, Conflict};

/// All of `changes` or none of them.
pub(in crate::store) fn commit(connection: &mut impl Connection, changes: &[Change]) -> Result<(), Failed> {
    let locks = &connection.dialect().key_table().writers;
    match &locks.session {
        Some(lock) => {
            let held = HeldLock::take(connection, lock)?;
            held.connection.batch(lock.before)?;
            locked(&mut *held.connection, locks.in_transaction, changes)
        }
        None => locked(connection, locks.in_transaction, changes),
    }
}

fn locked<C: Connection>(connection: &mut C, lock: Option<&'static str>, changes: &[Change]) -> Result<(), Failed> {
    in_transaction(connection, |connection| {
        if let Some(lock) = lock {
            connection.batch(lock)?;
        }
        apply(connection, changes)
    })
}

/// The lock of the writers, where a session holds it.
struct HeldLock<'a, C: Connection> {
    connection: &'a mut C,
    lock: &'static SessionLock,
}

impl<'a, C: Connection> HeldLock<'a, C> {
    fn take(connection: &'a mut C, lock: &'static SessionLock) -> Result<Self, Said> {
        match connection.integer(lock.take)? {
            Some(1) => Ok(Self { connection, lock }),
            Some(_) => {
                Err(Said::own(Fault::Busy, format!("its writers' lock wasn't given within {BUSY_TIMEOUT:?}")))
            }
            // Without a schema the lock has no name.
            None => Err(Said::own(Fault::Other, "its connection has no database selected: name one in its URL")),
        }
    }
}

impl<C: Connection> Drop for HeldLock<'_, C> {
    fn drop(&mut self) {
        // If this fails, the lock ends with the session.
        if self.connection.batch(self.lock.give_back).is_err() {
            self.connection.lose();
        }
    }
}

/// All of `changes`, inside a transaction that holds the write lock: nothing can come between a
/// check and the statement after it. The table's indexes enforce the same rules against other
/// programs that write to it.
fn apply(connection: &mut impl Connection, changes: &[Change]) -> Result<(), Failed> {
    let dialect = connection.dialect();
    for change in changes {
        let record = change.record();
        let stored =
            connection.select(dialect.key_table().statements.get, &[Param::Integer(record.id.get().into())])?;
        match change {
            Change::Insert(_) => {
                if !stored.is_empty() {
                    return Err(Failed::Conflict(Conflict::IdTaken(record.id)));
                }
                check_primary(connection, record.state, record.id, &record.scope)?;
                insert(connection, record)?;
            }
            Change::Update(_) => {
                let stored = records(dialect, stored)?
                    .pop()
                    .filter(|stored| stored.revision.checked_add(1) == Some(record.revision))
                    .ok_or(Failed::Conflict(Conflict::Stale(record.id)))?;
                check_primary(connection, record.state, record.id, &stored.scope)?;
                update(connection, record, stored.revision)?;
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
) -> Result<(), Failed> {
    let dialect = connection.dialect();
    let params = [scope_param(dialect, scope), Param::Integer(id.get().into())];
    if state == KeyState::Primary
        && !connection.select(dialect.key_table().statements.other_primary, &params)?.is_empty()
    {
        return Err(Failed::Conflict(Conflict::PrimaryTaken(scope.clone())));
    }
    Ok(())
}

fn insert(connection: &mut impl Connection, record: &KeyRecord) -> Result<(), Failed> {
    let dialect = connection.dialect();
    let params = [
        Param::Integer(record.id.get().into()),
        scope_param(dialect, &record.scope),
        Param::Text(record.state.name()),
        Param::Blob(record.commitment.as_bytes()),
        Param::Text(&record.wrapped_json()),
        Param::Integer(record.created),
        Param::Integer(revision(record.id, record.revision)?),
    ];
    match connection.execute(dialect.key_table().statements.insert, &params)? {
        1 => Ok(()),
        // If the database silently does nothing, a trigger's doing perhaps, the whole commit must
        // be undone.
        _ => Err(Failed::NotStored(record.id)),
    }
}

/// The statement checks the revision that was seen: a proxy in between may have given the lock's
/// session to another client.
fn update(connection: &mut impl Connection, record: &KeyRecord, seen: u64) -> Result<(), Failed> {
    let params = [
        Param::Text(record.state.name()),
        Param::Text(&record.wrapped_json()),
        Param::Integer(revision(record.id, record.revision)?),
        Param::Integer(record.id.get().into()),
        Param::Integer(revision(record.id, seen)?),
    ];
    match connection.execute(connection.dialect().key_table().statements.update, &params)? {
        0 => Err(Failed::Conflict(Conflict::Stale(record.id))),
        1 => Ok(()),
        _ => Err(Said::own(Fault::Other, "one update changed several keys: its ids aren't unique").into()),
    }
}

fn revision(id: KeyId, revision: u64) -> Result<i64, Failed> {
    i64::try_from(revision)
        .map_err(|_| Failed::Malformed(MalformedRecord { key: Some(id), column: RecordColumn::Revision }))
}
