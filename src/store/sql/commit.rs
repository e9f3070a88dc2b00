//! Commits: the rules, and what keeps everybody else away meanwhile.

use super::statements::Statements;
use super::{BUSY_TIMEOUT, Connection, Failed, Fault, Kind, Param, records, scope_param};
use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord, KeyState, MalformedRecord, RecordColumn};
use crate::store::{Change, Conflict, Dialect};

/// For the next transaction only. Nobody else's uncommitted rows, and none of what changes after the first statement. A
/// session without autocommit may be inside a transaction that nobody began, where the level can't be set.
pub(super) const MYSQL_ISOLATION: &str =
    "COMMIT AND NO CHAIN NO RELEASE; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";

/// Until the end of the transaction; the numbers are the first eight bytes of SHA-256 of `fieldseal_keys`, in halves, and
/// an advisory lock belongs to one database.
pub(super) const POSTGRES_CREATION: &str = "\
SET LOCAL lock_timeout = 5000;
SELECT pg_advisory_xact_lock(104119378, -1089461906)";

/// Takes the write lock without changing anything: the first statement of a transaction that was begun as a reader.
/// A reader that only wants to write later fails if another process wrote in between; this one waits for its turn.
const SQLITE_LOCK: &str = "UPDATE fieldseal_keys SET revision = revision WHERE 0";

/// Writers wait, readers don't. At a level where each statement sees what was committed before it, whatever the
/// database's own is: a snapshot from before the lock would be an old one.
const POSTGRES_LOCK: &str = "\
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = 5000;
LOCK TABLE fieldseal_keys IN SHARE ROW EXCLUSIVE MODE";

/// Before the transaction begins, so that its snapshot is from after it. `LOCK TABLES` would need a right of its own, and
/// rows that aren't there yet can't be locked without deadlocks. The lock belongs to the session, its name to the
/// schema: MySQL's are at most 64 characters, and a schema's name alone can be that long.
const MYSQL_LOCK: &str =
    "SELECT CAST(GET_LOCK(CONCAT('fieldseal_keys.', LEFT(SHA2(LOWER(DATABASE()), 256), 40)), 5) AS SIGNED) AS n";

/// What others hold isn't waited for any longer here than elsewhere. The connection may be a pool's, so it is put back.
const MYSQL_BEFORE: &str = "\
SET @fieldseal_row = @@SESSION.innodb_lock_wait_timeout, @fieldseal_table = @@SESSION.lock_wait_timeout;
SET SESSION innodb_lock_wait_timeout = 5, SESSION lock_wait_timeout = 5;
COMMIT AND NO CHAIN NO RELEASE;
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
const MYSQL_AFTER: &str = "\
DO RELEASE_LOCK(CONCAT('fieldseal_keys.', LEFT(SHA2(LOWER(DATABASE()), 256), 40)));
SET SESSION innodb_lock_wait_timeout = @fieldseal_row, SESSION lock_wait_timeout = @fieldseal_table";

/// All of `changes` or none of them.
pub(in crate::store) fn commit(connection: &mut impl Connection, changes: &[Change]) -> Result<(), Failed> {
    match connection.dialect() {
        Dialect::Sqlite => in_transaction(connection, |connection| {
            connection.execute(SQLITE_LOCK, &[])?;
            apply(connection, changes)
        }),
        Dialect::Postgres => in_transaction(connection, |connection| {
            connection.batch(POSTGRES_LOCK)?;
            apply(connection, changes)
        }),
        Dialect::Mysql => {
            let turn = Turn::take(connection)?;
            turn.0.batch(MYSQL_BEFORE)?;
            in_transaction(&mut *turn.0, |connection| apply(connection, changes))
        }
    }
}

/// The work in a transaction, which is rolled back if it fails or panics.
pub(super) fn in_transaction<C: Connection, T>(
    connection: &mut C,
    work: impl FnOnce(&mut C) -> Result<T, Failed>,
) -> Result<T, Failed> {
    connection.begin()?;
    let mut transaction = Transaction { connection, is_open: true };
    let done = work(transaction.connection)?;
    transaction.is_open = false;
    match transaction.connection.commit() {
        Ok(()) => Ok(done),
        Err(fault) => {
            // SQLite leaves the transaction open.
            let _ = transaction.connection.rollback();
            Err(fault.of_commit().into())
        }
    }
}

struct Transaction<'a, C: Connection> {
    connection: &'a mut C,
    is_open: bool,
}

impl<C: Connection> Drop for Transaction<'_, C> {
    fn drop(&mut self) {
        if self.is_open && self.connection.rollback().is_err() {
            self.connection.lose();
        }
    }
}

/// The lock of MySQL's writers.
struct Turn<'a, C: Connection>(&'a mut C);

impl<'a, C: Connection> Turn<'a, C> {
    fn take(connection: &'a mut C) -> Result<Self, Fault> {
        match connection.integer(MYSQL_LOCK)? {
            Some(1) => Ok(Self(connection)),
            Some(_) => {
                Err(Fault::own(Kind::Busy, format!("its writers' lock wasn't given within {BUSY_TIMEOUT:?}")))
            }
            // NULL: without a schema there is no name.
            None => Err(Fault::own(Kind::Other, "its connection has no database selected: name one in its URL")),
        }
    }
}

impl<C: Connection> Drop for Turn<'_, C> {
    fn drop(&mut self) {
        // It ends with the session at the latest.
        if self.0.batch(MYSQL_AFTER).is_err() {
            self.0.lose();
        }
    }
}

/// All of `changes`, inside a transaction that holds the write lock: nothing can come between a check and the
/// statement after it. The table's indexes say the same; they are what holds if somebody else writes to it.
fn apply(connection: &mut impl Connection, changes: &[Change]) -> Result<(), Failed> {
    let dialect = connection.dialect();
    for change in changes {
        let record = change.record();
        let stored = connection.select(Statements::of(dialect).get, &[Param::Integer(record.id.get().into())])?;
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
    if state == KeyState::Primary && !connection.select(Statements::of(dialect).other_primary, &params)?.is_empty()
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
    match connection.execute(Statements::of(dialect).insert, &params)? {
        1 => Ok(()),
        // What the database itself keeps from being done must not be done in half.
        _ => Err(Failed::NotStored(record.id)),
    }
}

/// With the revision that was seen: a proxy in between may have lent the lock's session to somebody else.
fn update(connection: &mut impl Connection, record: &KeyRecord, seen: u64) -> Result<(), Failed> {
    let params = [
        Param::Text(record.state.name()),
        Param::Text(&record.wrapped_json()),
        Param::Integer(revision(record.id, record.revision)?),
        Param::Integer(record.id.get().into()),
        Param::Integer(revision(record.id, seen)?),
    ];
    match connection.execute(Statements::of(connection.dialect()).update, &params)? {
        0 => Err(Failed::Conflict(Conflict::Stale(record.id))),
        1 => Ok(()),
        _ => Err(Fault::own(Kind::Other, "one update changed several keys: its ids aren't unique").into()),
    }
}

fn revision(id: KeyId, revision: u64) -> Result<i64, Failed> {
    i64::try_from(revision)
        .map_err(|_| Failed::Malformed(MalformedRecord { key: Some(id), column: RecordColumn::Revision }))
}
