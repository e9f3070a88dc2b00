//! Whatever goes wrong ends in a typed error or a correct result, within the deadline.

use super::*;
use fieldseal::keys::KeyState;
use fieldseal::store::KeyStore as _;
use fieldseal::store::{Change, load_all};
use fieldseal::testing::{FaultyStore, KmsFault, StoreFault};

const LIMIT: Duration = Duration::from_secs(8);

#[test]
fn every_fault_of_the_kms_is_an_error_in_time_and_nothing_is_lost() {
    let faults = [
        KmsFault::Throttled,
        KmsFault::Unreachable,
        KmsFault::Slow(Duration::from_secs(5)),
        KmsFault::Hanging,
        KmsFault::Denied,
        KmsFault::Disabled,
        KmsFault::Forgotten,
        KmsFault::Rejected,
        KmsFault::Misconfigured,
        KmsFault::AnotherKey,
        KmsFault::Panic,
    ];
    for fault in faults {
        let fleet = Fleet::new(2);
        let keyring = fleet.cold(fleet.process());
        let stored = load_all(&fleet.store).unwrap();
        let in_time = |what: &str, call: &dyn Fn() -> bool| {
            let began = Instant::now();
            assert!(call(), "{fault:?}: {what} went well");
            assert!(began.elapsed() < LIMIT, "{fault:?}: {what} took {:?}", began.elapsed());
        };
        let (number, value) = &fleet.values[0];
        fleet.kms.always(fault.clone());
        in_time("opening", &|| open(&keyring, *number, value).is_err());
        in_time("sealing", &|| seal(&keyring, 2).is_err());
        in_time("a start", &|| fleet.process().start().is_err());
        in_time("a new scope", &|| keyring.admin().ensure_scope(&tenant(3)).is_err());
        in_time("a rotation", &|| keyring.admin().rotate(&tenant(1)).is_err());
        in_time("a page", &|| keyring.prefetch_blocking([fieldseal::keyring::Need::Seal(tenant(2))]).is_err());
        fleet.kms.heal();
        // What hung goes on, and may end as it would have.
        std::thread::sleep(Duration::from_millis(20));
        let after = load_all(&fleet.store).unwrap();
        assert!(stored.iter().all(|record| after.iter().any(|other| other.id == record.id)), "{fault:?}");
        fleet.clock.advance(Duration::from_secs(10));
        open(&keyring, *number, value).unwrap_or_else(|error| panic!("after {fault:?}: {error}"));
        open(&keyring, 2, &seal(&keyring, 2).unwrap()).unwrap();
        for scope in after.iter().map(|record| &record.scope) {
            let primaries = after.iter().filter(|key| key.scope == *scope && key.state == KeyState::Primary);
            assert_eq!(primaries.count(), 1, "{fault:?}");
        }
    }
}

#[test]
fn a_throttled_call_is_tried_again_within_the_deadline() {
    let fleet = Fleet::new(1);
    let keyring = fleet.cold(fleet.process().deadline(Duration::from_secs(10)));
    for _ in 0..3 {
        fleet.kms.next(KmsFault::Throttled);
    }
    let (number, value) = &fleet.values[0];
    assert_eq!(fleet.unwraps(|| open(&keyring, *number, value).unwrap()), 4);
    assert_eq!(keyring.stats().kms_failures, 3);
}

#[test]
fn a_store_that_hangs_or_is_gone_is_an_error_in_time() {
    let store = Arc::new(FaultyStore::new());
    let keyring = Keyring::builder(FaultyKms::new(), Arc::clone(&store))
        .deadline(Duration::from_millis(300))
        .without_background()
        .start()
        .unwrap();
    keyring.admin().ensure_scope(&tenant(1)).unwrap();
    let value = seal(&keyring, 1).unwrap();
    for fault in [StoreFault::Hanging, StoreFault::Unavailable] {
        store.always(fault);
        // What is loaded needs no store.
        open(&keyring, 1, &value).unwrap();
        let began = Instant::now();
        assert!(keyring.refresh().unwrap_err().is_transient());
        assert!(load_error(seal(&keyring, 2)).is_transient());
        assert!(keyring.admin().ensure_scope(&tenant(2)).unwrap_err().is_transient());
        keyring.tend();
        assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
        open(&keyring, 1, &value).unwrap();
        store.heal();
        eventually("the store is back", || keyring.refresh().is_ok());
    }
    keyring.admin().ensure_scope(&tenant(2)).unwrap();
    open(&keyring, 2, &seal(&keyring, 2).unwrap()).unwrap();
}

/// What a call that hangs holds on to, it gives back when it ends, keyring or not.
#[test]
fn a_load_that_ends_after_its_keyring_leaves_nothing_behind() {
    let fleet = Fleet::new(2);
    let keyring = fleet.cold(fleet.process());
    fleet.kms.always(KmsFault::Hanging);
    open(&keyring, 1, &fleet.values[0].1).unwrap_err();
    keyring.tend();
    drop(keyring);
    assert!(Arc::strong_count(&fleet.kms) > 1, "the call still hangs");
    fleet.kms.heal();
    eventually("everything is gone", || Arc::strong_count(&fleet.store) == 1 && Arc::strong_count(&fleet.kms) == 1);
}

#[test]
fn a_clock_that_jumps_costs_a_call_and_no_value() {
    let fleet = Fleet::new(1);
    let keyring = fleet.process().start().unwrap();
    let (number, value) = &fleet.values[0];
    let calls = fleet.unwraps(|| {
        for _ in 0..5 {
            fleet.clock.advance(HOUR * 24 * 365);
            open(&keyring, *number, value).unwrap();
        }
    });
    assert_eq!(calls, 5);
    // Staged by a machine whose clock is years ahead: it takes an explicit word to promote it.
    let staged = keyring.admin().stage(&tenant(1)).unwrap();
    let mut years = fleet.store.get(staged).unwrap().unwrap();
    years.created += 100_000_000;
    let (store, rest) = (Memory::new(), load_all(&fleet.store).unwrap());
    let records = rest.into_iter().filter(|record| record.id != staged).chain([years]);
    store.commit(&records.map(Change::Insert).collect::<Vec<_>>()).unwrap();
    let ahead = Keyring::start(Arc::clone(&fleet.kms), store).unwrap();
    match ahead.admin().promote(staged) {
        Err(KeyringError::TooEarly { wait, .. }) => assert!(wait > HOUR * 24 * 365, "{wait:?}"),
        other => panic!("{other:?}"),
    }
    ahead.admin().promote_at_once(staged).unwrap();
}
