//! A key that isn't loaded.

use super::*;
use fieldseal::keyring::Need;
use fieldseal::testing::KmsFault;
use std::sync::Barrier;
use std::thread;

#[test]
fn a_thousand_callers_cost_one_call() {
    let fleet = Fleet::new(1);
    let keyring = fleet.cold(fleet.process().deadline(Duration::from_secs(20)));
    fleet.kms.next(KmsFault::Slow(Duration::from_millis(50)));
    let (number, value) = &fleet.values[0];
    let start = Barrier::new(1000);
    let calls = fleet.unwraps(|| {
        thread::scope(|threads| {
            for caller in 0..1000 {
                let (keyring, start) = (&keyring, &start);
                threads.spawn(move || {
                    start.wait();
                    match caller % 2 {
                        0 => open(keyring, *number, value).unwrap(),
                        _ => drop(seal(keyring, *number).unwrap()),
                    }
                });
            }
        });
    });
    assert_eq!(calls, 1);
}

#[test]
fn many_keys_are_loaded_side_by_side() {
    let fleet = Fleet::new(40);
    fleet.kms.always(KmsFault::Slow(Duration::from_millis(30)));
    let began = Instant::now();
    let calls = fleet.unwraps(|| assert_eq!(fleet.process().start().unwrap().keys().len(), 40));
    // One after the other they take 1.2 s; sixteen at a time a tenth of that.
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
    assert_eq!(calls, 40);
}

/// A task that waits blocks its thread, which must not keep the load from going on.
fn waits_inside(runtime: &tokio::runtime::Runtime) {
    let fleet = Fleet::new(3);
    let keyring = fleet.cold(fleet.process().deadline(Duration::from_secs(20)));
    fleet.kms.always(KmsFault::Slow(Duration::from_millis(20)));
    let calls = fleet.unwraps(|| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..100)
                .map(|task| {
                    let (keyring, (number, value)) = (keyring.clone(), fleet.values[task % 3].clone());
                    tokio::spawn(async move { open(&keyring, number, &value) })
                })
                .collect();
            for task in tasks {
                task.await.unwrap().unwrap();
            }
        });
    });
    assert_eq!(calls, 3);
    // The last handle may go inside a runtime too.
    runtime.block_on(async move { drop(keyring) });
}

#[test]
fn works_inside_either_runtime() {
    waits_inside(&tokio::runtime::Builder::new_current_thread().build().unwrap());
    waits_inside(&tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap());
}

