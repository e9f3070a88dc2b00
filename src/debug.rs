//! `Debug` of errors.

/// `Debug` that is the message, and after it what to try: that is what `unwrap` in a test and `?`
/// in `main` print.
macro_rules! debug_with_hint {
    ($($error:ty),*) => {$(
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}; hint: {}", self.hint())
            }
        }
    )*};
}

pub(crate) use debug_with_hint;

#[cfg(test)]
mod tests {
    use crate::context::{ContextError, Scope};
    use crate::envelope::EnvelopeError;
    use crate::keyring::LoadError;
    use crate::keys::{KeyId, KeyState, MalformedRecord, RecordColumn};
    use crate::kms::{KmsError, LocalError};
    use crate::schema::LockError;
    use crate::store::{Conflict, StoreError};
    use crate::value::Kind;
    use crate::{Error, ErrorKind, KeyringError};
    use std::error::Error as StdError;
    use std::path::PathBuf;
    use std::time::Duration;

    /// What an error says, what it says to try, and the chain that a program prints.
    fn told(error: impl StdError + 'static, hint: impl Fn(&dyn std::any::Any) -> String) -> (String, String) {
        let hint = hint(&error);
        let mut lines = Vec::new();
        let mut next: Option<&dyn StdError> = Some(&error);
        while let Some(error) = next {
            lines.push(error.to_string());
            next = error.source();
        }
        let told = lines.len();
        lines.dedup();
        assert_eq!(lines.len(), told, "a chain says nothing twice in a row: {lines:?}");
        assert!(format!("{error:?}").contains(&hint) || hint.is_empty(), "{error:?}");
        (lines.swap_remove(0), hint)
    }

    macro_rules! told {
        ($Error:ty: $($error:expr,)*) => {
            [$(told($error, |error| error.downcast_ref::<$Error>().unwrap().hint().to_owned())),*]
        };
    }

    fn id() -> KeyId {
        KeyId::new(7).unwrap()
    }

    fn of_values() -> Vec<(String, String)> {
        let load = || {
            LoadError::new(KeyringError::Wrap(KmsError::unavailable("x").with_source(std::io::Error::other("y"))))
        };
        let at = ("patients", "name");
        let kinds = [
            ErrorKind::NotInstalled,
            ErrorKind::NoPrimary(Scope::APPLICATION),
            ErrorKind::Context(ContextError::EmptyScope),
            ErrorKind::Context(ContextError::MissingRow),
            ErrorKind::Context(ContextError::LongScope),
            ErrorKind::NotSealed,
            ErrorKind::SealedAsText,
            ErrorKind::UnknownKey(id()),
            ErrorKind::LoadFailed(load()),
            ErrorKind::RetiredKey(id()),
            ErrorKind::DestroyedKey(id()),
            ErrorKind::Rejected,
            ErrorKind::Malformed(Kind::TEXT),
            ErrorKind::MalformedPadding,
            ErrorKind::UnexpectedNull,
            ErrorKind::TooLong(9),
            ErrorKind::TooLongForColumn { needs: 9, size: 8, base64: false },
            ErrorKind::SizeUnknown,
            ErrorKind::NoSuchColumn("x".into()),
            ErrorKind::Encode("a map"),
            ErrorKind::Exhausted,
            ErrorKind::NotDeterministic,
            ErrorKind::NoRandomness,
        ];
        kinds.into_iter().flat_map(|kind| told!(Error: Error::at_names(at, kind),)).collect()
    }

