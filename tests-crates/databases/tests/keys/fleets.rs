//! Many instances at once.

use crate::places::{SERVERS, Store};
use fieldseal::keys::KeyState;
use fieldseal::store::{Change, Conflict, StoreError, load_all};
use fieldseal::testing::key_store_contract::record;
use fieldseal::{Column, Keyring, RowContext, RowId, Scope, kms};
use std::sync::{Arc, Barrier};
use std::thread;

const INSTANCES: usize = 16;
const NOTE: Column = Column::new("notes", "note");

fn place() -> RowContext {
    RowContext::of_row(RowId::of(&1))
}

/// Does `work` in so many threads at the same moment.
fn at_once<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(INSTANCES);
    thread::scope(|threads| {
        let (work, barrier) = (&work, &barrier);
        let running: Vec<_> = (0..INSTANCES)
            .map(|instance| {
                threads.spawn(move || {
                    barrier.wait();
                    work(instance)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn instances_that_start_at_once_on_an_empty_database_share_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let kek = folder.path().join("kek.json");
    kms::Local::open_or_create(&kek).unwrap();
    for server in SERVERS {
        for round in 0..3 {
            let database = (server.database)();
            let start = |instance: usize| {
                let (_, open) = server.libraries[(instance + round) % 3];
                let store = open(&database.url);
                store.create_table().unwrap();
                let keyring =
                    Keyring::start(kms::Local::open(&kek).unwrap(), Arc::<dyn Store>::from(store)).unwrap();
                for scope in [Scope::APPLICATION, Scope::tenant("a").unwrap()] {
                    keyring.admin().ensure_scope(&scope).unwrap();
                }
                let value = keyring.seal_bytes(&NOTE, &place(), instance.to_string().as_bytes()).unwrap();
                (keyring, value)
            };
            let instances = at_once(start);
            let records = load_all(&server.libraries[0].1(&database.url)).unwrap();
            assert_eq!(records.len(), 2, "one key for each scope");
            assert!(records.iter().all(|record| record.state == KeyState::Primary));
            for (keyring, _) in &instances {
                for (instance, (_, value)) in instances.iter().enumerate() {
                    let opened = keyring.open_bytes(&NOTE, &place(), value).unwrap();
                    assert_eq!(opened.unwrap().as_slice(), instance.to_string().as_bytes());
                }
            }
        }
    }
}

#[test]
fn instances_that_make_the_table_at_once_all_find_it() {
    for server in SERVERS {
        for _ in 0..5 {
            let database = (server.database)();
            // Connected before they begin.
            let connected = |instance: usize| {
                let store = server.libraries[instance % 3].1(&database.url);
                assert!(matches!(load_all(&store), Err(StoreError::Missing { .. })));
                store
            };
            let stores: Vec<_> = (0..INSTANCES).map(connected).collect();
            at_once(|instance| stores[instance].create_table().unwrap());
            for store in stores {
                assert_eq!(load_all(&store).unwrap(), []);
            }
        }
    }
}

#[test]
fn the_same_commit_through_several_libraries_is_made_once() {
    for server in SERVERS {
        let database = (server.database)();
        server.libraries[0].1(&database.url).create_table().unwrap();
        let stores: Vec<_> =
            (0..INSTANCES).map(|instance| server.libraries[instance % 3].1(&database.url)).collect();
        for round in 0..10 {
            let scope = round.to_string();
            let results = at_once(|instance| {
                let id = 1 + round * 100 + u32::try_from(instance).unwrap() / 2;
                stores[instance].commit(&[Change::Insert(record(id, &scope, KeyState::Primary))])
            });
            assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
            for error in results.into_iter().filter_map(Result::err) {
                let StoreError::Conflict(conflict) = error else { panic!("{error:?}") };
                assert!(matches!(conflict, Conflict::PrimaryTaken(_) | Conflict::IdTaken(_)), "{conflict:?}");
            }
        }
    }
}
