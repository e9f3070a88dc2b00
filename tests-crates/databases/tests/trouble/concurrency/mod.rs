//! 32 connections that read and write the same rows while the data key is rotated again and again:
//! no read fails, no row is seen half written, and no write is lost.

mod pools;

use fieldseal::envelope::Envelope;
use fieldseal::keyring::KeyringSource as _;
use fieldseal::{Encrypt, Scope};
use pools::Pool;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

testkit::test_keyring!(Keys, &[1, 2]);

diesel::table! {
    patients (id) {
        id -> BigInt,
        org_id -> BigInt,
        version -> BigInt,
        name -> Binary,
        diagnosis -> Nullable<Binary>,
    }
}

/// `name` and `diagnosis` say which version they were written as.
#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys, sqlx, size = 255)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    org_id: i64,
    version: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
}

const CONNECTIONS: u32 = 32;
const ROWS: i64 = 8;
const ROTATIONS: usize = 12;

impl Patient {
    fn new(id: i64, version: i64) -> Self {
        let diagnosis = Some(format!("diagnosis of {id}, version {version}"));
        Self { id, org_id: 1 + id % 2, version, name: format!("name of {id}, version {version}"), diagnosis }
    }
}

fn reads_and_writes_during_rotations<P: Pool>() {
    let pool = P::open(CONNECTIONS);
    for id in 1..=ROWS {
        pool.insert(&Patient::new(id, 0));
    }
    let (stop, reads, writes) = (AtomicBool::new(false), AtomicU32::new(0), AtomicI64::new(0));
    std::thread::scope(|threads| {
        let (stop, pool, reads, writes) = (&stop, &pool, &reads, &writes);
        for worker in 0..CONNECTIONS {
            threads.spawn(move || {
                let mut turn = i64::from(worker);
                while !stop.load(Ordering::Relaxed) {
                    turn += 5;
                    let patient = pool.load(1 + turn % ROWS);
                    assert!(patient == Patient::new(patient.id, patient.version), "a row of two versions");
                    reads.fetch_add(1, Ordering::Relaxed);
                    // Whoever is second finds another version, and writes nothing.
                    if worker % 2 == 0
                        && pool.replace(&Patient::new(patient.id, patient.version + 1), patient.version)
                    {
                        writes.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let keyring = Keys::keyring().unwrap();
        for _ in 0..ROTATIONS {
            for tenant in [1, 2] {
                keyring.admin().rotate(&Scope::tenant(tenant).unwrap()).unwrap();
            }
            // Under the new key there is something written before the next one comes.
            let (began, before) = (Instant::now(), writes.load(Ordering::Relaxed));
            while writes.load(Ordering::Relaxed) < before + 20 && began.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let (reads, writes) = (reads.into_inner(), writes.into_inner());
    let rows: Vec<_> = (1..=ROWS).map(|id| pool.load(id)).collect();
    assert_eq!(rows.iter().map(|row| row.version).sum::<i64>(), writes, "every write that was done is there");
    assert!(writes >= 20 * i64::try_from(ROTATIONS).unwrap(), "{writes} writes");
    assert!(reads > CONNECTIONS, "{reads} reads");
    let keys: HashSet<_> = (1..=ROWS).map(|id| Envelope::parse(&pool.stored_name(id)).unwrap().key_id).collect();
    assert!(keys.len() >= 2, "two tenants");
    println!("{reads} reads and {writes} writes during {ROTATIONS} rotations");
}

#[test]
fn diesel_on_postgres() {
    reads_and_writes_during_rotations::<pools::DieselPostgres>();
}

#[test]
fn diesel_on_mysql() {
    reads_and_writes_during_rotations::<pools::DieselMysql>();
}

#[test]
fn diesel_async_on_postgres() {
    reads_and_writes_during_rotations::<pools::AsyncPostgres>();
}

#[test]
fn diesel_async_on_mysql() {
    reads_and_writes_during_rotations::<pools::AsyncMysql>();
}

#[test]
fn sqlx_on_postgres() {
    reads_and_writes_during_rotations::<pools::SqlxPostgres>();
}

#[test]
fn sqlx_on_mysql() {
    reads_and_writes_during_rotations::<pools::SqlxMysql>();
}
