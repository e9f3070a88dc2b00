//! Keys, and the values under them.

use super::findings::Findings;
use crate::error::RESTORE;
use crate::survey::Surveyed;
use crate::target::Stored;
use crate::words;
use fieldseal::keys::{KeyId, KeyRecord, KeyState, MalformedRecord};
use fieldseal::{Column, Suite};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Half as many values as a key may seal under AES-256-GCM.
const GCM_WATCH: u64 = 1 << 31;

/// Keys are promoted within minutes: one that is staged for longer was forgotten.
const STAGED_TOO_LONG: u64 = 7 * 86_400;

pub(super) fn check(stored: &Stored, surveyed: &[Surveyed], findings: &mut Findings) {
    damaged(&stored.damaged, findings);
    let states = stored.states();
    for column in surveyed {
        if column.column.is_some() {
            of_declared(column, &states, findings);
        } else {
            of_undeclared(column, &states, findings);
        }
    }
    scopes(&stored.records, stored.damaged.is_empty(), findings);
}

/// Records of the key store that can't be read.
fn damaged(errors: &[MalformedRecord], findings: &mut Findings) {
    for error in errors {
        let place = error.key.map_or_else(|| "the key store".to_owned(), |id| format!("key {id}"));
        findings.error(place, format!("its record is damaged: {error}"), RESTORE);
    }
}

fn of_declared(column: &Surveyed, states: &HashMap<KeyId, KeyState>, findings: &mut Findings) {
    let Some(declared) = column.column else { return };
    limit_of_gcm(column, declared, findings);
    for (sort, under) in sorted(column, states) {
        let values = words::values(under.values);
        let ids = under.some_ids();
        match sort {
            Sort::Unknown if declared.is_migrating() => findings.warning(
                column.full_name(),
                format!("{values} under keys that the key store doesn't have ({ids})"),
                "restore the key store if it was lost in part; if they are plaintext that looks sealed, `fieldseal encrypt --seal-lookalikes`",
            ),
            Sort::Unknown => findings.error(
                column.full_name(),
                format!("{values} under keys that the key store doesn't have ({ids})"),
                "the key store was lost in part, or is another one: restore it; or the values are damaged: `fieldseal verify` lists \
                 their rows",
            ),
            Sort::Retired => findings.error(
                column.full_name(),
                format!("{values} under retired keys ({ids}), which programs refuse"),
                format!("`fieldseal key reactivate {}`, then `fieldseal reencrypt`", ids.replace(", ", " ")),
            ),
            Sort::Destroyed => findings.note(
                column.full_name(),
                format!("{values} under destroyed keys ({ids}): they can't be read again"),
                "delete the rows if they belong to a tenant that was forgotten",
            ),
        }
    }
    plaintext(column, declared, findings);
    if declared.hides_null() && column.survey.null > 0 && !declared.is_migrating() {
        findings.error(
            column.full_name(),
            format!(
                "{} NULL, in a column that hides NULL: somebody overwrote them",
                words::values(column.survey.null)
            ),
            "restore them from a backup",
        );
    }
}

/// Why programs don't open what is under a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Unknown,
    Retired,
    Destroyed,
}

#[derive(Default)]
struct Under {
    values: u64,
    ids: BTreeSet<KeyId>,
}

impl Under {
    fn some_ids(&self) -> String {
        self.ids.iter().take(5).map(KeyId::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// The values that programs don't open, by the reason.
fn sorted(column: &Surveyed, states: &HashMap<KeyId, KeyState>) -> BTreeMap<Sort, Under> {
    let mut sum: BTreeMap<Sort, Under> = BTreeMap::new();
    for (id, values) in &column.survey.by_key {
        let sort = match states.get(id) {
            None => Sort::Unknown,
            Some(KeyState::Retired) => Sort::Retired,
            Some(KeyState::Destroyed) => Sort::Destroyed,
            Some(_) => continue,
        };
        let under = sum.entry(sort).or_default();
        under.values += values;
        under.ids.insert(*id);
    }
    sum
}

fn limit_of_gcm(column: &Surveyed, declared: &Column, findings: &mut Findings) {
    if declared.suite() != Suite::Aes256Gcm {
        return;
    }
    for (id, values) in column.survey.by_key.iter().filter(|(_, values)| **values >= GCM_WATCH) {
        findings.warning(
            column.full_name(),
            format!(
                "{values} values are under key {id}; AES-256-GCM is safe for 4,294,967,296 that were ever sealed, rewritten ones \
                 included"
            ),
            "rotate the scope's key now, re-encrypt, and think of the suite xaes-256-gcm, which has no such limit",
        );
    }
}

fn plaintext(column: &Surveyed, declared: &Column, findings: &mut Findings) {
    let plaintext = column.survey.not_sealed;
    if plaintext > 0 && declared.is_migrating() {
        findings.note(
            column.full_name(),
            format!("{} not sealed yet; the column is migrating", words::values(plaintext)),
            "`fieldseal encrypt`, then take `migrating` off the model",
        );
    } else if plaintext > 0 {
        findings.error(
            column.full_name(),
            format!("{} not sealed: plaintext, or damaged", words::values(plaintext)),
            "`fieldseal verify` lists the rows: restore them from a backup; keep plaintext out by `fieldseal guards apply`",
        );
    } else if declared.is_migrating() && column.survey.rows > 0 {
        findings.warning(
            column.full_name(),
            "nothing in it is plaintext, and the column still is migrating: anyone who writes the database can put plaintext into it",
            "take `migrating` off the model",
        );
    }
}

fn of_undeclared(column: &Surveyed, states: &HashMap<KeyId, KeyState>, findings: &mut Findings) {
    let known = column.survey.by_key.iter().filter(|(id, _)| states.contains_key(id));
    let values: u64 = known.map(|(_, values)| values).sum();
    if values > 0 {
        findings.warning(
            column.full_name(),
            format!("{} look sealed under keys of this key store, and the lock file doesn't have the column", words::values(values)),
            "if it's a model's, let the program's test add it to the lock file; if it's a copy, drop it: no rotation reaches it",
        );
    }
}

fn scopes(records: &[KeyRecord], is_all: bool, findings: &mut Findings) {
    let mut scopes: BTreeMap<_, Vec<&KeyRecord>> = BTreeMap::new();
    for record in records {
        scopes.entry(&record.scope).or_default().push(record);
    }
    for (scope, keys) in scopes {
        let opens = keys.iter().any(|key| key.state.opens());
        let primary = keys.iter().any(|key| key.state == KeyState::Primary);
        // The damaged record may be that of its primary.
        if opens && !primary && is_all {
            findings.error(
                words::scope(scope),
                "it has keys, and none of them is primary: nothing can be written for it",
                "`fieldseal key rotate --all --promote`, or `fieldseal init`, of a tenant with --scope NAME",
            );
        }
        for key in keys.iter().filter(|key| key.state == KeyState::Staged) {
            if words::seconds_since(key.created) > STAGED_TOO_LONG {
                findings.warning(
                    format!("key {}", key.id),
                    format!("it has been staged for {}", words::age(words::seconds_since(key.created))),
                    "`fieldseal key rotate --all --promote`, or `fieldseal key destroy`",
                );
            }
        }
    }
}
