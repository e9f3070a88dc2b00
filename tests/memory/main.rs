//! Keys are gone from the process's memory when the keyring is. A child process uses keys in every
//! way there is, drops them, and looks for them in its own memory; the parent tells it, under a
//! mask, what to look for. It is a binary of its own, so that no other test's keys are in that
//! memory.
//!
//! One thing is left, and it is the `aes` crate's: a thread that has just sealed or opened a value
//! under an AES suite has that column's expanded key on its stack until it calls something else.
//! Overwriting it would cost each value 50 ns; `docs/threat-model.md` says it.

#![cfg(target_os = "linux")]

mod oracle;
mod scanner;

use fieldseal::kms::{Argon2Params, Local, Passphrase};
use fieldseal::store::File;
use fieldseal::{Column, Keyring, RowContext, RowId, Scope, Suite};
use scanner::{Hit, Needle, scan};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::sync::Barrier;
use testkit::rerun;
use testkit::spy::Spy;

const COLUMNS: [Column; 4] = [
    Column::new("t", "xaes"),
    Column::new("t", "xchacha").with_suite(Suite::XChaCha20Poly1305),
    Column::new("t", "gcm").with_suite(Suite::Aes256Gcm),
    Column::new("t", "siv").with_suite(Suite::Aes256Siv),
];

fn local(folder: &Path, passphrase: Option<&str>, create: bool) -> Local {
    let params = Argon2Params::RECOMMENDED.with_memory_kib(1024).with_iterations(1).with_parallelism(1);
    let path = folder.join("kek.json");
    let local = match passphrase.map(|text| Passphrase::new(text).argon2(params)) {
        Some(passphrase) if create => Local::create_with_passphrase(path, &passphrase),
        Some(passphrase) => Local::open_with_passphrase(path, &passphrase),
        None if create => Local::create(path),
        None => Local::open(path),
    };
    local.unwrap()
}

#[test]
fn no_key_is_left_behind() {
    if let Some(folder) = rerun::role() {
        return child(Path::new(&folder));
    }
    run("no_key_is_left_behind", None);
}

#[test]
fn no_key_is_left_behind_by_a_file_with_a_passphrase() {
    if let Some(folder) = rerun::role() {
        return child(Path::new(&folder));
    }
    run("no_key_is_left_behind_by_a_file_with_a_passphrase", Some("correct horse battery staple"));
}

fn run(test: &str, passphrase: Option<&str>) {
    // In memory where that is possible: both processes sync their files.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    local(folder.path(), passphrase, true);
    File::create(folder.path().join("keys.json")).unwrap();
    let mut process = rerun::start(test, folder.path().to_str().unwrap());
    let mut stdin = process.stdin.take().unwrap();
    stdin
        .write_all(passphrase.map_or("\n".into(), |text| Needle::line("passphrase", text.as_bytes())).as_bytes())
        .unwrap();
    let stdout = process.stdout.as_mut().unwrap();
    rerun::wait_for(stdout, "used:");
    let used = rerun::wait_for(stdout, "\n");
    let sealed: Vec<_> = used.split_whitespace().map(|value| hex::decode(value).unwrap()).collect();
    let needles = oracle::needles(folder.path(), passphrase, &sealed);
    let planted =
        Needle::line("planted", &[*b"planted: it must be found ", *b"so that nothing is missed!"].concat());
    stdin.write_all(format!("{planted}{needles}\n").as_bytes()).unwrap();
    drop(stdin);

    let printed = rerun::finish(process, "found ");
    let found = |when: &str| -> BTreeSet<&str> {
        let hits = printed.iter().filter_map(|line| line.strip_prefix(when));
        hits.map(|hit| hit.trim().split(' ').next().unwrap()).collect()
    };
    let in_use: Vec<_> = ["data_key", "wrapping_key", "stretch_key"]
        .into_iter()
        .chain(passphrase.map(|_| "file_key"))
        .map(str::to_owned)
        .chain(Suite::ALL.map(|suite| format!("column_key_of_{suite}")))
        .collect();
    for name in &in_use {
        assert!(found("in use:").contains(name.as_str()), "the scanner misses {name}: {printed:#?}");
    }
    assert_eq!(found("planted:"), BTreeSet::from(["heap", "stack"]), "{printed:#?}");
    let only_just_used = |name: &&str| name.starts_with("column_key_of_aes") || *name == "stretch_key";
    assert!(found("just used:").iter().all(only_just_used), "{printed:#?}");
    let left: Vec<_> = printed.iter().filter(|line| line.starts_with("left:")).collect();
    assert!(left.is_empty(), "{left:#?}");
}