#[test]
fn a_strict_keyring_never_waits_and_loads_a_page_at_once() {
    let fleet = Fleet::new(5);
    let keyring = fleet.cold(fleet.process().never_wait());
    let calls = fleet.unwraps(|| {
        for (number, value) in &fleet.values {
            let id = fleet.keys[usize::try_from(*number - 1).unwrap()];
            assert_eq!(open(&keyring, *number, value), Err(ErrorKind::NotLoaded(Need::Open(id))));
            assert_eq!(seal(&keyring, *number).unwrap_err(), ErrorKind::NotLoaded(Need::Seal(tenant(*number))));
        }
    });
    assert_eq!(calls, 0);
    let page = || fleet.values.iter().filter_map(|(_, value)| Need::of_stored(&NAME, value.as_slice()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let calls = fleet.unwraps(|| runtime.block_on(keyring.prefetch(page().chain(page()))).unwrap());
    assert_eq!(calls, 5);
    for (number, value) in &fleet.values {
        open(&keyring, *number, value).unwrap();
    }
    // What is known of the keys doesn't say yet which of them seals.
    let calls = fleet.unwraps(|| {
        runtime.block_on(keyring.prefetch((1..=5).map(|number| Need::Seal(tenant(number))))).unwrap();
        runtime.block_on(keyring.prefetch(page())).unwrap();
    });
    assert_eq!(calls, 0);
    for number in 1..=5 {
        seal(&keyring, number).unwrap();
    }
}

#[test]
fn a_lookup_of_a_strict_keyring_has_every_key_of_the_scope() {
    const EMAIL: fieldseal::Column = NAME.with_suite(fieldseal::Suite::Aes256Siv);
    let fleet = Fleet::new(1);
    let admin = fleet.process().start().unwrap();
    for _ in 0..3 {
        admin.admin().rotate(&tenant(1)).unwrap();
    }
    let keyring = fleet.cold(fleet.process().never_wait());
    let lookup = || keyring.seal_under_each_key(&EMAIL, &place(1), &"ada@example.org".to_owned());
    assert_eq!(*lookup().unwrap_err().kind(), ErrorKind::NotLoaded(Need::Seal(tenant(1))));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let calls = fleet.unwraps(|| runtime.block_on(keyring.prefetch_for_lookup(&tenant(1))).unwrap());
    assert_eq!(calls, 4);
    let values = lookup().unwrap();
    assert!(values.len() == 4 && values.iter().all(|value| value.bytes().is_ok()), "{values:?}");
}

#[test]
fn a_page_that_cannot_be_loaded_says_why_and_loads_the_rest() {
    let fleet = Fleet::new(3);
    let keyring = fleet.cold(fleet.process().never_wait());
    let needs = || (1..=4).map(|number| Need::Seal(tenant(number)));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    fleet.kms.next(KmsFault::Denied);
    let error = runtime.block_on(keyring.prefetch(needs())).unwrap_err();
    assert!(matches!(error, KeyringError::Kms { .. }), "{error}");
    assert_eq!(keyring.stats().keys_loaded, 2);
    // Why the others can't be sealed for is known now, and asking again wouldn't help.
    assert_eq!(seal(&keyring, 4), Err(ErrorKind::NoPrimary(tenant(4))));
    let refused = (1..=3).filter(|number| seal(&keyring, *number).is_err()).collect::<Vec<_>>();
    assert!(matches!(load_error(seal(&keyring, refused[0])), KeyringError::Kms { .. }), "{refused:?}");
}

#[test]
fn what_another_process_created_is_found_without_a_refresh() {
    let fleet = Fleet::new(1);
    let keyring = fleet.process().start().unwrap();
    assert_eq!(seal(&keyring, 7), Err(ErrorKind::NoPrimary(tenant(7))));
    let other = fleet.process().start().unwrap();
    other.admin().ensure_scope(&tenant(7)).unwrap();
    open(&other, 7, &seal(&keyring, 7).unwrap()).unwrap();
    let new = other.admin().rotate(&tenant(1)).unwrap();
    let value = seal(&other, 1).unwrap();
    assert_eq!(value[1..5], new.get().to_be_bytes());
    open(&keyring, 1, &value).unwrap();
}

#[test]
fn values_under_unknown_keys_never_reach_the_kms() {
    let fleet = Fleet::new(1);
    let keyring = fleet.process().start().unwrap();
    let mut value = fleet.values[0].1.clone();
    let calls = fleet.unwraps(|| {
        for id in 1..200_u32 {
            value[1..5].copy_from_slice(&id.to_be_bytes());
            assert_eq!(open(&keyring, 1, &value), Err(ErrorKind::UnknownKey(KeyId::new(id).unwrap())));
        }
    });
    assert_eq!(calls, 0);
}

#[test]
fn a_failed_load_is_not_tried_again_by_every_value() {
    let fleet = Fleet::new(1);
    let keyring = fleet.cold(fleet.process());
    fleet.kms.always(KmsFault::Denied);
    let (number, value) = &fleet.values[0];
    let calls = fleet.unwraps(|| {
        for _ in 0..100 {
            assert!(matches!(load_error(open(&keyring, *number, value)), KeyringError::Kms { .. }));
        }
    });
    assert_eq!(calls, 1);
    fleet.kms.heal();
    fleet.clock.advance(Duration::from_secs(6));
    open(&keyring, *number, value).unwrap();
}
