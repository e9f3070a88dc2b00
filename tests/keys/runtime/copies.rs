//! Several KEKs for one data key: it opens with the first that answers.

use super::*;
use fieldseal::kms::{Kms as _, KmsError};
use fieldseal::store::KeyStore as _;
use fieldseal::store::load_all;
use fieldseal::testing::KmsFault;

/// Two regions and one key under both.
struct Regions {
    near: Arc<FaultyKms>,
    far: Arc<FaultyKms>,
    store: Arc<Memory>,
    value: Vec<u8>,
}

impl Regions {
    fn new() -> Self {
        let (near, far, store) = (Arc::new(FaultyKms::new()), Arc::new(FaultyKms::new()), Arc::new(Memory::new()));
        let keyring =
            Keyring::builder(Arc::clone(&near), Arc::clone(&store)).and_kms(Arc::clone(&far)).start().unwrap();
        let id = keyring.admin().ensure_scope(&tenant(1)).unwrap();
        let keks: Vec<_> = store.get(id).unwrap().unwrap().wrapped.into_iter().map(|copy| copy.kek).collect();
        assert_eq!(keks, [near.kek(), far.kek()]);
        let value = seal(&keyring, 1).unwrap();
        Self { near, far, store, value }
    }

    fn process(&self) -> KeyringBuilder {
        Keyring::builder(Arc::clone(&self.near), Arc::clone(&self.store))
            .and_kms(Arc::clone(&self.far))
            .deadline(Duration::from_secs(2))
            .hedge_after(Duration::from_millis(50))
    }

    fn unwraps(&self) -> (u64, u64) {
        (self.near.calls().unwraps, self.far.calls().unwraps)
    }
}

#[test]
fn the_first_is_asked_first_and_the_second_only_if_it_must_be() {
    let regions = Regions::new();
    let before = regions.unwraps();
    open(&regions.process().start().unwrap(), 1, &regions.value).unwrap();
    assert_eq!(regions.unwraps(), (before.0 + 1, before.1));
    for fault in
        [KmsFault::Unreachable, KmsFault::Denied, KmsFault::Disabled, KmsFault::AnotherKey, KmsFault::Panic]
    {
        regions.near.always(fault);
        open(&regions.process().start().unwrap(), 1, &regions.value).unwrap();
        regions.near.heal();
    }
}

#[test]
fn a_region_that_hangs_costs_a_moment_once() {
    let regions = Regions::new();
    regions.near.always(KmsFault::Hanging);
    let began = Instant::now();
    let keyring = regions.process().start().unwrap();
    open(&keyring, 1, &regions.value).unwrap();
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    let before = regions.near.calls().unwraps;
    for _ in 0..5 {
        keyring.forget_keys();
        open(&keyring, 1, &regions.value).unwrap();
    }
    assert_eq!(regions.near.calls().unwraps, before, "the one in trouble is asked last");
    regions.near.heal();
}

#[test]
fn a_key_is_lost_only_when_every_kms_says_so() {
    let regions = Regions::new();
    regions.near.always(KmsFault::Disabled);
    regions.far.always(KmsFault::Unreachable);
    let error = regions.process().start().unwrap_err();
    assert!(error.is_transient(), "one of them may still have it: {error}");
    regions.far.always(KmsFault::Disabled);
    let error = regions.process().start().unwrap_err();
    assert!(matches!(error, KeyringError::Kms { error: KmsError::Disabled { .. }, .. }), "{error}");
}

#[test]
fn credentials_that_expired_with_one_kms_leave_the_grace_whatever_the_other_says() {
    for (near, far) in
        [(KmsFault::Misconfigured, KmsFault::Disabled), (KmsFault::Disabled, KmsFault::Misconfigured)]
    {
        let (regions, clock) = (Regions::new(), Clock::manual());
        let keyring = regions.process().clock(clock.clone()).without_background().start().unwrap();
        open(&keyring, 1, &regions.value).unwrap();
        clock.advance(HOUR + Duration::from_secs(1));
        regions.near.always(near);
        regions.far.always(far);
        open(&keyring, 1, &regions.value).unwrap();
        assert_eq!(keyring.stats().keys_in_grace, 1);
    }
}

#[test]
fn a_kek_is_added_and_taken_away_later() {
    let fleet = Fleet::new(5);
    let (old, new) = (Arc::clone(&fleet.kms), Arc::new(FaultyKms::new()));
    let both = fleet.process().and_kms(Arc::clone(&new)).start().unwrap();
    assert!(
        matches!(both.admin().remove_copies(&old.kek()), Err(KeyringError::LastCopy(_))),
        "nothing would be left"
    );
    assert_eq!((both.admin().add_copies().unwrap(), both.admin().add_copies().unwrap()), (5, 0));
    let only_new = || Keyring::start(Arc::clone(&new), Arc::clone(&fleet.store)).unwrap();
    for (number, value) in &fleet.values {
        open(&only_new(), *number, value).unwrap();
        open(&fleet.process().start().unwrap(), *number, value).unwrap();
    }
    // A copy that doesn't open is no reason to take the other away.
    new.always(KmsFault::Rejected);
    both.admin().remove_copies(&old.kek()).unwrap_err();
    new.heal();
    assert_eq!(
        (both.admin().remove_copies(&old.kek()).unwrap(), both.admin().remove_copies(&old.kek()).unwrap()),
        (5, 0)
    );
    for record in load_all(&fleet.store).unwrap() {
        assert_eq!(record.wrapped.len(), 1);
        assert_eq!(record.wrapped[0].kek, new.kek());
    }
    for (number, value) in &fleet.values {
        open(&only_new(), *number, value).unwrap();
    }
}

#[test]
fn a_destroyed_key_gets_no_new_copies() {
    let fleet = Fleet::new(1);
    let keyring = fleet.process().and_kms(FaultyKms::new()).start().unwrap();
    let staged = keyring.admin().stage(&tenant(1)).unwrap();
    keyring.admin().destroy(staged).unwrap();
    keyring.admin().add_copies().unwrap();
    assert!(fleet.store.get(staged).unwrap().unwrap().wrapped.is_empty());
}

#[test]
fn a_key_whose_copy_can_not_be_made_everywhere_is_not_made() {
    let fleet = Fleet::new(1);
    let second = Arc::new(FaultyKms::new());
    let keyring = fleet.process().and_kms(Arc::clone(&second)).start().unwrap();
    let before = load_all(&fleet.store).unwrap();
    for fault in [KmsFault::Unreachable, KmsFault::Denied, KmsFault::AnotherKey] {
        second.always(fault);
        keyring.admin().ensure_scope(&tenant(2)).unwrap_err();
        keyring.admin().rotate(&tenant(1)).unwrap_err();
        second.heal();
    }
    assert_eq!(load_all(&fleet.store).unwrap(), before);
}