    fn of_keys() -> Vec<(String, String)> {
        let record = MalformedRecord::new(Some(id()), RecordColumn::State);
        let step = KeyState::ALL.map(|from| from.step_to(KeyState::Staged).unwrap_err());
        let steps =
            step.into_iter().flat_map(|error| told!(KeyringError: KeyringError::Transition { id: id(), error },));
        let of_kms = told!(KmsError:
            KmsError::unavailable("x"),
            KmsError::denied("x").with_source(std::io::Error::other("y")),
            KmsError::disabled("x"),
            KmsError::not_found("x"),
            KmsError::Rejected,
            KmsError::misconfigured("x"),
            KmsError::misconfigured("x").with_hint("set AWS_REGION"),
        );
        let of_stores = told!(StoreError:
            StoreError::Conflict(Conflict::Stale(id())),
            StoreError::NotStored(id()),
            StoreError::unavailable("app.db", "x").with_source(std::io::Error::other("y")),
            StoreError::denied("app.db", "x"),
            StoreError::missing("app.db"),
            StoreError::missing("app.db").with_hint("create it"),
            StoreError::malformed("app.db", record),
            StoreError::malformed("app.db", MalformedRecord::twin(id())),
            StoreError::damaged("app.db", "x"),
        );
        let of_keyrings = told!(KeyringError:
            KeyringError::Store(StoreError::unavailable("app.db", "x").with_source(std::io::Error::other("y"))),
            KeyringError::Wrap(KmsError::denied("x")),
            KeyringError::Kms { id: id(), error: KmsError::Rejected },
            KeyringError::WrongKey(id()),
            KeyringError::Altered(id()),
            KeyringError::NoCopy(id()),
            KeyringError::Doubled(id()),
            KeyringError::TwoPrimaries(Scope::APPLICATION),
            KeyringError::NotStored(id()),
            KeyringError::NoSuchKey(id()),
            KeyringError::ApplicationScope,
            KeyringError::NoKeys(Scope::APPLICATION),
            KeyringError::LastCopy(id()),
            KeyringError::TooEarly { id: id(), wait: Duration::from_secs(9) },
            KeyringError::TimedOut { need: None, after: Duration::from_secs(9) },
            KeyringError::NoThread(std::sync::Arc::new(std::io::Error::other("x"))),
            KeyringError::Dropped,
            KeyringError::Panicked,
            KeyringError::Contended(9),
            KeyringError::NoRandomness,
        );
        of_kms.into_iter().chain(of_stores).chain(of_keyrings).chain(steps).collect()
    }

    fn of_files() -> Vec<(String, String)> {
        let path = || PathBuf::from("kek.json");
        let of_keys = told!(LocalError:
            LocalError::NotFound { path: path() },
            LocalError::Exists { path: path() },
            LocalError::NotAFile { path: path() },
            LocalError::Permissions { path: path(), mode: 0o644 },
            LocalError::TooLarge { path: path() },
            LocalError::Io { path: path(), action: "read", source: std::io::Error::other("y") },
            LocalError::NotJson { path: path(), line: 1, column: 1 },
            LocalError::UnknownFormat { path: path() },
            LocalError::Malformed { path: path(), line: 1, column: 1 },
            LocalError::BadField { path: path(), problem: "x" },
            LocalError::DuplicateVersion { path: path(), version: 1 },
            LocalError::PrimaryMissing { path: path(), primary: 1 },
            LocalError::MacMismatch { path: path() },
            LocalError::WrongPassphrase { path: path() },
            LocalError::PassphraseNeeded { path: path() },
            LocalError::PassphraseUnexpected { path: path() },
            LocalError::PassphraseEmpty,
            LocalError::Argon2Params,
            LocalError::OutOfMemory { memory_kib: 9 },
            LocalError::Replaced { path: path() },
            LocalError::VersionIsPrimary { path: path(), version: 1 },
            LocalError::VersionMissing { path: path(), version: 1 },
            LocalError::VersionsExhausted { path: path() },
            LocalError::NoRandomness,
        );
        let (table, column, diff) = ("patients".to_owned(), "name".to_owned(), "+ x".to_owned());
        let of_locks = told!(LockError:
            LockError::Missing(path()),
            LockError::Behind { path: path(), diff: diff.clone() },
            LockError::Stranded { path: path(), diff: diff.clone() },
            LockError::Disagreement { first: "A", second: "B", table, column, diff },
            LockError::File { path: path(), message: "x".into(), source: Some(std::sync::Arc::new(std::io::Error::other("y"))) },
        );
        of_keys.into_iter().chain(of_locks).collect()
    }

    #[test]
    fn every_error_says_what_is_wrong_and_apart_from_it_what_to_try() {
        let all = of_values().into_iter().chain(of_keys()).chain(of_files());
        let others = [EnvelopeError::NotSealed.hint(), EnvelopeError::TooLong.hint()];
        let all = all.chain(others.map(|hint| ("x".to_owned(), hint.to_owned())));
        for (message, hint) in all {
            let first = hint.chars().next().expect("a hint");
            assert!(!first.is_uppercase() || hint.starts_with("GRANT"), "{hint}");
            assert!(!hint.ends_with('.') && !message.ends_with('.'), "{message}: {hint}");
            assert!(!message.contains(&hint), "{message}");
            for advice in ["restore", "try again", "call `", "rotate", "declare"] {
                assert!(!message.contains(advice), "advice in a message: {message}");
            }
        }
    }
}
