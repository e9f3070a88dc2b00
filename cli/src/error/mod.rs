//! What went wrong, why, and what to try.

mod library;

pub(crate) use library::{RESTORE, advice_on, is_of_one_key};

use crate::words;
use std::process::ExitCode;

/// Why a command didn't do what it was asked for. It never holds a secret or a URL's password.
#[derive(Debug)]
pub(crate) struct Error {
    kind: Kind,
    what: String,
    why: Option<String>,
    hints: Vec<String>,
}

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It failed: the reason says why.
    Failed,
    /// The command was used wrongly.
    Usage,
    /// Refused: a proof failed, or a confirmation wasn't given.
    Refused,
    /// It may succeed later.
    TryAgain,
}

impl Kind {
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 4,
            Self::TryAgain => 5,
        })
    }
}

impl Error {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), why: None, hints: Vec::new() }
    }

    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::new(Kind::Failed, what)
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }

    pub(crate) fn refused(what: impl Into<String>) -> Self {
        Self::new(Kind::Refused, what)
    }

    /// The reason, in place of the one it had.
    pub(crate) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// One more thing to try.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// What and why, in one line.
    pub(crate) fn summary(&self) -> String {
        match &self.why {
            Some(why) => format!("{}: {why}", self.what),
            None => self.what.clone(),
        }
    }

    /// What to try, in one line.
    pub(crate) fn advice(&self) -> String {
        self.hints.join("; ")
    }

    /// As it's printed, after `label`.
    pub(crate) fn text(&self, label: &str) -> String {
        let mut text = format!("{label} {}", words::harmless(&self.what));
        let why = self.why.iter().map(|why| ("why", why));
        for (name, line) in why.chain(self.hints.iter().map(|hint| ("try", hint))) {
            text.push_str(&format!("\n  {name}: {}", words::harmless(line).replace('\n', "\n       ")));
        }
        text
    }
}
