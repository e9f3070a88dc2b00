//! Whether the KEKs can be used, and whether every key has a copy under one of them that gives the
//! key.

use super::findings::Findings;
use crate::error::{Error, Kind};
use crate::target::{Kek, Target};
use crate::words;
use fieldseal::Keyring;
use fieldseal::keyring::Need;
use fieldseal::keys::KeyRecord;

/// Whether a keyring can be opened. At most `most` keys are unwrapped.
pub(super) fn check(
    target: &Target,
    records: &[KeyRecord],
    most: usize,
    findings: &mut Findings,
) -> Result<bool, Error> {
    let (keks, all_open) = open_keks(target, findings)?;
    let live: Vec<_> = records.iter().filter(|record| record.state.opens()).collect();
    // A key whose only copy is under a KEK that can't be opened isn't without a copy.
    let all_held = !all_open || check_copies(&live, &keks, findings);
    if live.is_empty() {
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
    let all_usable = check_rights(&keks, findings);
    let works = all_open && all_held && all_usable;
    if !works || most == 0 {
        return Ok(works);
    }
    match target.keyring_with(&keks, |builder| builder) {
        Ok(keyring) => unwrap(&keyring, live.into_iter().take(most), findings).map(|()| true),
        Err(error) if error.kind() == Kind::TryAgain => Err(error),
        // Not one key can be loaded.
        Err(error) => {
            findings.error("the key store", error.summary(), error.advice());
            Ok(false)
        }
    }
}

/// The KEKs that can be opened, and whether all can.
fn open_keks(target: &Target, findings: &mut Findings) -> Result<(Vec<Kek>, bool), Error> {
    let (mut keks, mut all) = (Vec::new(), true);
    for name in target.kek_names()? {
        match target.open_kek(&name) {
            Ok(kek) => keks.push(kek),
            Err(error) => {
                all = false;
                findings.error(name.to_string(), error.summary(), error.advice());
            }
        }
    }
    Ok((keks, all))
}

/// Whether each key has a copy under one of the KEKs.
fn check_copies(live: &[&KeyRecord], keks: &[Kek], findings: &mut Findings) -> bool {
    let mut all = true;
    for record in live {
        let has = |kek: &Kek| record.wrapped.iter().any(|copy| kek.kms().holds(&copy.kek));
        if !keks.iter().any(has) {
            all = false;
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
    all
}

/// Whether each KMS wraps and unwraps a key that is thrown away afterwards.
fn check_rights(keks: &[Kek], findings: &mut Findings) -> bool {
    let mut all = true;
    for kek in keks {
        if let Err(error) = fieldseal::kms::check_rights(&*kek.kms()) {
            all = false;
            let error = Error::from(error);
            findings.error(words::plain(&kek.to_string()), error.summary(), error.advice());
        }
    }
    all
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