fn child(folder: &Path) {
    let mut lines = std::io::stdin().lock().lines().map(Result::unwrap);
    let passphrase = Needle::parse(&lines.next().unwrap());
    // One thread for each suite, so that none overwrites what another leaves; some end, and some
    // are still there.
    let parked = Barrier::new(COLUMNS.len() + 1);
    std::thread::scope(|threads| {
        let keyring = open(folder, passphrase.as_ref());
        for ends in [true, false] {
            for column in &COLUMNS {
                let (keyring, parked) = (keyring.clone(), &parked);
                let worker = threads.spawn(move || {
                    use_keys(&keyring, column);
                    drop(keyring);
                    if !ends {
                        parked.wait();
                        parked.wait();
                    }
                    call_something_else();
                    if !ends {
                        parked.wait();
                        parked.wait();
                    }
                });
                if ends {
                    worker.join().unwrap();
                }
            }
        }
        let sealed = administer(&keyring, folder, passphrase.as_ref());
        parked.wait();
        println!("used:{}", sealed.iter().map(hex::encode).collect::<Vec<_>>().join(" "));
        std::io::stdout().flush().unwrap();
        let needles: Vec<_> = lines.map_while(|line| Needle::parse(&line)).collect();
        plant(&needles);
        report("in use:", &scan(&needles));
        drop(keyring);
        report("just used:", &scan(&needles));
        parked.wait();
        parked.wait();
        report("left:", &scan(&needles));
        parked.wait();
    });
}

/// Uses as much of the stack as a query does.
#[inline(never)]
fn call_something_else() {
    black_box(&mut [0_u8; 64 * 1024]);
}

fn report(when: &str, hits: &[Hit]) {
    for Hit { name, address, region } in hits {
        println!("found {when} {name} {address:#x} {region}");
    }
}

/// The scanner must find what is on the heap and on the stack, and then nothing more of it.
#[inline(never)]
fn plant(needles: &[Needle]) {
    let planted = needles.iter().find(|needle| needle.name == "planted").unwrap();
    let mut heap = vec![0; planted.len()];
    let mut stack = [0; 52];
    assert_eq!(stack.len(), planted.len());
    planted.unmask_into(&mut heap);
    planted.unmask_into(&mut stack);
    for hit in scan(std::slice::from_ref(planted)) {
        let place = [("heap", black_box(&heap).as_ptr()), ("stack", black_box(&stack).as_ptr())];
        let place = place.into_iter().find(|(_, pointer)| pointer.addr() == hit.address);
        println!("found planted: {}", place.map_or("elsewhere", |(name, _)| name));
    }
}

fn open(folder: &Path, passphrase: Option<&Needle>) -> Keyring {
    let keyring =
        Keyring::start(unlocked(folder, passphrase), File::open(folder.join("keys.json")).unwrap()).unwrap();
    keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
    keyring
}

fn unlocked(folder: &Path, passphrase: Option<&Needle>) -> Local {
    let passphrase = passphrase.map(|needle| {
        let mut text = vec![0; needle.len()];
        needle.unmask_into(&mut text);
        Passphrase::new(String::from_utf8(text).unwrap())
    });
    match &passphrase {
        Some(passphrase) => Local::open_with_passphrase(folder.join("kek.json"), passphrase),
        None => Local::open(folder.join("kek.json")),
    }
    .unwrap()
}

/// Values that are sealed and opened and refused.
fn use_keys(keyring: &Keyring, column: &Column) -> Vec<Vec<u8>> {
    let use_once = |round: i64| {
        let row = RowContext::of_row(RowId::of(&round));
        let sealed = keyring.seal_bytes(column, &row, b"plaintext").unwrap();
        keyring.open_bytes(column, &row, &sealed).unwrap();
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        keyring.open_bytes(column, &row, &changed).unwrap_err();
        sealed
    };
    (0..40).map(use_once).collect()
}

/// Values of every column; those of the first are returned.
fn use_all_keys(keyring: &Keyring) -> Vec<Vec<u8>> {
    let [first, ..] = COLUMNS.each_ref().map(|column| use_keys(keyring, column));
    first
}

/// Every operation on keys.
fn administer(keyring: &Keyring, folder: &Path, passphrase: Option<&Needle>) -> Vec<Vec<u8>> {
    let mut sealed = use_all_keys(keyring);
    keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    sealed.extend(use_all_keys(keyring));
    for column in &COLUMNS {
        keyring.admin().dangerously_export_cleartext_tink_keyset(column, &Scope::APPLICATION).unwrap();
    }
    let kms = unlocked(folder, passphrase);
    kms.rotate().unwrap();
    assert_eq!(keyring.admin().rewrap().unwrap(), 2);
    keyring.refresh().unwrap();
    let other = open(folder, passphrase);
    sealed.extend(use_all_keys(&other));
    let tenant = other.admin().rotate(&Scope::tenant(1).unwrap()).unwrap();
    keyring.refresh().unwrap();
    let spare = keyring.admin().stage(&Scope::tenant(1).unwrap()).unwrap();
    keyring.admin().destroy(spare).unwrap();
    assert!(keyring.primary(&Scope::tenant(1).unwrap()) == Some(tenant));
    sealed
}
