//! A database that goes away, a deadlock, a serialisation failure, a statement that takes too long,
//! a pool that is exhausted: the library's own error comes through a sealed model with its kind, so
//! that a program's retries work as before; nothing of fieldseal's is put in its place, and no
//! plaintext is in it.

mod async_diesel;
mod exhausted;
mod sessions;
mod sqlite;
mod sqlx;
mod sync_diesel;

use fieldseal::Encrypt;
use fieldseal_databases::Database;
use sessions::{Failure, Kind, Session};
use std::time::Duration;

testkit::test_keyring!(Keys, &[]);

diesel::table! {
    patients (id) {
        id -> BigInt,
        name -> Binary,
        email -> Binary,
    }
}

#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "patients", row = id, keyring = Keys, sqlx, size = 255)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    #[encrypt]
    name: String,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    email: String,
}

/// What no error may show.
const SECRET: &str = "Grace Hopper";

fn patient(id: i64) -> Patient {
    Patient { id, name: format!("{SECRET} {id}"), email: format!("{SECRET}@{id}") }
}

/// A database with rows 1 and 2, and two sessions on it.
fn two_sessions<S: Session>() -> (Database, S, S) {
    let database = S::database();
    let (mut one, mut two) = (S::connect(&database), S::connect(&database));
    one.execute(S::CREATE).unwrap();
    for id in [1, 2] {
        one.insert(&patient(id)).unwrap();
    }
    assert!(two.load(1).unwrap() == patient(1));
    (database, one, two)
}

/// The library's own error, of that kind, with nothing in it that was sealed.
#[track_caller]
fn check(failure: &Failure, kind: Kind) {
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(!failure.is_fieldseals, "{failure:?}");
    assert!(!failure.printed.contains(SECRET), "{failure:?}");
}

fn a_connection_that_is_closed_by_the_server<S: Session>() {
    let (database, mut one, mut two) = two_sessions::<S>();
    one.execute("BEGIN").unwrap();
    one.set_name(1, "lost").unwrap();
    let connection = one.number();
    two.kill(connection);
    std::thread::sleep(Duration::from_millis(100));
    let failure = one.load(1).err().or_else(|| one.set_name(1, "lost").err()).expect("an error");
    check(&failure, Kind::Closed);
    assert!(two.load(1).unwrap() == patient(1), "the transaction was rolled back");
    let mut again = S::connect(&database);
    again.set_name(1, "found").unwrap();
    assert_eq!(again.load(1).unwrap().name, "found");
}

fn a_deadlock<S: Session + Send>() {
    let (_database, mut one, mut two) = two_sessions::<S>();
    one.execute("BEGIN").unwrap();
    two.execute("BEGIN").unwrap();
    one.set_name(1, SECRET).unwrap();
    two.set_name(2, SECRET).unwrap();
    let failures: Vec<Failure> = std::thread::scope(|threads| {
        let first = threads.spawn(|| (one.set_name(2, SECRET), one.execute("ROLLBACK")).0);
        let second = threads.spawn(|| (two.set_name(1, SECRET), two.execute("ROLLBACK")).0);
        [first, second].into_iter().filter_map(|thread| thread.join().unwrap().err()).collect()
    });
    let [failure] = &failures[..] else { panic!("{failures:?}") };
    check(failure, Kind::Deadlock);
    assert!(one.load(1).unwrap() == patient(1) && two.load(2).unwrap() == patient(2));
}

fn a_serialisation_failure<S: Session>() {
    let (_database, mut one, mut two) = two_sessions::<S>();
    for session in [&mut one, &mut two] {
        session.execute("BEGIN").unwrap();
        session.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").unwrap();
        session.load(1).unwrap();
        session.load(2).unwrap();
    }
    one.set_name(1, SECRET).unwrap();
    two.set_name(2, SECRET).unwrap();
    one.execute("COMMIT").unwrap();
    check(&two.execute("COMMIT").unwrap_err(), Kind::Serialisation);
    // A user's retry.
    two.execute("ROLLBACK").unwrap();
    two.set_name(2, "again").unwrap();
    assert_eq!(two.load(2).unwrap().name, "again");
}

fn a_statement_that_takes_too_long<S: Session>() {
    let (_database, mut one, mut two) = two_sessions::<S>();
    one.execute("BEGIN").unwrap();
    one.set_name(1, SECRET).unwrap();
    two.execute(S::SHORT_TIMEOUT).unwrap();
    check(&two.set_name(1, SECRET).unwrap_err(), Kind::Timeout);
    one.execute("ROLLBACK").unwrap();
    two.set_name(1, "later").unwrap();
    assert_eq!(two.load(1).unwrap().name, "later");
}

fn a_duplicate_of_a_sealed_value<S: Session>() {
    let (_database, mut one, _two) = two_sessions::<S>();
    check(&one.insert(&patient(1)).unwrap_err(), Kind::Unique);
    let same_email = Patient { id: 3, ..patient(2) };
    check(&one.insert(&same_email).unwrap_err(), Kind::Unique);
}

/// Every fault on every session.
macro_rules! faults {
    ($($module:ident: $Session:ty, [$($fault:ident)*];)*) => {$(
        mod $module {
            $(#[test]
            fn $fault() {
                $crate::faults::$fault::<$Session>();
            })*
        }
    )*};
}

// MariaDB has no serialisation failure of its own: InnoDB takes locks, and reports deadlocks.
faults! {
    diesel_postgres: crate::faults::sync_diesel::Postgres, [a_connection_that_is_closed_by_the_server a_deadlock a_serialisation_failure
        a_statement_that_takes_too_long a_duplicate_of_a_sealed_value];
    diesel_async_postgres: crate::faults::async_diesel::Postgres, [a_connection_that_is_closed_by_the_server a_deadlock
        a_serialisation_failure a_statement_that_takes_too_long a_duplicate_of_a_sealed_value];
    sqlx_postgres: crate::faults::sqlx::Postgres, [a_connection_that_is_closed_by_the_server a_deadlock a_serialisation_failure
        a_statement_that_takes_too_long a_duplicate_of_a_sealed_value];
    diesel_mysql: crate::faults::sync_diesel::Mysql, [a_connection_that_is_closed_by_the_server a_deadlock
        a_statement_that_takes_too_long a_duplicate_of_a_sealed_value];
    diesel_async_mysql: crate::faults::async_diesel::Mysql, [a_connection_that_is_closed_by_the_server a_deadlock
        a_statement_that_takes_too_long a_duplicate_of_a_sealed_value];
    sqlx_mysql: crate::faults::sqlx::Mysql, [a_connection_that_is_closed_by_the_server a_deadlock
        a_statement_that_takes_too_long a_duplicate_of_a_sealed_value];
}
