//! Two programs at one key store, at the same moment.

use super::*;
use fieldseal::keys::{KeyId, KeyState};
use std::io::Write as _;
use std::sync::Barrier;

fn primaries(victim: &Victim, scope: &str) -> i64 {
    victim.ask(&format!("SELECT count(*) FROM fieldseal_keys WHERE scope = '{scope}' AND state = 'primary'"))
}

#[test]
fn two_keyrings_rotate_at_once() {
    let victim = Victim::new();
    let first = victim.start().unwrap();
    let second = victim.start().unwrap();
    first.admin().ensure_scope(&tenant(1)).unwrap();
    let rotations = 12;
    let start = Barrier::new(2);
    let run = |keyring: &Keyring| {
        start.wait();
        (0..rotations)
            .map(|round: i64| {
                keyring.admin().rotate(&tenant(1)).unwrap();
                keyring.seal_bytes(&COLUMN, &place(1, round), &round.to_be_bytes()).unwrap()
            })
            .collect::<Vec<_>>()
    };
    let values = std::thread::scope(|threads| {
        let other = threads.spawn(|| run(&second));
        [run(&first), other.join().unwrap()]
    });
    assert_eq!(primaries(&victim, "1"), 1);
    for keyring in [first, second, victim.start().unwrap()] {
        keyring.refresh().unwrap();
        let keys = keyring.keys();
        assert_eq!(keys.len(), 1 + 2 * usize::try_from(rotations).unwrap());
        assert!(keys.iter().all(|key| matches!(key.state, KeyState::Primary | KeyState::Active)));
        for (round, sealed) in values.iter().flat_map(|values| (0..).zip(values)) {
            let opened = keyring.open_bytes(&COLUMN, &place(1, round), sealed).unwrap().unwrap();
            assert_eq!(**opened, round.to_be_bytes());
        }
    }
}

#[test]
fn threads_that_create_the_first_key_end_with_one() {
    for _ in 0..5 {
        let victim = Victim::new();
        let keyrings: Vec<_> = (0..6).map(|_| victim.start().unwrap()).collect();
        let start = Barrier::new(keyrings.len());
        let create = |keyring: &Keyring| {
            start.wait();
            keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap()
        };
        let ids: Vec<KeyId> = std::thread::scope(|threads| {
            let running: Vec<_> = keyrings.iter().map(|keyring| threads.spawn(|| create(keyring))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(victim.ask::<i64>("SELECT count(*) FROM fieldseal_keys"), 1);
    }
}

const PROCESSES: &str = "attacks::races::processes_that_create_the_first_key_end_with_one";

#[test]
fn processes_that_create_the_first_key_end_with_one() {
    if let Some(folder) = rerun::role() {
        let keyring = open(Path::new(&folder)).unwrap();
        println!("ready:");
        std::io::stdout().flush().unwrap();
        std::io::stdin().read_line(&mut String::new()).unwrap();
        let id = keyring.admin().ensure_scope(&tenant(1)).unwrap();
        let sealed = keyring.seal_bytes(&COLUMN, &place(1, 1), b"from a process").unwrap();
        println!("result:{id} {}", hex::encode(sealed));
        return;
    }
    let victim = Victim::new();
    let folder = victim.folder.path().to_str().unwrap();
    let mut processes: Vec<_> = (0..4).map(|_| rerun::start(PROCESSES, folder)).collect();
    for process in &mut processes {
        let stdout = process.stdout.as_mut().unwrap();
        rerun::wait_for(stdout, "ready:");
    }
    for process in &mut processes {
        process.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }
    let printed: Vec<_> = processes.into_iter().map(|process| rerun::finish(process, "result:")).collect();
    assert_eq!(victim.ask::<i64>("SELECT count(*) FROM fieldseal_keys"), 1);
    let keyring = victim.start().unwrap();
    for lines in printed {
        let (id, sealed) = lines[0].split_once(' ').unwrap();
        assert_eq!(id, keyring.primary(&tenant(1)).unwrap().to_string());
        let opened = keyring.open_bytes(&COLUMN, &place(1, 1), &hex::decode(sealed).unwrap()).unwrap().unwrap();
        assert_eq!(**opened, *b"from a process");
    }
}
