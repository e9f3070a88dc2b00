//! Leases: renewed ahead of their end, in grace while the KMS can't be reached, over at once when
//! it refuses.

use super::*;
use fieldseal::kms::KmsError;
use fieldseal::testing::KmsFault;

const GRACE: Duration = Duration::from_secs(600);

fn process(fleet: &Fleet) -> Keyring {
    fleet.process().lease(HOUR).grace(GRACE).refresh_every(100 * HOUR).start().unwrap()
}

/// Moves the clock on, uses the key, and lets the keyring do what is due.
fn later(fleet: &Fleet, keyring: &Keyring, minutes: u32) {
    fleet.clock.advance(Duration::from_secs(60) * minutes);
    keyring.tend();
    // Renewals are done by other threads; what must have happened is waited for by the test.
    std::thread::sleep(Duration::from_millis(30));
}

#[test]
fn a_key_that_is_used_is_renewed_ahead_of_its_end() {
    let fleet = Fleet::new(1);
    let keyring = process(&fleet);
    let (number, value) = &fleet.values[0];
    for hour in 1..=3 {
        let calls = fleet.unwraps(|| {
            later(&fleet, &keyring, 30);
            open(&keyring, *number, value).unwrap();
            later(&fleet, &keyring, 16);
            eventually("renewed", || keyring.stats().renewals == hour);
            open(&keyring, *number, value).unwrap();
        });
        assert_eq!(calls, 1, "hour {hour}");
    }
    assert_eq!(keyring.stats().misses, 0, "nobody ever waited");
}

#[test]
fn a_key_that_nobody_uses_is_dropped_and_comes_back_with_its_next_value() {
    let fleet = Fleet::new(2);
    let keyring = process(&fleet);
    let calls = fleet.unwraps(|| {
        later(&fleet, &keyring, 50);
        later(&fleet, &keyring, 11);
    });
    assert_eq!((calls, keyring.stats().keys_loaded, keyring.stats().expirations), (0, 0, 2));
    let (number, value) = &fleet.values[0];
    open(&keyring, *number, value).unwrap();
    assert_eq!((keyring.stats().misses, keyring.stats().keys_loaded), (1, 1));
}

/// Without anyone to look after it, a lease still ends on time: the hot path looks at the clock
/// itself.
#[test]
fn a_lease_ends_even_if_nobody_tends() {
    let fleet = Fleet::new(1);
    let keyring = process(&fleet);
    let (number, value) = &fleet.values[0];
    fleet.clock.advance(HOUR - Duration::from_millis(1));
    assert_eq!(fleet.unwraps(|| open(&keyring, *number, value).unwrap()), 0);
    fleet.clock.advance(Duration::from_millis(1));
    fleet.kms.always(KmsFault::Disabled);
    assert!(matches!(
        load_error(open(&keyring, *number, value)),
        KeyringError::Kms { error: KmsError::Disabled { .. }, .. }
    ));
    assert!(matches!(load_error(seal(&keyring, 1)), KeyringError::Kms { error: KmsError::Disabled { .. }, .. }));
}

#[test]
fn an_unreachable_kms_leaves_the_grace_and_then_nothing() {
    for fault in [KmsFault::Unreachable, KmsFault::Throttled, KmsFault::Hanging, KmsFault::Misconfigured] {
        let fleet = Fleet::new(1);
        let keyring = process(&fleet);
        let (number, value) = &fleet.values[0];
        later(&fleet, &keyring, 30);
        open(&keyring, *number, value).unwrap();
        fleet.kms.always(fault.clone());
        for _ in 0..3 {
            later(&fleet, &keyring, 8);
            std::thread::sleep(Duration::from_millis(100));
            open(&keyring, *number, value).unwrap();
        }
        // 54 minutes; the next attempts fail as well.
        later(&fleet, &keyring, 4);
        std::thread::sleep(Duration::from_millis(700));
        later(&fleet, &keyring, 1);
        std::thread::sleep(Duration::from_millis(100));
        for minutes in [4, 5] {
            fleet.clock.advance(Duration::from_secs(60) * minutes);
            open(&keyring, *number, value).unwrap_or_else(|error| panic!("{fault:?}, in the grace: {error}"));
        }
        // 68 minutes. The grace ends at 70.
        fleet.clock.advance(Duration::from_secs(120));
        let began = Instant::now();
        let error = load_error(open(&keyring, *number, value));
        assert!(error.is_transient() || fault == KmsFault::Misconfigured, "{fault:?}: {error}");
        assert!(began.elapsed() < Duration::from_secs(3), "{fault:?}");
        assert!(load_error(seal(&keyring, 1)).to_string().len() > 20);
        fleet.kms.heal();
        fleet.clock.advance(Duration::from_secs(10));
        open(&keyring, *number, value).unwrap();
    }
}

#[test]
fn a_kms_that_refuses_ends_a_key_at_once() {
    for fault in
        [KmsFault::Disabled, KmsFault::Denied, KmsFault::Forgotten, KmsFault::Rejected, KmsFault::AnotherKey]
    {
        let fleet = Fleet::new(1);
        let keyring = process(&fleet);
        let (number, value) = &fleet.values[0];
        later(&fleet, &keyring, 10);
        open(&keyring, *number, value).unwrap();
        fleet.kms.always(fault.clone());
        later(&fleet, &keyring, 36);
        eventually("dropped", || keyring.stats().keys_loaded == 0);
        let error = load_error(open(&keyring, *number, value));
        assert!(!error.is_transient(), "{fault:?}: {error}");
        assert!(matches!(error, KeyringError::Kms { .. } | KeyringError::WrongKey(_)), "{error}");
    }
}

#[test]
fn the_background_does_it_by_itself() {
    let fleet = Fleet::new(1);
    let keyring = Keyring::builder(Arc::clone(&fleet.kms), Arc::clone(&fleet.store))
        .lease(Duration::from_secs(3))
        .refresh_every(Duration::from_millis(200))
        .start()
        .unwrap();
    let (number, value) = &fleet.values[0];
    let until = Instant::now() + Duration::from_secs(7);
    while Instant::now() < until {
        open(&keyring, *number, value).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    let stats = keyring.stats();
    assert!(stats.renewals >= 2 && stats.misses == 0, "{stats:?}");
    // A KEK that is disabled stops the process within the lease.
    fleet.kms.always(KmsFault::Disabled);
    let disabled = Instant::now();
    eventually("stopped", || open(&keyring, *number, value).is_err());
    assert!(disabled.elapsed() < Duration::from_secs(4), "{:?}", disabled.elapsed());
    // The thread ends with the keyring, and takes nothing of it along.
    drop(keyring);
    eventually("let go of the store", || Arc::strong_count(&fleet.store) == 1);
}
