//! What changed between the lock file and the code, and whether stored data is concerned.

use super::{Entries, Entry};
use std::fmt::Write;

pub(super) struct Changes {
    /// A line each; empty where nothing changed.
    pub(super) diff: String,
    /// Whether the code can't read what the file says is stored.
    pub(super) strands: bool,
}

pub(super) fn compare(locked: &Entries, code: &Entries) -> Changes {
    let mut changes = Changes { diff: String::new(), strands: false };
    for (id, old) in locked {
        match code.get(id) {
            None => {
                let _ = writeln!(changes.diff, "- {}.{} ({}, {})", old.table, old.column, old.kind, old.suite);
                changes.strands = true;
            }
            Some(new) if !new.is_as(old) => {
                let _ = writeln!(changes.diff, "  {}.{}", old.table, old.column);
                changes.diff.push_str(&lines(old, new));
                changes.strands |= !still_reads(new, old);
            }
            Some(_) => {}
        }
    }
    for (id, new) in code {
        if !locked.contains_key(id) {
            let _ = writeln!(changes.diff, "+ {}.{} ({}, {})", new.table, new.column, new.kind, new.suite);
        }
    }
    changes
}

/// Whether a column as `new` has it reads what was stored as `old` has it.
fn still_reads(new: &Entry, old: &Entry) -> bool {
    let tries = |suite: &String| new.suite == *suite || new.previous_suite.as_ref() == Some(suite);
    let suite_is_tried = tries(&old.suite) && old.previous_suite.iter().all(tries);
    // AES-256-SIV is never bound to a row, and a column that is moving to it opens what wasn't
    // bound before.
    let siv = |entry: &Entry| entry.suite == crate::Suite::Aes256Siv.name();
    let never_bound = |entry: &Entry| siv(entry) && entry.previous_suite.is_none();
    let row_is_same =
        new.row == old.row || never_bound(new) || never_bound(old) || (siv(new) && old.row.is_empty());
    new.kind == old.kind
        && suite_is_tried
        && row_is_same
        && new.scope == old.scope
        && new.padded == old.padded
        && new.hide_null == old.hide_null
        && new.base64 == old.base64
}

/// The properties that differ, two lines each.
pub(super) fn lines(old: &Entry, new: &Entry) -> String {
    let mut out = String::new();
    for ((name, old), (_, new)) in properties(old).into_iter().zip(properties(new)) {
        if old != new {
            let _ = writeln!(out, "-   {name} = {old}\n+   {name} = {new}");
        }
    }
    out
}

fn properties(entry: &Entry) -> [(&'static str, String); 10] {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    [
        ("kind", entry.kind.clone()),
        ("suite", entry.suite.clone()),
        ("previous_suite", or_none(&entry.previous_suite)),
        ("row", if entry.row.is_empty() { "unbound".to_owned() } else { entry.row.join(", ") }),
        ("scope", or_none(&entry.scope)),
        ("padded", entry.padded.to_string()),
        ("hide_null", entry.hide_null.to_string()),
        ("base64", entry.base64.to_string()),
        ("stored_in", entry.stored_in.clone()),
        ("migrating", entry.migrating.to_string()),
    ]
}
