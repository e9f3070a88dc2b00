//! The life of a key in a running process: loaded once however many ask, renewed, dropped, refused,
//! and never waited for past the deadline.

mod bounds;
mod copies;
mod faults;
mod leases;
mod misses;
mod observed;
mod races;
mod rotation;

use fieldseal::keyring::Clock;
use fieldseal::keys::KeyId;
use fieldseal::store::Memory;
use fieldseal::testing::FaultyKms;
use fieldseal::{Column, ErrorKind, Keyring, KeyringBuilder, KeyringError, RowContext, RowId, Scope};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const NAME: Column = Column::new("patients", "name");
pub const HOUR: Duration = Duration::from_secs(3600);

pub fn tenant(number: i64) -> Scope {
    Scope::tenant(number).unwrap()
}

pub fn place(number: i64) -> RowContext {
    RowContext::of_row(RowId::of(&1)).in_scope(tenant(number))
}

pub fn seal(keyring: &Keyring, number: i64) -> Result<Vec<u8>, ErrorKind> {
    keyring.seal_bytes(&NAME, &place(number), b"Ada").map_err(|error| error.kind().clone())
}

pub fn open(keyring: &Keyring, number: i64, stored: &[u8]) -> Result<(), ErrorKind> {
    let opened = keyring.open_bytes(&NAME, &place(number), stored).map_err(|error| error.kind().clone())?;
    assert_eq!(**opened.unwrap(), *b"Ada");
    Ok(())
}

/// Why a key could not be loaded.
#[track_caller]
pub fn load_error<T: std::fmt::Debug>(result: Result<T, ErrorKind>) -> KeyringError {
    match result {
        Err(ErrorKind::LoadFailed(load)) => load.error().clone(),
        other => panic!("not a failed load: {other:?}"),
    }
}

/// A fleet's KMS and key store, with keys for tenants 1 to `tenants`, one value each.
pub struct Fleet {
    pub kms: Arc<FaultyKms>,
    pub store: Arc<Memory>,
    pub clock: Clock,
    pub values: Vec<(i64, Vec<u8>)>,
    pub keys: Vec<KeyId>,
}

impl Fleet {
    pub fn new(tenants: i64) -> Self {
        let (kms, store) = (Arc::new(FaultyKms::new()), Arc::new(Memory::new()));
        let admin = Keyring::start(Arc::clone(&kms), Arc::clone(&store)).unwrap();
        let keys = (1..=tenants).map(|number| admin.admin().ensure_scope(&tenant(number)).unwrap()).collect();
        let values = (1..=tenants).map(|number| (number, seal(&admin, number).unwrap())).collect();
        Self { kms, store, clock: Clock::manual(), values, keys }
    }

    /// A process, with a clock that the test moves and nothing in the background.
    pub fn process(&self) -> KeyringBuilder {
        Keyring::builder(Arc::clone(&self.kms), Arc::clone(&self.store))
            .clock(self.clock.clone())
            .without_background()
            .deadline(Duration::from_millis(500))
    }

    /// A process that has loaded nothing yet.
    pub fn cold(&self, builder: KeyringBuilder) -> Keyring {
        let keyring = builder.start().unwrap();
        keyring.forget_keys();
        keyring
    }

    pub fn unwraps(&self, during: impl FnOnce()) -> u64 {
        let before = self.kms.calls().unwraps;
        during();
        self.kms.calls().unwraps - before
    }
}

/// Waits for what the background does.
#[track_caller]
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
