//! What comes late, out of order, or in another's place.

use super::*;
use fieldseal::keyring::Need;
use fieldseal::store::load_all;
use fieldseal::testing::{FaultyStore, KmsFault, StoreFault};
use std::thread;

#[test]
fn nothing_is_sealed_under_the_key_of_a_scope_that_is_nearly_the_same() {
    // As MySQL compares text unless it's told otherwise.
    let store = FaultyStore::new();
    store.always(StoreFault::IgnoresCase);
    let keyring = Keyring::builder(FaultyKms::new(), store).without_background().start().unwrap();
    let scopes = ["acme", "Acme"].map(|name| Scope::tenant(name).unwrap());
    keyring.admin().ensure_scope(&scopes[0]).unwrap();
    let error = keyring.admin().ensure_scope(&scopes[1]).unwrap_err();
    assert!(error.hint().contains("letter by letter"), "{error:?}");
    let row = RowContext::of_row(RowId::of(&1)).in_scope(scopes[1].clone());
    let error = keyring.seal_bytes(&NAME, &row, b"Ada").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::LoadFailed(_)), "{error}");
}

#[test]
fn a_key_that_was_retired_is_not_put_back_by_an_older_reading() {
    let fleet = Fleet::new(2);
    let keyring = fleet.process().deadline(Duration::from_secs(5)).max_keys(1).start().unwrap();
    let old = fleet.keys[0];
    keyring.admin().rotate(&tenant(1)).unwrap();
    keyring.forget_keys();
    fleet.kms.next(KmsFault::Hanging);
    thread::scope(|threads| {
        // It reads the record, which says active, and then the KMS hangs.
        let late = threads.spawn(|| open(&keyring, 1, &fleet.values[0].1));
        eventually("the KMS is asked", || fleet.kms.calls().unwraps > 0);
        thread::sleep(Duration::from_millis(50));
        keyring.admin().retire(old).unwrap();
        assert_eq!(open(&keyring, 1, &fleet.values[0].1), Err(ErrorKind::RetiredKey(old)));
        // Another tenant's key makes room, and with it goes what was known of the first.
        seal(&keyring, 2).unwrap();
        fleet.kms.heal();
        assert_eq!(late.join().unwrap(), Err(ErrorKind::RetiredKey(old)));
        assert_eq!(open(&keyring, 1, &fleet.values[0].1), Err(ErrorKind::RetiredKey(old)));
    });
}

#[test]
fn one_caller_that_gives_up_takes_nothing_from_a_later_one() {
    let fleet = Fleet::new(2);
    let keyring = fleet.cold(fleet.process().parallel_calls(1).deadline(Duration::from_millis(500)));
    let open = |at: usize| open(&keyring, fleet.values[at].0, &fleet.values[at].1);
    // The first key keeps the only thread.
    fleet.kms.next(KmsFault::Slow(Duration::from_millis(650)));
    thread::scope(|threads| {
        threads.spawn(|| open(0));
        thread::sleep(Duration::from_millis(30));
        // It gives up at 530 ms.
        threads.spawn(|| open(1));
        thread::sleep(Duration::from_millis(420));
        // It asks at 450 ms, and the thread is free at 650.
        open(1).unwrap();
    });
}

#[test]
fn a_page_of_rows_waits_one_deadline_and_not_one_for_each() {
    let fleet = Fleet::new(1);
    let keyring = fleet.cold(fleet.process().deadline(Duration::from_millis(200)));
    fleet.kms.always(KmsFault::Hanging);
    let began = Instant::now();
    for _ in 0..50 {
        open(&keyring, 1, &fleet.values[0].1).unwrap_err();
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    fleet.kms.heal();
}

#[test]
fn a_page_is_loaded_even_if_one_of_its_keys_is_known_to_fail() {
    let fleet = Fleet::new(9);
    let keyring = fleet.cold(fleet.process().never_wait());
    fleet.kms.next(KmsFault::Denied);
    keyring.prefetch_blocking([Need::Open(fleet.keys[0])]).unwrap_err();
    keyring.prefetch_blocking(fleet.keys.iter().copied().map(Need::Open)).unwrap_err();
    assert_eq!(keyring.stats().keys_loaded, 8);
}

#[test]
fn a_staged_key_is_there_whatever_happened_since_it_was_staged() {
    let fleet = Fleet::new(1);
    let build = || fleet.process().lease(HOUR).propagation(Duration::ZERO).refresh_every(HOUR * 1000);
    let (admin, process) = (build().start().unwrap(), build().never_wait().start().unwrap());
    let staged = admin.admin().stage(&tenant(1)).unwrap();
    fleet.kms.next(KmsFault::Denied);
    process.refresh().unwrap_err();
    // An hour and a half, in which nothing is sealed under it.
    for _ in 0..30 {
        fleet.clock.advance(HOUR / 20);
        process.tend();
        process.refresh().unwrap();
        eventually("renewed", || seal(&process, 1).is_ok());
    }
    admin.admin().promote(staged).unwrap();
    open(&process, 1, &seal(&admin, 1).unwrap()).unwrap();
    process.refresh().unwrap();
    assert_eq!(seal(&process, 1).unwrap()[1..5], staged.get().to_be_bytes());
}

#[test]
fn rotations_that_were_given_up_are_not_done_later() {
    let fleet = Fleet::new(1);
    let keyring = fleet.process().deadline(Duration::from_millis(60)).start().unwrap();
    fleet.kms.next(KmsFault::Hanging);
    for _ in 0..5 {
        keyring.admin().rotate(&tenant(1)).unwrap_err();
    }
    let keys = load_all(&fleet.store).unwrap().len();
    fleet.kms.heal();
    thread::sleep(Duration::from_millis(500));
    assert_eq!(load_all(&fleet.store).unwrap().len(), keys);
}

#[test]
fn tenants_are_made_side_by_side() {
    let fleet = Fleet::new(1);
    let keyring = fleet.process().deadline(Duration::from_secs(2)).start().unwrap();
    // A scope whose KMS call hangs keeps nobody else waiting.
    fleet.kms.next(KmsFault::Hanging);
    thread::scope(|threads| {
        threads.spawn(|| keyring.admin().ensure_scope(&tenant(99)));
        eventually("it hangs", || fleet.kms.calls().wraps == 2);
        for number in 100..110 {
            keyring.admin().ensure_scope(&tenant(number)).unwrap();
        }
        fleet.kms.heal();
    });
}

#[test]
fn a_hanging_kms_keeps_the_walk_over_all_keys_no_longer_than_it_should() {
    let fleet = Fleet::new(3);
    let keyring = fleet.process().deadline(Duration::from_millis(100)).start().unwrap();
    fleet.kms.next(KmsFault::Hanging);
    let began = Instant::now();
    assert!(keyring.admin().rewrap().unwrap_err().is_transient());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    fleet.kms.heal();
}
