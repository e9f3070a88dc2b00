//! `fieldseal kek rotate`.

use super::copies::{changed, check_held, exists, has_copies, held, keep_a_copy, lacking, live};
use super::estimate::Estimate;
use super::onto::Onto;
use super::{Context, Done};
use crate::error::Error;
use crate::output::Report;
use crate::target::{Kek, opening};
use crate::words;
use fieldseal::keys::KeyRecord;
use serde::Serialize;

/// Rotates the KEK: rewraps data keys, whatever the number of rows
///
/// Without --to, the first --kek stays and gets new key material: a KEK file gets a
/// new version, AWS KMS is asked to wrap again under the newest it has. With --to, every data key
/// gets a copy under the new KEK, and then the copies under the old one are removed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Moves every data key to that KEK: `local:PATH` or `aws-kms:KEY`
    #[arg(long, value_name = "URI")]
    to: Option<String>,

    /// With --to: makes the KEK file, if there is none
    #[arg(long, requires = "to")]
    create: bool,

    /// With --to: leaves the copies under the old KEK, until `fieldseal kek remove`. For running
    /// programs that must get the new KEK first
    #[arg(long, requires = "to")]
    keep_old: bool,

    /// Adds no version to a KEK file, and only finishes what an interrupted run left under older
    /// ones
    #[arg(long, conflicts_with = "to")]
    rewrap_only: bool,

    /// Shows how many data keys and KMS calls it would take, and about how long; changes nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let keks = context.target.keks()?;
    let (records, done) = context.warn_of_damage(context.target.readable_records()?);
    let records = live(records);
    match &args.to {
        Some(to) => move_to(to, args, &records, keks, context),
        None => rewrap(args, &records, &keks, context),
    }
    .map(|moved| moved.and(done))
}

/// Rewraps under a newer version of the same KEK.
fn rewrap(args: &Args, records: &[KeyRecord], keks: &[Kek], context: &Context<'_>) -> Result<Done, Error> {
    let Some(main) = keks.first() else { return Ok(Done::All) };
    check_held(records, keks)?;
    if args.dry_run {
        let copies = |kek: &Kek| held(records, &*kek.kms());
        let calls = opening(records) + 2 * keks.iter().map(copies).sum::<usize>();
        context.output.report(&Estimate::new(records, keks, calls)?)?;
        return Ok(Done::All);
    }
    let keyring = context.target.keyring_with(keks, |builder| builder)?;
    let mut version = None;
    if let (Some((local, path)), false) = (main.as_local(), args.rewrap_only) {
        let new = local.rotate()?;
        context.output.say(format!("{} has a new version, {new}", path.display()));
        keep_a_copy(context, main);
        version = Some(new);
    }
    let words = format!("rewrapping {}", words::count(records.len(), "data key"));
    let rewrapped = context.output.during(words, || keyring.admin().rewrap());
    let (rewrapped, done) = changed(rewrapped, records, context).map_err(|error| {
        error.hint("what was rewrapped stays so: finish with `fieldseal kek rotate --rewrap-only`")
    })?;
    let mut report = KekRotated::new(main, records, rewrapped, keyring.stats().kms_calls);
    report.version = version;
    report.left = left(&live(context.target.readable_records()?.records), keks);
    finish(&report, context).map(|finished| finished.and(done))
}

/// Moves all keys to another KEK: gives them copies under it, and only then removes those under the
/// old one.
fn move_to(
    to: &str,
    args: &Args,
    records: &[KeyRecord],
    mut keks: Vec<Kek>,
    context: &Context<'_>,
) -> Result<Done, Error> {
    let Some(old) = keks.first().cloned() else { return Ok(Done::All) };
    if args.dry_run {
        return estimate_move(to, args, records, &keks, context);
    }
    if !exists(to)? {
        check_held(records, &keks)?;
    }
    let new = context.target.open_or_create_kek(to, args.create)?;
    if new.uri() == old.uri() {
        return Err(Error::usage("--to names the KEK that the keys are under already")
            .hint("without --to its key material is renewed"));
    }
    keks.retain(|kek| kek.uri() != new.uri());
    keks.push(new.clone());
    // An earlier run may have moved all of them already.
    check_held(records, &keks)?;
    let mut report = copy_to(&new, records, &keks, context)?;
    if !args.keep_old && has_copies(records, &old.uri()) {
        remove_old(&old, &keks, &mut report, context)?;
        context.output.warn(format!("programs that have only {old} can't load keys any more: give them {new}"));
    } else if has_copies(records, &old.uri()) {
        context.output.say(format!("once every program has {new}: `fieldseal kek remove {}`", old.uri()));
    }
    report.left = left(&live(context.target.records()?), &[new]);
    finish(&report, context)
}

