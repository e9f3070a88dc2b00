use super::*;
use crate::store::load_all;
use crate::store::sql::Connection as _;
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::sqlite::SqliteConnection;
use std::sync::atomic::{AtomicU32, Ordering};

fn store() -> Diesel<SqliteConnection> {
    let store = Diesel::new(SqliteConnection::establish(":memory:").unwrap());
    store.create_table().unwrap();
    store
}

fn panics(store: &Diesel<SqliteConnection>, work: impl Fn(&mut Session<SqliteConnection>) + Sync) {
    std::thread::scope(|threads| {
        let thread = threads.spawn(|| {
            store.run(|session| -> Result<(), Failed> {
                work(session);
                panic!("on purpose")
            })
        });
        assert!(thread.join().is_err());
    });
}

#[test]
fn survives_a_thread_that_panicked() {
    let store = store();
    panics(&store, |_| {});
    store.commit(&[]).unwrap();
}

/// diesel doesn't roll back what a panic left: whatever came after would be part of it, and lost
/// with it.
#[test]
fn a_transaction_that_a_panic_left_open_is_reported() {
    let store = store();
    panics(&store, |session| session.begin().unwrap());
    for error in [load_all(&store).unwrap_err(), store.commit(&[]).unwrap_err(), store.create_table().unwrap_err()]
    {
        assert!(matches!(&error, StoreError::Unavailable { message, .. } if message.contains("transaction")));
    }
}

#[test]
fn a_transaction_that_a_panic_left_open_goes_with_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db").display().to_string();
    let store = Diesel::connecting(move || SqliteConnection::establish(&path));
    store.create_table().unwrap();
    panics(&store, |session| session.begin().unwrap());
    assert_eq!(load_all(&store).unwrap(), []);
    store.commit(&[]).unwrap();
}

#[test]
fn a_busy_timeout_of_the_programs_own_stays() {
    let timeout =
        |store: &Diesel<SqliteConnection>| store.run(|session| Ok(session.with(sqlite::busy_timeout)?)).unwrap();
    assert_eq!(timeout(&store()), 5000);
    let mut own = SqliteConnection::establish(":memory:").unwrap();
    own.batch_execute("PRAGMA busy_timeout = 70").unwrap();
    assert_eq!(timeout(&Diesel::new(own)), 70);
}

#[test]
fn a_connection_is_made_at_the_first_use_and_when_it_was_lost() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db").display().to_string();
    let store = Diesel::connecting(move || {
        MADE.fetch_add(1, Ordering::Relaxed);
        SqliteConnection::establish(&path)
    });
    assert_eq!(MADE.load(Ordering::Relaxed), 0);
    store.create_table().unwrap();
    load_all(&store).unwrap();
    assert_eq!(MADE.load(Ordering::Relaxed), 1);
    store.run(|session| Ok(session.batch("SELECT no_such_function()")?)).unwrap_err();
    load_all(&store).unwrap();
    assert_eq!(MADE.load(Ordering::Relaxed), 2, "the error may have been the connection's");
}
