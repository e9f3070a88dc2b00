//! Thousands of scopes: loaded on demand, and no more held than allowed.

use super::*;

#[test]
fn no_more_keys_are_held_than_allowed() {
    let fleet = Fleet::new(60);
    let keyring = fleet.process().max_keys(10).start().unwrap();
    assert_eq!(keyring.stats().keys_loaded, 0, "there are too many to load all");
    for _ in 0..3 {
        for (number, value) in &fleet.values {
            open(&keyring, *number, value).unwrap();
            seal(&keyring, *number).unwrap();
            assert!(keyring.stats().keys_loaded <= 10);
            assert!(keyring.keys().len() <= 10, "what is known of keys is bounded too");
        }
    }
}

#[test]
fn the_key_that_was_not_used_for_the_longest_goes_first() {
    let fleet = Fleet::new(12);
    let keyring = fleet.process().max_keys(10).start().unwrap();
    let use_key = |at: usize| {
        fleet.clock.advance(Duration::from_secs(2));
        open(&keyring, fleet.values[at].0, &fleet.values[at].1).unwrap();
    };
    (0..10).for_each(use_key);
    use_key(0);
    assert_eq!(fleet.unwraps(|| use_key(10)), 1);
    assert_eq!(fleet.unwraps(|| use_key(0)), 0, "it was used a moment ago");
    assert_eq!(fleet.unwraps(|| use_key(1)), 1, "it made room");
}

#[test]
fn the_bound_holds_while_many_threads_load() {
    let fleet = Fleet::new(60);
    let keyring = fleet.process().max_keys(7).deadline(Duration::from_secs(20)).start().unwrap();
    std::thread::scope(|threads| {
        for thread in 0..8 {
            let (keyring, values) = (&keyring, &fleet.values);
            threads.spawn(move || {
                for step in 0..200 {
                    let (number, value) = &values[(step * 7 + thread * 13) % values.len()];
                    open(keyring, *number, value).unwrap();
                    assert!(keyring.stats().keys_loaded <= 7);
                }
            });
        }
    });
}

#[test]
fn a_refresh_reads_only_what_is_in_use() {
    let fleet = Fleet::new(60);
    let keyring = fleet.process().max_keys(10).start().unwrap();
    for (number, value) in &fleet.values[..3] {
        open(&keyring, *number, value).unwrap();
    }
    let admin = fleet.process().start().unwrap();
    let new = admin.admin().rotate(&tenant(1)).unwrap();
    admin.admin().rotate(&tenant(50)).unwrap();
    let calls = fleet.unwraps(|| keyring.refresh().unwrap());
    assert_eq!((calls, keyring.primary(&tenant(1)), keyring.primary(&tenant(50))), (1, Some(new), None));
    admin.admin().retire(fleet.keys[1]).unwrap_err();
    admin.admin().rotate(&tenant(2)).unwrap();
    admin.admin().retire(fleet.keys[1]).unwrap();
    keyring.refresh().unwrap();
    assert_eq!(open(&keyring, 2, &fleet.values[1].1), Err(ErrorKind::RetiredKey(fleet.keys[1])));
}