fn estimate_move(
    to: &str,
    args: &Args,
    records: &[KeyRecord],
    keks: &[Kek],
    context: &Context<'_>,
) -> Result<Done, Error> {
    check_held(records, keks)?;
    // A copy is unwrapped, wrapped, and unwrapped again to see that it's good; then once more
    // before the old one goes.
    let copied = opening(records) + 3 * lacking(records, to, args.create, &context.target)?.len();
    let calls = if args.keep_old { copied } else { copied + opening(records) + records.len() };
    context.output.report(&Estimate::new(records, keks, calls)?)?;
    Ok(Done::All)
}

const GO_ON: &str = "what has a copy under the new KEK keeps it: run the command again to finish";

/// Gives every key a copy under the new KEK.
fn copy_to(new: &Kek, records: &[KeyRecord], keks: &[Kek], context: &Context<'_>) -> Result<KekRotated, Error> {
    let keyring = context.target.keyring_of(Onto::new(new, keks))?;
    let words = format!("copying {}", words::count(records.len(), "data key"));
    let copied = context.output.during(words, || keyring.admin().add_copies());
    // After a failure too: some may have been copied.
    if copied.as_ref().map_or(true, |copied| *copied > 0) {
        keep_a_copy(context, new);
    }
    let copied = copied.map_err(|error| Error::from(error).hint(GO_ON))?;
    Ok(KekRotated::new(new, records, copied, keyring.stats().kms_calls))
}

/// Removes the copies under the old KEK.
fn remove_old(old: &Kek, keks: &[Kek], report: &mut KekRotated, context: &Context<'_>) -> Result<(), Error> {
    // A record that can't be read is an error here: it isn't known which KEK it needs.
    context.target.records().map_err(|error| error.hint(GO_ON))?;
    // A keyring without the old KEK: what is left must open by what is left.
    let others: Vec<_> = keks.iter().filter(|kek| kek.uri() != old.uri()).cloned().collect();
    let keyring = context.target.keyring_with(&others, |builder| builder)?;
    let words = format!("removing copies of {}", words::count(report.data_keys, "data key"));
    let removed = context.output.during(words, || keyring.admin().remove_copies(&old.uri()));
    report.removed = Some(removed.map_err(|error| Error::from(error).hint(GO_ON))?);
    report.kms_calls += keyring.stats().kms_calls;
    Ok(())
}

/// The keys that have no copy under any of the KEKs: this command could do nothing for them.
fn left(records: &[KeyRecord], keks: &[Kek]) -> usize {
    let is_held =
        |record: &KeyRecord| record.wrapped.iter().any(|copy| keks.iter().any(|kek| kek.kms().holds(&copy.kek)));
    records.iter().filter(|record| !is_held(record)).count()
}

fn finish(report: &KekRotated, context: &Context<'_>) -> Result<Done, Error> {
    context.output.report(report)?;
    Ok(if report.left == 0 { Done::All } else { Done::SomethingLeft })
}

#[derive(Serialize)]
struct KekRotated {
    kek: String,
    /// The KEK file's new version.
    version: Option<u32>,
    data_keys: usize,
    rewrapped: usize,
    /// How many keys had a copy under the old KEK, and have none now.
    removed: Option<usize>,
    /// How many keys aren't under this KEK.
    left: usize,
    kms_calls: u64,
}

impl KekRotated {
    fn new(kek: &Kek, records: &[KeyRecord], rewrapped: usize, kms_calls: u64) -> Self {
        let (kek, data_keys) = (kek.uri().to_string(), records.len());
        Self { kek, version: None, data_keys, rewrapped, removed: None, left: 0, kms_calls }
    }
}

impl Report for KekRotated {
    fn text(&self) -> String {
        let keys = words::count(self.data_keys, "data key");
        let mut text = format!("{} of {keys} rewrapped under {}", self.rewrapped, self.kek);
        if let Some(version) = self.version {
            text += &format!(", version {version}");
        }
        text += &format!(" ({})\n", words::kms_calls(self.kms_calls));
        if let Some(removed) = self.removed {
            text += &format!("{} have no copy under the old KEK any more\n", words::count(removed, "data key"));
        }
        if self.left > 0 {
            text += &format!("{} are under other KEKs than were given: `fieldseal kek list`\n", self.left);
        }
        text
    }
}
