//! A file with the fuzzer's bytes in it, for parsers that are only reached through a path.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(super) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// In memory where the system has such a folder: the disk would be what is measured.
    pub(super) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        Self { folder: folder.expect("a temporary folder") }
    }

    /// A file with that content which only its owner can read.
    pub(super) fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join("file.json");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path).expect("a file");
        file.write_all(content).expect("written");
        owner_only(&path);
        path
    }
}

#[cfg(unix)]
fn owner_only(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("its owner may change the mode");
}

#[cfg(not(unix))]
fn owner_only(_: &Path) {}
