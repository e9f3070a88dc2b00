//! What can go wrong with a KEK file.

use crate::files::ReadError;
use crate::kms::KmsError;
use crate::random::NoRandomness;
use std::io;
use std::path::{Path, PathBuf};

/// A KEK file could not be made, opened or changed. It names the file, and never what is in it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// There is no file at that path.
    #[error("there is no KEK file at {path}", path = .path.display())]
    NotFound {
        /// The KEK file.
        path: PathBuf,
    },
    /// There is a file at that path already.
    #[error("{path} exists already", path = .path.display())]
    Exists {
        /// The KEK file.
        path: PathBuf,
    },
    /// The path is a folder, a pipe or a device.
    #[error("{path} is not a file", path = .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Others than the owner may use the file.
    #[error("the KEK file {path} can be used by others than its owner (mode {mode:03o})", path = .path.display())]
    Permissions {
        /// The KEK file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file is larger than 1 MiB, or would become so.
    #[error("{path} is larger than 1 MiB", path = .path.display())]
    TooLarge {
        /// The KEK file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("could not {action} the KEK file {path}: {source}", path = .path.display())]
    Io {
        /// The KEK file.
        path: PathBuf,
        /// What was being done with it.
        action: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
    /// The file isn't JSON.
    #[error("the KEK file {path} is not JSON (line {line}, column {column})", path = .path.display())]
    NotJson {
        /// The KEK file.
        path: PathBuf,
        /// Where it stops being JSON, from 1.
        line: usize,
        /// Where it stops being JSON, from 1.
        column: usize,
    },
    /// It isn't a KEK file, or a newer program wrote it.
    #[error("{path} does not have the format fieldseal-kek/1", path = .path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A field is missing, unknown, there twice, or of another type.
    #[error("the KEK file {path} has a field that is missing, unknown, repeated or of the wrong type (line {line}, column {column})", path = .path.display())]
    Malformed {
        /// The KEK file.
        path: PathBuf,
        /// Where it was noticed, from 1.
        line: usize,
        /// Where it was noticed, from 1.
        column: usize,
    },
    /// A field has a value that it can't have.
    #[error("the KEK file {path} is damaged, {problem}", path = .path.display())]
    BadField {
        /// The KEK file.
        path: PathBuf,
        /// Which field, and what it must be.
        problem: &'static str,
    },
    /// Two entries have the same version.
    #[error("the KEK file {path} is damaged, it has version {version} twice", path = .path.display())]
    DuplicateVersion {
        /// The KEK file.
        path: PathBuf,
        /// The version.
        version: u32,
    },
    /// The version that should wrap isn't there.
    #[error("the KEK file {path} is damaged, its primary version {primary} is not in it", path = .path.display())]
    PrimaryMissing {
        /// The KEK file.
        path: PathBuf,
        /// The version.
        primary: u32,
    },
    /// The file was changed after it was written.
    #[error("the KEK file {path} is damaged, its mac does not match its content", path = .path.display())]
    MacMismatch {
        /// The KEK file.
        path: PathBuf,
    },
    /// The passphrase doesn't open the file.
    #[error("the passphrase is wrong, or the KEK file {path} is damaged", path = .path.display())]
    WrongPassphrase {
        /// The KEK file.
        path: PathBuf,
    },
    /// The file has a passphrase, and none was given.
    #[error("the KEK file {path} is protected by a passphrase, and none was given", path = .path.display())]
    PassphraseNeeded {
        /// The KEK file.
        path: PathBuf,
    },
    /// A passphrase was given for a file without one. Somebody may have put another file in its
    /// place.
    #[error("the KEK file {path} is not protected by a passphrase, but one was given", path = .path.display())]
    PassphraseUnexpected {
        /// The KEK file.
        path: PathBuf,
    },
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    PassphraseEmpty,
    /// Parameters that would protect nothing, or take more memory or time than anyone should spend
    /// on a file.
    #[error(
        "the Argon2 parameters are out of range: memory is 8 KiB times parallelism to 1 GiB, iterations are 1 to 100, parallelism is 1 to 64"
    )]
    Argon2Params,
    /// Less memory is free than the passphrase needs.
    #[error("not enough memory for Argon2: {memory_kib} KiB are needed")]
    OutOfMemory {
        /// What the parameters ask for.
        memory_kib: u32,
    },
    /// There is another KEK file now, or its passphrase was changed.
    #[error("{path} is no longer the KEK file that was opened", path = .path.display())]
    Replaced {
        /// The KEK file.
        path: PathBuf,
    },
    /// The version to remove is the one that wraps.
    #[error("version {version} of the KEK file {path} is its primary", path = .path.display())]
    VersionIsPrimary {
        /// The KEK file.
        path: PathBuf,
        /// The version.
        version: u32,
    },
    /// The version to remove isn't there.
    #[error("the KEK file {path} has no version {version}", path = .path.display())]
    VersionMissing {
        /// The KEK file.
        path: PathBuf,
        /// The version.
        version: u32,
    },
    /// Version 4,294,967,295 is in use.
    #[error("the KEK file {path} has used all version numbers", path = .path.display())]
    VersionsExhausted {
        /// The KEK file.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

crate::debug::debug_with_hint!(LocalError);

impl LocalError {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => {
                "if it was there before, put its copy back, since a new one opens nothing; if this is the first start, \
                 create it with `Local::create` and keep a copy in a safe place"
            }
            Self::Exists { .. } => "open it with `Local::open`, or choose another path",
            Self::NotAFile { .. } => "give the path of the KEK file itself",
            Self::Permissions { .. } => "run `chmod 600` on it, and think whether others have read it",
            Self::TooLarge { .. } => "if it is a KEK file, remove versions that are no longer in use",
            Self::Io { .. } => "check that this user may read and write the file and its folder",
            Self::NotJson { .. }
            | Self::Malformed { .. }
            | Self::BadField { .. }
            | Self::DuplicateVersion { .. }
            | Self::PrimaryMissing { .. }
            | Self::MacMismatch { .. } => "restore it from a copy",
            Self::UnknownFormat { .. } => "give the path of a KEK file, or upgrade fieldseal",
            Self::WrongPassphrase { .. } => {
                "give the passphrase that the file was made with, or restore it from a copy"
            }
            Self::PassphraseNeeded { .. } => "give its passphrase: `Local::open_with_passphrase`",
            Self::PassphraseUnexpected { .. } => "check that it is the right file, or give no passphrase",
            Self::PassphraseEmpty => "set a passphrase, or give none at all",
            Self::Argon2Params => "use `Argon2Params::RECOMMENDED`, or take values from these ranges",
            Self::OutOfMemory { .. } => "free memory, or raise the limit of the process",
            Self::Replaced { .. } => "open it again",
            Self::VersionIsPrimary { .. } => "rotate the KEK file first, then rewrap every data key",
            Self::VersionMissing { .. } => "name a version that is in the file",
            Self::VersionsExhausted { .. } => "create another KEK file, and rewrap every data key under it",
            Self::NoRandomness => NoRandomness::HINT,
        }
    }

    pub(super) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io { path, action, source },
        }
    }

    pub(super) fn read(path: &Path, error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => Self::io(path, "read", error),
            ReadError::NotAFile => Self::NotAFile { path: path.to_owned() },
            ReadError::TooLarge => Self::TooLarge { path: path.to_owned() },
        }
    }
}

impl From<NoRandomness> for LocalError {
    fn from(NoRandomness: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl From<LocalError> for KmsError {
    fn from(error: LocalError) -> Self {
        let text = error.to_string();
        let made = match &error {
            LocalError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Self::denied(text),
            LocalError::NotFound { .. } => Self::not_found(text),
            LocalError::Io { .. } | LocalError::OutOfMemory { .. } | LocalError::NoRandomness => {
                Self::unavailable(text)
            }
            _ => Self::misconfigured(text),
        };
        made.with_hint(error.hint()).with_source(error)
    }
}
