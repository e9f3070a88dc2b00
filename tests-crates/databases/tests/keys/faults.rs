//! Connections that end, servers that don't answer, URLs with passwords.

use crate::damage::raw;
use crate::places::{MYSQL, POSTGRES, SERVERS, Server};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, MysqlConnection, PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use diesel_async::{AsyncMysqlConnection, AsyncPgConnection};
use fieldseal::Dialect;
use fieldseal::keys::KeyState;
use fieldseal::store::{Change, Conflict, Diesel, DieselAsync, KeyStore, Sqlx, StoreError, load_all};
use fieldseal::testing::key_store_contract::record;
use sqlx::{MySql, Postgres};
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

/// Ends every session in the database but those that `but` names.
fn kill(dialect: Dialect, url: &str, but: &[i64]) {
    let but: String = but.iter().map(|id| format!("AND id <> {id} ")).collect();
    if dialect == Dialect::Postgres {
        let mut connection = PgConnection::establish(url).unwrap();
        let sql = format!(
            "SELECT pg_terminate_backend(id) FROM (SELECT pid AS id, datname FROM pg_stat_activity) AS a
             WHERE datname = current_database() AND id <> pg_backend_pid() {but}"
        );
        connection.batch_execute(&sql).unwrap();
    } else {
        let mut connection = MysqlConnection::establish(url).unwrap();
        let sql = format!(
            "SELECT CAST(id AS SIGNED) AS id FROM information_schema.processlist
             WHERE db = DATABASE() AND id <> CONNECTION_ID() {but}"
        );
        for session in sql_query(sql).load::<Session>(&mut connection).unwrap() {
            let _ = connection.batch_execute(&format!("KILL {}", session.id));
        }
    }
}

/// Somebody who writes to the table without the store, and takes their time.
struct Blocker {
    finish: Box<dyn FnMut(&str) + Send>,
    id: i64,
}

fn blocker(server: &Server, url: &str, sql: &str) -> Blocker {
    if server.dialect == Dialect::Postgres {
        let mut connection = PgConnection::establish(url).unwrap();
        let id =
            sql_query("SELECT pg_backend_pid()::bigint AS id").get_result::<Session>(&mut connection).unwrap().id;
        connection.batch_execute(&format!("BEGIN; {sql}")).unwrap();
        Blocker { finish: Box::new(move |sql| connection.batch_execute(sql).unwrap()), id }
    } else {
        let mut connection = MysqlConnection::establish(url).unwrap();
        let sql_id = "SELECT CAST(CONNECTION_ID() AS SIGNED) AS id";
        let id = sql_query(sql_id).get_result::<Session>(&mut connection).unwrap().id;
        connection.batch_execute(&format!("BEGIN; {sql}")).unwrap();
        Blocker { finish: Box::new(move |sql| connection.batch_execute(sql).unwrap()), id }
    }
}

const ROW: &str = "INSERT INTO fieldseal_keys (id, scope, state, commitment, wrapped, created, revision)
    VALUES (1, 'a', 'primary', '01234567890123456789012345678901', '[]', 0, 1)";

#[test]
fn a_connection_that_is_killed_between_calls_is_made_anew() {
    for server in SERVERS {
        let database = (server.database)();
        for (id, (library, open)) in (1..).zip(server.libraries) {
            let store = open(&database.url);
            store.create_table().unwrap();
            kill(server.dialect, &database.url, &[]);
            thread::sleep(Duration::from_millis(100));
            load_all(&store).unwrap_or_else(|error| panic!("{library}: {error:?}"));
            kill(server.dialect, &database.url, &[]);
            thread::sleep(Duration::from_millis(100));
            let change = Change::Insert(record(id, library, KeyState::Primary));
            store.commit(&[change]).unwrap_or_else(|error| panic!("{library}: {error:?}"));
            kill(server.dialect, &database.url, &[]);
            thread::sleep(Duration::from_millis(1200));
            assert_eq!(load_all(&store).unwrap().len(), usize::try_from(id).unwrap(), "{library}");
        }
    }
}

#[test]
fn a_connection_that_is_killed_in_the_middle_of_a_commit_is_made_anew() {
    for server in SERVERS {
        for (library, open) in server.libraries {
            let database = (server.database)();
            let store = open(&database.url);
            store.create_table().unwrap();
            let mut blocker = blocker(&server, &database.url, ROW);
            thread::scope(|threads| {
                let commit = || store.commit(&[Change::Insert(record(2, "a", KeyState::Primary))]);
                let waiting = threads.spawn(commit);
                thread::sleep(Duration::from_millis(300));
                kill(server.dialect, &database.url, &[blocker.id]);
                thread::sleep(Duration::from_millis(300));
                (blocker.finish)("COMMIT");
                match waiting.join().unwrap() {
                    Err(StoreError::Conflict(Conflict::PrimaryTaken(_))) => {}
                    Err(StoreError::Unavailable { .. }) if server.dialect == Dialect::Mysql => {}
                    other => panic!("{library}: {other:?}"),
                }
                assert!(matches!(commit(), Err(StoreError::Conflict(Conflict::PrimaryTaken(_)))), "{library}");
            });
            assert_eq!(load_all(&store).unwrap().len(), 1);
        }
    }
}

