//! Keys, and the values under them.

use super::{Findings, name};
use crate::survey::Surveyed;
use crate::words;
use fieldseal::{KeyId, KeyRecord, KeyState, Suite};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Half of what a key may seal under AES-256-GCM.
const GCM_WATCH: u64 = 1 << 31;

/// A staged key is promoted within minutes, or was forgotten.
const STAGED_TOO_LONG: u64 = 7 * 86_400;

pub(super) fn check(records: &[KeyRecord], surveyed: &[Surveyed], findings: &mut Findings) {
    let states: HashMap<KeyId, KeyState> = records.iter().map(|record| (record.id, record.state)).collect();
    for column in surveyed {
        if column.column.is_some() {
            of_declared(column, &states, findings);
        } else {
            of_undeclared(column, &states, findings);
        }
    }
    scopes(records, findings);
}

fn of_declared(column: &Surveyed, states: &HashMap<KeyId, KeyState>, findings: &mut Findings) {
    let Some(declared) = column.column else { return };
    let mut sum: BTreeMap<&str, (u64, BTreeSet<String>)> = BTreeMap::new();
    for (id, values) in &column.survey.by_key {
        let sort = match states.get(id) {
            None => "unknown",
            Some(KeyState::Retired) => "retired",
            Some(KeyState::Destroyed) => "destroyed",
            Some(_) => "",
        };
        let (count, ids) = sum.entry(sort).or_default();
        *count += values;
        ids.insert(id.to_string());
        if declared.suite() == Suite::Aes256Gcm && *values >= GCM_WATCH {
            findings.warning(
                name(column),
                format!("{values} values are under key {id}; AES-256-GCM is safe for 4,294,967,296 that were ever sealed, rewritten ones included"),
                "rotate the scope's key now, re-encrypt, and think of the suite xaes-256-gcm, which has no such limit",
            );
        }
    }
    let of = |sort: &str| {
        sum.get(sort).map(|(count, ids)| (*count, ids.iter().take(5).cloned().collect::<Vec<_>>().join(", ")))
    };
    if let Some((count, ids)) = of("unknown") {
        let what = format!("{} under keys that the key store doesn't have ({ids})", words::values(count));
        if declared.is_migrating() {
            findings.note(
                name(column),
                what,
                "they may be plaintext that looks sealed: `fieldseal encrypt` seals it",
            );
        } else {
            findings.error(name(column), what, "the key store was lost in part, or is another one: restore it; or the values are damaged: `fieldseal verify` lists their rows");
        }
    }
    if let Some((count, ids)) = of("retired") {
        findings.error(
            name(column),
            format!("{} under retired keys ({ids}), which programs refuse", words::values(count)),
            format!("`fieldseal key reactivate {}`, then `fieldseal reencrypt`", ids.replace(", ", " ")),
        );
    }
    if let Some((count, ids)) = of("destroyed") {
        findings.note(
            name(column),
            format!("{} under destroyed keys ({ids}): they can't be read again", words::values(count)),
            "delete the rows if they belong to a tenant that was forgotten",
        );
    }
    let plaintext = column.survey.not_sealed;
    if plaintext > 0 && declared.is_migrating() {
        findings.note(
            name(column),
            format!("{} not sealed yet; the column is migrating", words::values(plaintext)),
            "`fieldseal encrypt`, then take `migrating` off the model",
        );
    } else if plaintext > 0 {
        findings.error(
            name(column),
            format!("{} not sealed: plaintext, or damaged", words::values(plaintext)),
            "`fieldseal verify` lists the rows: restore them from a backup; keep plaintext out by `fieldseal guards apply`",
        );
    } else if declared.is_migrating() && column.survey.rows > 0 {
        findings.warning(name(column), "nothing in it is plaintext, and the column still is migrating: whoever writes the database can put plaintext into it", "take `migrating` off the model");
    }
    if declared.hides_null() && column.survey.null > 0 && !declared.is_migrating() {
        findings.error(
            name(column),
            format!(
                "{} NULL, in a column that hides NULL: somebody overwrote them",
                words::values(column.survey.null)
            ),
            "restore them from a backup",
        );
    }
}

fn of_undeclared(column: &Surveyed, states: &HashMap<KeyId, KeyState>, findings: &mut Findings) {
    let known = column.survey.by_key.iter().filter(|(id, _)| states.contains_key(id));
    let values: u64 = known.map(|(_, values)| values).sum();
    if values > 0 {
        findings.warning(
            name(column),
            format!("{} look sealed under keys of this key store, and the lock file doesn't have the column", words::values(values)),
            "if it's a model's, let the program's test add it to the lock file; if it's a copy, drop it: no rotation reaches it",
        );
    }
}

fn scopes(records: &[KeyRecord], findings: &mut Findings) {
    let mut scopes: BTreeMap<_, Vec<&KeyRecord>> = BTreeMap::new();
    for record in records {
        scopes.entry(&record.scope).or_default().push(record);
    }
    for (scope, keys) in scopes {
        let opens = keys.iter().any(|key| key.state.opens());
        let primary = keys.iter().any(|key| key.state == KeyState::Primary);
        if opens && !primary {
            findings.error(
                words::scope(scope),
                "it has keys, and none of them is primary: nothing can be written for it",
                "`fieldseal key rotate --all --promote`, or call `Keyring::ensure_scope`",
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
