//! Which keys have copies under which KEKs, and what a change of them came to.

use crate::commands::{Context, Done};
use crate::error::{Error, RESTORE, is_of_one_key};
use crate::target::{Kek, KekName, Target};
use fieldseal::KeyringError;
use fieldseal::keys::{KekUri, KeyRecord, KeyState};
use fieldseal::kms::Kms;
use fieldseal::store::StoreError;
use std::collections::{BTreeSet, HashMap};

/// The keys that must have copies: all but the destroyed ones.
pub(super) fn live(mut records: Vec<KeyRecord>) -> Vec<KeyRecord> {
    records.retain(|record| record.state != KeyState::Destroyed);
    records
}

/// Of a KEK that may not be there yet: the keys that have no copy under it.
pub(super) fn lacking<'a>(
    records: &'a [KeyRecord],
    uri: &str,
    create: bool,
    target: &Target,
) -> Result<Vec<&'a KeyRecord>, Error> {
    // A missing file is only made if `create` says so.
    if create && !exists(uri)? {
        return Ok(records.iter().collect());
    }
    let kek = target.open_or_create_kek(uri, false)?.uri();
    Ok(records.iter().filter(|record| !has_copy(record, &kek)).collect())
}

/// How many keys were changed. An error about one key comes after all the others were done: what
/// was changed is then read from the store.
pub(super) fn changed(
    done: Result<usize, KeyringError>,
    before: &[KeyRecord],
    context: &Context<'_>,
) -> Result<(usize, Done), Error> {
    match done {
        Err(error) if is_of_one_key(&error) => {
            let stored = context.target.readable_records()?;
            let is_told = matches!(&error, KeyringError::Store(StoreError::Malformed { error, .. }) if stored.damaged.contains(error));
            if !is_told {
                context.output.warn(format!("{error}; {RESTORE}"));
            }
            let after: HashMap<_, _> =
                stored.records.into_iter().map(|record| (record.id, record.wrapped)).collect();
            let differs =
                |record: &&KeyRecord| after.get(&record.id).is_some_and(|wrapped| *wrapped != record.wrapped);
            Ok((before.iter().filter(differs).count(), Done::SomethingLeft))
        }
        done => Ok((done?, Done::All)),
    }
}

/// How many of the keys have a copy that `kms` can unwrap.
pub(super) fn held(records: &[KeyRecord], kms: &dyn Kms) -> usize {
    records.iter().filter(|record| record.wrapped.iter().any(|copy| kms.holds(&copy.kek))).count()
}

/// The names of all KEKs in the key store.
pub(super) fn stored_keks(records: &[KeyRecord]) -> BTreeSet<&str> {
    records.iter().flat_map(|record| &record.wrapped).map(|copy| copy.kek.as_str()).collect()
}

/// Asks for a copy of a KEK file under which all keys are wrapped now.
pub(super) fn keep_a_copy(context: &Context<'_>, kek: &Kek) {
    if let Some((_, path)) = kek.as_local() {
        context.output.warn(format!(
            "keep a copy of {} in a safe place, away from the database's backups: an older copy doesn't open what is wrapped \
             from now on",
            path.display()
        ));
    }
}

/// Refuses if there are keys, and none has a copy under any of those: nothing can be done with
/// them.
pub(super) fn check_held(records: &[KeyRecord], keks: &[Kek]) -> Result<(), Error> {
    if records.is_empty() || keks.iter().any(|kek| held(records, &*kek.kms()) > 0) {
        return Ok(());
    }
    let given: Vec<_> = keks.iter().map(|kek| kek.uri().to_string()).collect();
    let stored: Vec<_> = stored_keks(records).into_iter().map(crate::words::plain).collect();
    Err(Error::refused("none of the data keys is under the KEK that was given")
        .why(format!("they are under {}, and given was {}", stored.join(", "), given.join(", ")))
        .hint("name the KEK that they are under by --kek, or put its file back"))
}

/// Whether the KEK is there, as far as that can be seen without a call to a KMS.
pub(super) fn exists(uri: &str) -> Result<bool, Error> {
    Ok(match KekName::parse(uri)? {
        KekName::Local(path) => path.symlink_metadata().is_ok(),
        KekName::Aws(_) => true,
    })
}

/// Whether any of the keys has a copy under that KEK.
pub(in crate::commands) fn has_copies(records: &[KeyRecord], kek: &KekUri) -> bool {
    records.iter().any(|record| has_copy(record, kek))
}

pub(super) fn has_copy(record: &KeyRecord, kek: &KekUri) -> bool {
    record.wrapped.iter().any(|copy| copy.kek == *kek)
}