/// What the checks can't see and an index refuses is looked at again.
#[test]
fn a_row_that_another_program_commits_meanwhile_is_the_exact_conflict() {
    for server in SERVERS {
        for (library, open) in server.libraries {
            let database = (server.database)();
            let store = open(&database.url);
            store.create_table().unwrap();
            for (id, scope) in [(2, "a"), (1, "b")] {
                let mut blocker = blocker(&server, &database.url, ROW);
                thread::scope(|threads| {
                    let waiting =
                        threads.spawn(|| store.commit(&[Change::Insert(record(id, scope, KeyState::Primary))]));
                    thread::sleep(Duration::from_millis(300));
                    (blocker.finish)("COMMIT");
                    match waiting.join().unwrap() {
                        Err(StoreError::Conflict(Conflict::PrimaryTaken(_))) if id == 2 => {}
                        Err(StoreError::Conflict(Conflict::IdTaken(_))) if id == 1 => {}
                        other => panic!("{library}: {other:?}"),
                    }
                });
                raw(server.dialect, &database.url, "DELETE FROM fieldseal_keys").unwrap();
            }
        }
    }
}

#[test]
fn a_lock_that_is_not_given_is_said_to_be() {
    for server in SERVERS {
        let database = (server.database)();
        server.libraries[0].1(&database.url).create_table().unwrap();
        let mut blocker = blocker(&server, &database.url, ROW);
        thread::scope(|threads| {
            for (library, open) in server.libraries {
                let url = &database.url;
                threads.spawn(move || {
                    let store = open(url);
                    let begun = Instant::now();
                    let error = store.commit(&[Change::Insert(record(2, "a", KeyState::Primary))]).unwrap_err();
                    assert!(begun.elapsed() > Duration::from_secs(4), "{library}: {error:?}");
                    assert!(begun.elapsed() < Duration::from_secs(12), "{library}: {error:?}");
                    assert!(
                        matches!(&error, StoreError::Unavailable { message, .. } if message.contains("five seconds")
                        || message.contains("deadline")),
                        "{library}: {error:?}"
                    );
                    assert_eq!(load_all(&store).unwrap(), [], "a store that failed goes on working");
                });
            }
        });
        (blocker.finish)("ROLLBACK");
        for (library, open) in server.libraries {
            let id = u32::try_from(library.len()).unwrap();
            open(&database.url).commit(&[Change::Insert(record(id, library, KeyState::Primary))]).unwrap();
        }
    }
}

const SHORT: Duration = Duration::from_millis(400);

fn with_deadline(server: &Server, url: &str) -> [Box<dyn KeyStore>; 2] {
    if server.dialect == Dialect::Postgres {
        [
            Box::new(DieselAsync::<AsyncPgConnection>::new(url).unwrap().with_deadline(SHORT)),
            Box::new(Sqlx::<Postgres>::new(url.parse().unwrap()).unwrap().with_deadline(SHORT)),
        ]
    } else {
        [
            // mysql_async would ask a server on the same machine for its socket, and go on through
            // that.
            Box::new(
                DieselAsync::<AsyncMysqlConnection>::new(format!("{url}?prefer_socket=false"))
                    .unwrap()
                    .with_deadline(SHORT),
            ),
            Box::new(Sqlx::<MySql>::new(url.parse().unwrap()).unwrap().with_deadline(SHORT)),
        ]
    }
}

#[test]
fn a_server_that_does_not_answer_costs_no_more_than_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for (server, scheme) in [(POSTGRES, "postgres"), (MYSQL, "mysql")] {
        for store in with_deadline(&server, &format!("{scheme}://user@127.0.0.1:{port}/db")) {
            let begun = Instant::now();
            thread::scope(|threads| {
                for _ in 0..4 {
                    threads.spawn(|| {
                        let error = load_all(&store).unwrap_err();
                        assert!(error.to_string().contains("deadline"), "{error}");
                    });
                }
            });
            assert!(begun.elapsed() < SHORT * 4, "{:?}", begun.elapsed());
        }
    }
}

