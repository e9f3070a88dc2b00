//! `fieldseal kek add`.

use super::copies::{self, check_held, keep_a_copy, lacking, live};
use super::estimate::Estimate;
use super::onto::Onto;
use super::{Context, Done};
use crate::error::Error;
use crate::output::Report;
use crate::target::opening;
use crate::words;
use serde::Serialize;

/// Gives every data key a copy under another KEK
///
/// The way to a second region, another account, or a break-glass file. New keys get such a copy
/// only from programs that have the KEK too (`KeyringBuilder::and_kms`); run this again for those
/// that others made.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The KEK: `local:PATH` or `aws-kms:KEY`
    uri: String,

    /// Makes the KEK file, if there is none
    #[arg(long)]
    create: bool,

    /// Shows how many data keys and KMS calls it would take, and about how long; changes nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let target = &context.target;
    let keks = target.keks()?;
    let (records, done) = context.warn_of_damage(target.readable_records()?);
    let records = live(records);
    check_held(&records, &keks)?;
    if args.dry_run {
        let lacking = lacking(&records, &args.uri, args.create, target)?;
        // A copy is unwrapped, wrapped, and unwrapped again to see that it's good.
        let calls = opening(&records) + 3 * lacking.len();
        context.output.report(&Estimate::new(lacking, &keks, calls)?)?;
        return Ok(done);
    }
    let new = target.open_or_create_kek(&args.uri, args.create)?;
    let keyring = target.keyring_of(Onto::new(&new, &keks))?;
    let words = format!("copying {}", words::count(records.len(), "data key"));
    let changed = context.output.during(words, || keyring.admin().add_copies());
    if changed.is_err() {
        keep_a_copy(context, &new);
    }
    let (changed, all) = copies::changed(changed, &records, context)?;
    context.output.report(&Added {
        kek: new.uri().to_string(),
        data_keys: records.len(),
        copied: changed,
        kms_calls: keyring.stats().kms_calls,
    })?;
    if changed > 0 && all == Done::All {
        keep_a_copy(context, &new);
    }
    Ok(done.and(all))
}

#[derive(Serialize)]
struct Added {
    kek: String,
    data_keys: usize,
    copied: usize,
    kms_calls: u64,
}

impl Report for Added {
    fn text(&self) -> String {
        format!(
            "{} of {} were given a copy under {} ({})\n",
            self.copied,
            words::count(self.data_keys, "data key"),
            self.kek,
            words::kms_calls(self.kms_calls)
        )
    }
}
