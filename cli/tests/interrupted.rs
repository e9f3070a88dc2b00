//! Commands that are killed in the middle and run again, and commands that run at the same moment.

mod common;

use common::{Folder, tenant};
use fieldseal::keys::KeyState;
use fieldseal::kms::Local;
use fieldseal::store::load_all;
use fieldseal::{Keyring, Scope};
use std::thread::sleep;
use std::time::{Duration, Instant};

const TENANTS: [&str; 3] = ["east", "north", "south"];

fn scopes() -> Vec<Scope> {
    std::iter::once(Scope::APPLICATION).chain(TENANTS.map(tenant)).collect()
}

#[test]
fn a_rotation_that_is_killed_while_it_waits_is_finished_by_the_next() {
    let folder = Folder::with_keys(&TENANTS);
    let old: Vec<_> = scopes().iter().map(|scope| folder.key(scope, KeyState::Primary)).collect();
    let mut killed = folder.start(["key", "rotate", "--all", "--propagation", "1h"]);
    let until = Instant::now() + Duration::from_secs(60);
    while scopes().iter().any(|scope| folder.keys(scope, KeyState::Staged).is_empty()) {
        assert!(Instant::now() < until, "nothing was staged");
        sleep(Duration::from_millis(10));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let staged: Vec<_> = scopes().iter().map(|scope| folder.key(scope, KeyState::Staged)).collect();

    folder.run(["key", "rotate", "--all", "--propagation", "0s"]).succeeds();

    for ((scope, old), staged) in scopes().iter().zip(old).zip(staged) {
        assert_eq!(folder.key(scope, KeyState::Primary), staged, "what was staged is taken up");
        assert_eq!(folder.key(scope, KeyState::Active), old);
        assert!(folder.keys(scope, KeyState::Staged).is_empty());
    }
}

#[test]
fn a_rotation_that_is_killed_at_any_moment_leaves_keys_that_open_and_can_be_run_again() {
    let names: Vec<_> = (0..12).map(|number| format!("tenant {number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let folder = Folder::with_keys(&names);
    for pause in (0..60).step_by(6) {
        let mut killed = folder.start(["key", "rotate", "--all", "--propagation", "0s"]);
        sleep(Duration::from_millis(pause));
        let _ = killed.kill();
        killed.wait().unwrap();
        opens_everything(&folder, "kek.json");
    }
    folder.run(["key", "rotate", "--all", "--propagation", "0s"]).succeeds();
    let records = load_all(&folder.store()).unwrap();
    assert!(records.iter().all(|record| record.state != KeyState::Staged));
    assert_eq!(records.iter().filter(|record| record.state == KeyState::Primary).count(), 13);
}

#[test]
fn a_move_to_another_kek_that_is_killed_at_any_moment_loses_no_key_and_is_finished_by_the_next() {
    let names: Vec<_> = (0..12).map(|number| format!("tenant {number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let folder = Folder::with_keys(&names);
    let to = ["kek", "rotate", "--to", "local:new.json", "--create"];
    for pause in (0..60).step_by(6) {
        let mut killed = folder.start(to);
        sleep(Duration::from_millis(pause));
        let _ = killed.kill();
        killed.wait().unwrap();
        for record in load_all(&folder.store()).unwrap() {
            assert!(!record.wrapped.is_empty(), "{} has lost its copies", record.id);
        }
    }
    folder.run(to).succeeds();
    std::fs::remove_file(folder.path("kek.json")).unwrap();
    opens_everything(&folder, "new.json");
}

#[test]
fn instances_that_start_at_once_end_up_with_one_kek_and_one_key() {
    for _ in 0..5 {
        let folder = Folder::new();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| folder.run(["init", "--scope", "north"]).succeeds());
            }
        });
        for scope in [Scope::APPLICATION, tenant("north")] {
            folder.key(&scope, KeyState::Primary);
        }
        opens_everything(&folder, "kek.json");
    }
}

/// Every key that opens values is unwrapped by that KEK.
fn opens_everything(folder: &Folder, kek: &str) {
    let keyring = Keyring::start(Local::open(folder.path(kek)).unwrap(), folder.store()).unwrap();
    let openable = load_all(&folder.store()).unwrap().iter().filter(|record| record.state.opens()).count();
    assert_eq!(keyring.stats().keys_loaded, u64::try_from(openable).unwrap());
}

/// A folder with an active key that nothing is under.
fn with_an_unused_key() -> (Folder, String) {
    let folder = Folder::with_keys(&[]);
    std::fs::write(folder.path("fieldseal.lock"), "version = 1\n").unwrap();
    folder.run(["key", "rotate", "--application", "--at-once"]).succeeds();
    let id = folder.key(&Scope::APPLICATION, KeyState::Active);
    (folder, id)
}

fn retires(folder: &Folder) -> std::process::Child {
    let started = folder.start(["key", "retire", "--unused", "--wait", "1h", "--report", "proof.json"]);
    let until = Instant::now() + Duration::from_secs(60);
    while folder.keys(&Scope::APPLICATION, KeyState::Retired).is_empty() {
        assert!(Instant::now() < until, "nothing was retired");
        sleep(Duration::from_millis(10));
    }
    started
}

fn proof(folder: &Folder) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder.path("proof.json")).unwrap()).unwrap()
}

#[test]
#[cfg(unix)]
fn a_retirement_that_is_stopped_while_it_waits_is_taken_back() {
    let (folder, id) = with_an_unused_key();
    let mut stopped = retires(&folder);
    let interrupt = std::process::Command::new("kill").args(["-INT", &stopped.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    assert_eq!(stopped.wait().unwrap().code(), Some(1));
    assert_eq!(folder.key(&Scope::APPLICATION, KeyState::Active), id);
    assert!(!folder.path("proof.json").exists(), "there is no proof of what was taken back");
}

#[test]
fn a_retirement_that_is_killed_while_it_waits_proves_nothing_until_it_is_run_again() {
    let (folder, id) = with_an_unused_key();
    let mut killed = retires(&folder);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(folder.key(&Scope::APPLICATION, KeyState::Retired), id);
    assert_eq!(proof(&folder)["retired"], false);
    std::fs::remove_file(folder.path("proof.json")).unwrap();
    folder.run(["key", "retire", &id, "--wait", "0s", "--report", "proof.json"]).succeeds();
    assert_eq!((&proof(&folder)["retired"], &proof(&folder)["keys"][0]["id"]), (&true.into(), &id.into()));
}