/// Between a client and its server, until it falls silent.
fn proxy(to: String) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = Arc::new(AtomicBool::new(false));
    let is_silent = Arc::clone(&silent);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&to).unwrap();
            for (mut from, mut into) in
                [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
            {
                let is_silent = Arc::clone(&is_silent);
                thread::spawn(move || {
                    let mut bytes = [0; 4096];
                    while let Ok(count @ 1..) = from.read(&mut bytes) {
                        if is_silent.load(Ordering::Relaxed) {
                            // For good, for this connection: a firewall that forgot it.
                            thread::sleep(Duration::from_secs(60));
                        }
                        if into.write_all(&bytes[..count]).is_err() {
                            break;
                        }
                    }
                    let _ = into.shutdown(Shutdown::Both);
                });
            }
        }
    });
    (port, silent)
}

#[test]
fn a_connection_that_falls_silent_is_given_up() {
    for server in SERVERS {
        let database = (server.database)();
        server.libraries[0].1(&database.url).create_table().unwrap();
        let (front, path) = database.url.rsplit_once('/').unwrap();
        let (user, address) = front.rsplit_once('@').unwrap();
        for which in 0..2 {
            let (port, silent) = proxy(address.to_owned());
            let [a, b] = with_deadline(&server, &format!("{user}@127.0.0.1:{port}/{path}"));
            let store = if which == 0 { a } else { b };
            load_all(&store).unwrap();
            silent.store(true, Ordering::Relaxed);
            let begun = Instant::now();
            let error = load_all(&store).unwrap_err();
            assert!(error.to_string().contains("deadline"), "{error}");
            assert!(begun.elapsed() < SHORT * 2);
            silent.store(false, Ordering::Relaxed);
            load_all(&store).unwrap();
            // One that was idle long enough is asked first, and replaced within the same call.
            thread::sleep(Duration::from_millis(1100));
            silent.store(true, Ordering::Relaxed);
            let unblock = Arc::clone(&silent);
            let waker = thread::spawn(move || {
                thread::sleep(SHORT / 8);
                unblock.store(false, Ordering::Relaxed);
            });
            load_all(&store).unwrap();
            waker.join().unwrap();
        }
    }
}

fn everything(error: &StoreError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text} {error} {error:?} {error:#?}");
        source = error.source();
    }
    text
}

#[test]
fn a_password_is_never_in_an_error() {
    let urls = |scheme: &str| {
        [
            format!("{scheme}://user:hunter2x@127.0.0.1:1/db"),
            format!("{scheme}://user:hunter2x%zz@127.0.0.1:1/db"),
            format!("{scheme}://user:hunter2x/y@127.0.0.1:1/db"),
            format!("{scheme}://user:x@hunter2x@127.0.0.1:1/db"),
            format!("{scheme}://user:hunter2x@127.0.0.1:port/db"),
            format!("{scheme}:/user:hunter2x@127.0.0.1"),
            format!("{scheme}://user:p@[hunter2x"),
            format!("{scheme}://user:p@127.0.0.1:1/db?hunter2x"),
            "hunter2x".to_owned(),
        ]
    };
    for (server, scheme) in [(POSTGRES, "postgres"), (MYSQL, "mysql")] {
        for url in urls(scheme) {
            for (library, open) in &server.libraries[..2] {
                let store = open(&url);
                let error = load_all(&store).unwrap_err();
                let text = format!("{} {store:?} {store:#?}", everything(&error));
                assert!(!text.contains("hunter2x"), "{library} {url}: {text}");
            }
        }
        // sqlx parses the URL before the store has it.
        let url = format!("{scheme}://user:hunter2x@127.0.0.1:1/db");
        let store = server.libraries[2].1(&url);
        let error = load_all(&store).unwrap_err();
        assert!(!format!("{} {store:?}", everything(&error)).contains("hunter2x"));
    }
    // The server's refusal.
    let database = POSTGRES.database;
    let database = database();
    let url = database.url.replace("postgres@", "nobody:hunter2x@");
    for (library, open) in POSTGRES.libraries {
        let error = load_all(&open(&url)).unwrap_err();
        let text = everything(&error);
        assert!(!text.contains("hunter2x"), "{library}: {text}");
        assert!(library == "sqlx" || text.contains("user"), "{library}: {text}");
    }
}

#[test]
fn a_connection_that_was_given_and_is_lost_says_what_to_do() {
    let database = (POSTGRES.database)();
    let store = Diesel::new(PgConnection::establish(&database.url).unwrap());
    store.create_table().unwrap();
    kill(Dialect::Postgres, &database.url, &[]);
    thread::sleep(Duration::from_millis(100));
    for _ in 0..2 {
        let error = store.commit(&[Change::Insert(record(1, "a", KeyState::Primary))]).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
}
