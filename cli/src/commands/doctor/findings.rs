//! What the doctor found, and what to do about it.

use crate::output::Report;
use crate::words;
use serde::Serialize;

/// What was found, the worst first.
#[derive(Default, Serialize)]
pub(super) struct Findings(pub(super) Vec<Finding>);

/// One thing that is wrong, and what to do.
#[derive(Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A table's column, a key, a KEK.
    place: String,
    what: String,
    /// What to do.
    fix: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Data is lost, exposed or unreadable, or soon will be.
    Error,
    /// It works, and something should be done.
    Warning,
    /// To know.
    Note,
}

impl Findings {
    pub(super) fn error(&mut self, place: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) {
        self.add(Severity::Error, place, what, fix);
    }

    pub(super) fn warning(&mut self, place: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) {
        self.add(Severity::Warning, place, what, fix);
    }

    pub(super) fn note(&mut self, place: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) {
        self.add(Severity::Note, place, what, fix);
    }

    fn add(
        &mut self,
        severity: Severity,
        place: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.0.push(Finding { severity, place: place.into(), what: what.into(), fix: fix.into() });
        self.0.sort_by_key(|finding| finding.severity);
    }
}

impl Report for Findings {
    fn text(&self) -> String {
        if self.0.is_empty() {
            return "nothing was found\n".to_owned();
        }
        let line = |finding: &Finding| {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let Finding { place, what, fix, .. } = finding;
            format!(
                "{severity}: {}: {}\n  try: {}\n",
                words::plain_long(place),
                words::plain_long(what),
                words::plain_long(fix)
            )
        };
        self.0.iter().map(line).collect()
    }
}
