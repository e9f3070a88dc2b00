//! A rotation that every running process sees before it needs it.

use super::*;
use fieldseal::keys::KeyState;

#[test]
fn a_staged_key_is_everywhere_before_anyone_seals_with_it() {
    let fleet = Fleet::new(1);
    let strict = || fleet.process().never_wait().propagation(Duration::ZERO).start().unwrap();
    let (admin, one, two) = (strict(), strict(), strict());
    for rotation in 0..3 {
        let staged = admin.admin().stage(&tenant(1)).unwrap();
        let calls = fleet.unwraps(|| [&one, &two].into_iter().for_each(|process| process.refresh().unwrap()));
        assert_eq!(calls, 2, "each has the new key, and asked for nothing else");
        admin.admin().promote(staged).unwrap();
        let value = seal(&admin, 1).unwrap();
        assert_eq!(value[1..5], staged.get().to_be_bytes());
        for process in [&one, &two] {
            open(process, 1, &value).unwrap_or_else(|error| panic!("rotation {rotation}: {error}"));
            let behind = seal(process, 1).unwrap();
            assert_ne!(behind[1..5], staged.get().to_be_bytes(), "it doesn't know of the promotion yet");
            open(&admin, 1, &behind).unwrap();
        }
        let calls = fleet.unwraps(|| [&one, &two].into_iter().for_each(|process| process.refresh().unwrap()));
        assert_eq!(calls, 0);
        for process in [&one, &two] {
            assert_eq!(process.primary(&tenant(1)), Some(staged));
            open(process, 1, &fleet.values[0].1).unwrap();
        }
    }
}

#[test]
fn a_key_that_was_staged_a_moment_ago_is_not_promoted() {
    let fleet = Fleet::new(1);
    let keyring = fleet.process().refresh_every(Duration::from_secs(60)).start().unwrap();
    let staged = keyring.admin().stage(&tenant(1)).unwrap();
    match keyring.admin().promote(staged) {
        Err(KeyringError::TooEarly { id, wait }) => {
            assert!(
                id == staged && (Duration::from_secs(110)..=Duration::from_secs(121)).contains(&wait),
                "{wait:?}"
            );
        }
        other => panic!("{other:?}"),
    }
    let quick = fleet.process().propagation(Duration::from_secs(1)).start().unwrap();
    std::thread::sleep(Duration::from_millis(2100));
    quick.admin().promote(staged).unwrap();
    // A rotation that is taken back needs no wait: every process has the old key.
    quick.admin().promote(fleet.keys[0]).unwrap();
    assert_eq!(quick.primary(&tenant(1)), Some(fleet.keys[0]));
}

#[test]
fn two_rotations_at_once_leave_one_primary_and_every_value() {
    let fleet = Fleet::new(1);
    let processes: Vec<_> =
        (0..4).map(|_| fleet.process().deadline(Duration::from_secs(10)).start().unwrap()).collect();
    let values: Vec<_> = std::thread::scope(|threads| {
        let rotate = |process: &Keyring| {
            (0..5)
                .map(|_| {
                    process.admin().rotate(&tenant(1)).unwrap();
                    seal(process, 1).unwrap()
                })
                .collect::<Vec<_>>()
        };
        let threads: Vec<_> = processes.iter().map(|process| threads.spawn(move || rotate(process))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for process in &processes {
        process.refresh().unwrap();
        for value in &values {
            open(process, 1, value).unwrap();
        }
        let keys = process.keys();
        assert_eq!(keys.iter().filter(|key| key.state == KeyState::Primary).count(), 1);
        assert_eq!(keys.len(), 21);
    }
}
