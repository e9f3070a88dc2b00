//! `fieldseal kek remove`.

use super::copies::{has_copies, has_copy, live, stored_keks};
use super::estimate::Estimate;
use super::{Context, Done};
use crate::error::Error;
use crate::output::Report;
use crate::target::{Kek, KekName, Target, opening};
use crate::words;
use fieldseal::keys::{KekUri, KeyRecord};
use serde::Serialize;

/// Takes the copies under a KEK away from every data key
///
/// The last copy of a key is never taken away: then nothing is removed at all. Of each key, another
/// copy is unwrapped first, by one of the KEKs that were given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The KEK, as `fieldseal kek list` shows it, or `local:PATH` for a KEK file that is still
    /// there
    uri: String,

    /// Shows how many data keys and KMS calls it would take, and about how long; changes nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let target = &context.target;
    let records = live(target.records()?);
    let kek = find(target, &records, &args.uri)?;
    check_others(&records, &kek)?;
    let keks: Vec<Kek> = target.keks()?.into_iter().filter(|given| given.uri() != kek).collect();
    if keks.is_empty() {
        return Err(Error::usage("no KEK would be left")
            .why(
                "the one that is to be removed is the only one that was given, and another copy is unwrapped first",
            )
            .hint("name the KEK that stays by --kek"));
    }
    if args.dry_run {
        let holding: Vec<_> = records.iter().filter(|record| has_copy(record, &kek)).collect();
        let calls = opening(&records) + holding.len();
        context.output.report(&Estimate::new(holding, &keks, calls)?)?;
        return Ok(Done::All);
    }
    let keyring = target.keyring_with(&keks, |builder| builder)?;
    let words = format!("removing copies of {}", words::count(records.len(), "data key"));
    let removed = context.output.during(words, || keyring.admin().remove_copies(&kek))?;
    let kms_calls = keyring.stats().kms_calls;
    context.output.report(&Removed { kek: kek.to_string(), removed, kms_calls })?;
    context.output.say("running programs that have only this KEK can't load keys any more");
    Ok(Done::All)
}

/// The KEK of that name in the key store, or of the KEK file at that path.
fn find(target: &Target, records: &[KeyRecord], uri: &str) -> Result<KekUri, Error> {
    let stored = KekUri::new(uri);
    if has_copies(records, &stored) {
        return Ok(stored);
    }
    let kek = match KekName::parse(uri)? {
        name @ KekName::Local(_) => target.open_kek(&name).map_err(|error| {
            error.hint("if the file is gone for good, name its KEK as `fieldseal kek list` shows it: local:ID")
        })?,
        name @ KekName::Aws(_) => target.open_kek(&name)?,
    };
    if has_copies(records, &kek.uri()) {
        return Ok(kek.uri());
    }
    let known: Vec<_> = stored_keks(records).into_iter().map(words::plain).collect();
    Err(Error::failed(format!("no data key has a copy under {}", kek.uri()))
        .why(format!("the KEKs in the key store are: {}", known.join(", "))))
}

/// Checked before anything is changed.
fn check_others(records: &[KeyRecord], kek: &KekUri) -> Result<(), Error> {
    let alone =
        |record: &&KeyRecord| record.wrapped.iter().all(|copy| copy.kek == *kek) && !record.wrapped.is_empty();
    match records.iter().filter(alone).count() {
        0 => Ok(()),
        alone => Err(Error::refused(format!("{} would lose the last copy", words::count(alone, "data key")))
            .why(format!("they have none under another KEK than {kek}; nothing was removed"))
            .hint("give every key another copy first: `fieldseal kek add URI`")),
    }
}

#[derive(Serialize)]
struct Removed {
    kek: String,
    removed: usize,
    kms_calls: u64,
}

impl Report for Removed {
    fn text(&self) -> String {
        format!(
            "{} had a copy under {}, and have it no more ({})\n",
            words::count(self.removed, "data key"),
            self.kek,
            words::kms_calls(self.kms_calls)
        )
    }
}
