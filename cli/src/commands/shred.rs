//! `fieldseal shred`: forgets a tenant.

use super::readable::Readable;
use super::{Context, Done, readable};
use crate::confirm::Deed;
use crate::error::Error;
use crate::output::Report;
use crate::words;
use fieldseal::keys::{KeyId, KeyState};
use serde::Serialize;

/// Forgets a tenant: destroys every key of its scope, whatever state they are in
///
/// Nothing that was sealed for the tenant can be read again. Tombstones remain. Stop writing for
/// the tenant first: programs make a new key for a tenant that they still know. Backups of the key
/// store hold copies until they expire.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The tenant
    #[arg(long, value_name = "NAME")]
    scope: String,

    /// Confirms it in a script: the tenant's name again
    #[arg(long, value_name = "NAME")]
    yes_shred: Option<String>,

    /// Says what would be destroyed, and destroys nothing
    #[arg(long)]
    dry_run: bool,

    /// Skips counting the values that would be lost; counting reads every column that could hold
    /// some
    #[arg(long)]
    no_count: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let target = &context.target;
    if args.scope.is_empty() {
        return Err(Error::refused("the application's keys can't be shredded")
            .why("an empty name is the application's own scope, which is no tenant's"));
    }
    let scope = super::tenant::parse(&args.scope)?;
    let records = target.key_store()?.load_scope(&scope)?;
    let live: Vec<KeyId> = records
        .iter()
        .filter(|record| record.scope == scope && record.state != KeyState::Destroyed)
        .map(|record| record.id)
        .collect();
    if records.is_empty() {
        if let Some(error) = target.readable_records()?.of_unknown_scope() {
            return Err(error);
        }
        return Err(Error::failed(format!("{scope} has no data key"))
            .why("nothing is sealed for a tenant without a key, so the name may be mistyped")
            .hint("`fieldseal key list` shows every tenant; names are compared letter by letter"));
    }
    let mut report = Shredded { scope: args.scope.clone(), keys: Vec::new(), lost: None, dry_run: args.dry_run };
    if !live.is_empty() {
        report.lost = if args.no_count { None } else { readable::readable(context, &live) };
        let keys = words::count(live.len(), "data key");
        context.output.say(format!("{scope} has {keys}; {}", readable::lost(report.lost.as_ref())));
    }
    if args.dry_run {
        report.keys = live.iter().map(KeyId::to_string).collect();
    } else if !live.is_empty() {
        let what = format!("shred {scope} for good");
        Deed { what, word: &args.scope, option: "--yes-shred", given: args.yes_shred.as_deref() }.confirm()?;
        report.keys = target.keyring()?.admin().shred(&scope)?.iter().map(KeyId::to_string).collect();
        if !target.is_erased() {
            context.output.warn(
                "the database is in use: until its next checkpoint the erased copies are in its file or its WAL",
            );
        }
    }
    context.output.report(&report)?;
    let stored = target.readable_records()?;
    Ok(match stored.of_unknown_scope() {
        Some(_) => {
            context.output.warn(format!(
                "the scope of one of these can't be read: it may be a key of {scope}, and wasn't destroyed"
            ));
            context.warn_of_damage(stored).1
        }
        None => Done::All,
    })
}

#[derive(Serialize)]
struct Shredded {
    scope: String,
    keys: Vec<String>,
    /// The stored values under them; null where they can't be counted.
    lost: Option<Readable>,
    dry_run: bool,
}

impl Report for Shredded {
    fn text(&self) -> String {
        let (scope, lines) = (words::plain(&self.scope), readable::lines(self.lost.as_ref()));
        match (self.keys.as_slice(), self.dry_run) {
            ([], _) => format!("tenant {scope} is forgotten already: its keys are destroyed\n"),
            (keys, true) => format!("would be destroyed: {}; nothing was changed\n{lines}", keys.join(", ")),
            (keys, false) => format!("tenant {scope} is forgotten: {} destroyed\n{lines}", keys.join(", ")),
        }
    }
}
