//! Files that are read and replaced as a whole: written beside the old one, synced, renamed over
//! it. A reader sees the old file or the new one, never a part, and a crash leaves one of the two.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// An exclusive lock among the processes (and threads) that change one file; ends when dropped.
///
/// It is held on `<path>.lock`, since the file itself is replaced. That file stays: removing it
/// would let two processes hold locks on two different files of that name.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "closing the file ends the lock")] File);

/// Waits for the lock of the file at `path`, which exists.
pub(crate) fn lock(path: &Path) -> io::Result<Lock> {
    let target = fs::canonicalize(path)?;
    let mut name = OsString::from(&target);
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = match new_lock_file(&name) {
        Ok(file) => {
            give_to_owner(&file, &fs::metadata(&target)?)?;
            file
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => existing_lock_file(&name)?,
        Err(error) => return Err(error),
    };
    file.lock()?;
    Ok(Lock(file))
}

/// Doesn't follow a link: an account that can write the folder could point it anywhere.
fn new_lock_file(name: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(name)
}

/// Opened for reading only, which is enough to lock it. The file is neither made nor changed.
fn existing_lock_file(name: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(name)?.is_file() {
        let message = format!("{} is not a file: remove it", name.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    File::open(name)
}

/// Makes a file that wasn't there, readable by its owner only; [`io::ErrorKind::AlreadyExists`] if
/// it was.
pub(crate) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    let file = beside(folder, content)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Replaces the file at `path`, which exists; its owner and mode stay. If `path` is a link, the
/// file that it names is replaced.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path)?;
    let folder = folder_of(&target);
    let old = fs::metadata(&target)?;
    let file = beside(folder, content)?;
    file.as_file().set_permissions(old.permissions())?;
    give_to_owner(file.as_file(), &old)?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(io::Error),
    NotAFile,
    TooLarge,
}

/// Reads all of the file at `path` into `content`, which is empty, unless it's longer than `max`
/// bytes. What is returned describes the very file that was read.
pub(crate) fn read(path: &Path, max: u64, content: &mut Vec<u8>) -> Result<Metadata, ReadError> {
    // Before it is opened: opening a pipe would wait for its writer.
    if !fs::metadata(path).map_err(ReadError::Io)?.is_file() {
        return Err(ReadError::NotAFile);
    }
    let file = File::open(path).map_err(ReadError::Io)?;
    let metadata = file.metadata().map_err(ReadError::Io)?;
    let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if metadata.len() > max {
        return Err(ReadError::TooLarge);
    }
    // Room for all of it at once: a buffer that grows leaves copies of its content behind.
    content.reserve_exact(len.saturating_add(64));
    file.take(max.saturating_add(1)).read_to_end(content).map_err(ReadError::Io)?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > max { Err(ReadError::TooLarge) } else { Ok(metadata) }
}

/// What tells one version of a file from the next without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    len: u64,
    modified: Option<std::time::SystemTime>,
    /// Device, inode, and time of the last change of either content or metadata.
    #[cfg(unix)]
    place: (u64, u64, i64, i64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            place: (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file in `folder` with that content, mode 0600 from the start, removed again unless it is
/// persisted.
fn beside(folder: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".fieldseal-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(content)?;
    Ok(file)
}

/// An administrator who changes a file must not take it away from the program that it belongs to.
#[cfg(unix)]
fn give_to_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    if new.uid() != old.uid() {
        return fchown(file, Some(old.uid()), Some(old.gid()));
    }
    // The group may be one that this process can't give; the owner can read the file anyway.
    let _ = fchown(file, None, Some(old.gid()));
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on unix")]
fn give_to_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on unix")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
