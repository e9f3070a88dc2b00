//! The fuzz targets' seeds, replayed without a fuzzer.

// By its path: the crate of the fuzz targets is for a nightly compiler and links libFuzzer, so
// nothing can depend on it.
#[path = "../../fuzz/checks/mod.rs"]
mod checks;

use checks::TARGETS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every seed of a target passes its check; some are taken for good and some are not, so neither
/// way is untried.
fn replay(target: &str) {
    let (_, check) = TARGETS.into_iter().find(|(name, _)| *name == target).unwrap();
    let seeds = files_in(&folder("corpus").join(target));
    let taken = seeds.iter().filter(|seed| check(&fs::read(seed).unwrap())).count();
    assert!(0 < taken && taken < seeds.len(), "{taken} of {} seeds are taken for good", seeds.len());
}

#[test]
fn context() {
    replay("context");
}

#[test]
fn envelope() {
    replay("envelope");
}

#[test]
fn key_record() {
    replay("key_record");
}

#[test]
fn key_store() {
    replay("key_store");
}

#[test]
fn local_kek() {
    replay("local_kek");
}

#[test]
fn open() {
    replay("open");
}

#[test]
fn every_target_has_a_program_a_dictionary_and_seeds() {
    let targets: BTreeSet<_> = TARGETS.into_iter().map(|(name, _)| name.to_owned()).collect();
    for kind in ["fuzz_targets", "dictionaries", "corpus"] {
        let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        let found: BTreeSet<_> = files_in(&folder(kind)).iter().map(stem).collect();
        assert_eq!(found, targets, "fuzz/{kind}");
    }
}

#[test]
fn bytes_without_structure_do_no_harm() {
    for (_, check) in TARGETS {
        for byte in 0..=u8::MAX {
            for len in [0, 1, 2, 5, 21, 100] {
                check(&vec![byte; len]);
            }
        }
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}
