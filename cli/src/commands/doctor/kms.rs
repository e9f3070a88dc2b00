//! Whether the KEKs can be used, and whether every key has a copy under one of them that gives the
//! key.

use super::findings::Findings;
use crate::error::{Error, Kind};
use crate::target::Target;
use crate::words;
use fieldseal::Keyring;
use fieldseal::keyring::Need;
use fieldseal::keys::KeyRecord;

/// Whether a keyring can be opened. So many keys are unwrapped at most.
pub(super) fn check(
    target: &Target,
    records: &[KeyRecord],
    most: usize,
    findings: &mut Findings,
) -> Result<bool, Error> {
    let mut keks = Vec::new();
    let mut works = true;
    for name in target.kek_names()? {
        match target.open_kek(&name) {
            Ok(kek) => keks.push(kek),
            Err(error) => {
                works = false;
                findings.error(name.to_string(), error.summary(), error.advice());
            }
        }
    }
    let live = records.iter().filter(|record| record.state.opens());
    // Those under one that can't be opened aren't without a copy.
    let all_open = works;
    for record in live.clone().filter(|_| all_open) {
        let has = |kek: &crate::target::Kek| record.wrapped.iter().any(|copy| kek.kms().holds(&copy.kek));
        if !keks.iter().any(has) {
            works = false;
            findings.error(
                format!("key {}", record.id),
                "it has no copy under any of the KEKs that were named",
                "name the KEK that it's under with --kek: `fieldseal kek list` shows it",
            );
        } else if keks.len() > 1 && !keks.iter().all(has) {
            findings.warning(
                format!("key {}", record.id),
                "it has no copy under one of the KEKs",
                "`fieldseal kek add URI` gives every key a copy",
            );
        }
    }
    if live.clone().count() == 0 {
        findings.note(
            "the key store",
            "it has no key that opens values",
            "`fieldseal init` makes the application's",
        );
        return Ok(false);
    }
    if keks.is_empty() {
        return Ok(false);
    }
    for kek in &keks {
        // A key that is thrown away: both rights, and what comes back.
        if let Err(error) = fieldseal::kms::check_rights(&*kek.kms()) {
            works = false;
            let error = Error::from(error);
            findings.error(words::plain(&kek.to_string()), error.summary(), error.advice());
        }
    }
    if works && most > 0 {
        match target.keyring_with(&keks, |builder| builder) {
            Ok(keyring) => unwrap(&keyring, live.take(most), findings)?,
            Err(error) if error.kind() == Kind::TryAgain => return Err(error),
            // Not one key can be loaded.
            Err(error) => {
                works = false;
                findings.error("the key store", error.summary(), error.advice());
            }
        }
    }
    Ok(works)
}

/// Whether the KMS gives the keys that the records are committed to.
fn unwrap<'a>(
    keyring: &Keyring,
    live: impl Iterator<Item = &'a KeyRecord>,
    findings: &mut Findings,
) -> Result<(), Error> {
    for record in live {
        match keyring.prefetch_blocking([Need::Open(record.id)]) {
            Ok(()) => {}
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => {
                let error = Error::from(error);
                findings.error(format!("key {}", record.id), error.summary(), error.advice());
            }
        }
    }
    Ok(())
}
