//! Whether the KEKs can be used, and whether every key has a copy under one of them.

use super::Findings;
use crate::error::Error;
use crate::target::Target;
use crate::words;
use fieldseal::KeyRecord;

/// Whether a keyring can be opened.
pub(super) fn check(target: &Target, records: &[KeyRecord], findings: &mut Findings) -> Result<bool, Error> {
    let mut keks = Vec::new();
    for name in target.kek_names()? {
        match target.open_kek(&name) {
            Ok(kek) => keks.push(kek),
            Err(error) => findings.error(name.to_string(), error.summary(), error.advice()),
        }
    }
    let live = records.iter().filter(|record| record.state.opens());
    let mut works = true;
    for record in live.clone() {
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
    if live.count() == 0 {
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
    Ok(works)
}
