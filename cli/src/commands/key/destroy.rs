//! `fieldseal key destroy`.

use super::{Context, Done, readable};
use crate::commands::readable::Readable;
use crate::confirm::Deed;
use crate::error::Error;
use crate::output::Report;
use crate::words;
use fieldseal::KeyringError;
use fieldseal::keys::{KeyId, KeyState};
use serde::Serialize;

/// Erases every wrapped copy of a retired or staged key: what is sealed under it can't be read
/// again
///
/// A tombstone remains. Backups of the key store may still hold copies.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key's id, eight hex digits
    #[arg(value_parser = words::key_id)]
    id: KeyId,

    /// Confirms it in a script: the same id again
    #[arg(long, value_name = "ID", value_parser = words::key_id)]
    yes_destroy: Option<KeyId>,

    /// Says what would be erased, and erases nothing
    #[arg(long)]
    dry_run: bool,

    /// Skips counting the values that would be lost; counting reads every column that could hold
    /// some
    #[arg(long)]
    no_count: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let (target, id) = (&context.target, args.id);
    let record = target.key_store()?.get(id)?.ok_or(KeyringError::NoSuchKey(id))?;
    if !matches!(record.state, KeyState::Retired | KeyState::Staged) {
        let error = record.state.cannot_become(KeyState::Destroyed);
        return Err(KeyringError::Transition { id, error }.into());
    }
    let lost = if args.no_count { None } else { readable::readable(context, &[id]) };
    context.output.say(format!(
        "data key {id} of {} is {}, {} old, with {}; {}",
        record.scope,
        record.state,
        words::age(words::seconds_since(record.created)),
        words::count_of(record.wrapped.len(), "wrapped copy", "wrapped copies"),
        readable::lost(lost.as_ref()),
    ));
    let mut report = Destroyed {
        id: id.to_string(),
        scope: words::tenant(&record.scope),
        copies: record.wrapped.len(),
        lost,
        destroyed: false,
    };
    if !args.dry_run {
        let (word, given) = (id.to_string(), args.yes_destroy.map(|id| id.to_string()));
        let what = format!("destroy data key {id}");
        Deed { what, word: &word, option: "--yes-destroy", given: given.as_deref() }.confirm()?;
        target.keyring()?.admin().destroy(id)?;
        if !target.is_erased() {
            context.output.warn(
                "the database is in use: until its next checkpoint the erased copies are in its file or its WAL",
            );
        }
        report.destroyed = true;
    }
    context.output.report(&report)?;
    Ok(Done::All)
}

#[derive(Serialize)]
struct Destroyed {
    id: String,
    scope: Option<String>,
    /// How many wrapped copies it had.
    copies: usize,
    /// The stored values under it; null where they can't be counted.
    lost: Option<Readable>,
    destroyed: bool,
}

impl Report for Destroyed {
    fn text(&self) -> String {
        if self.destroyed {
            format!("data key {} is destroyed\n{}", self.id, readable::lines(self.lost.as_ref()))
        } else {
            let lines = readable::lines(self.lost.as_ref());
            format!("data key {} would be destroyed; nothing was changed\n{lines}", self.id)
        }
    }
}
