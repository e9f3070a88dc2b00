//! `fieldseal key reactivate`.

use super::{Context, Done};
use crate::error::Error;
use crate::output::Report;
use crate::words;
use fieldseal::KeyringError;
use fieldseal::keys::{KeyId, KeyState};
use serde::Serialize;

/// Lets a retired key open values again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The keys, by their ids
    #[arg(value_name = "ID", value_parser = words::key_id, required = true)]
    ids: Vec<KeyId>,

    /// Says which keys would open again, and changes nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let store = context.target.key_store()?;
    // All of them, before the first is changed.
    for id in &args.ids {
        let record = store.get(*id)?.ok_or(KeyringError::NoSuchKey(*id))?;
        if record.state != KeyState::Retired {
            let error = record.state.cannot_become(KeyState::Active);
            return Err(KeyringError::Transition { id: *id, error }.into());
        }
    }
    if !args.dry_run {
        let keyring = context.target.keyring()?;
        for id in &args.ids {
            keyring.admin().reactivate(*id)?;
        }
    }
    let keys = args.ids.iter().map(KeyId::to_string).collect();
    context.output.report(&Reactivated { keys, dry_run: args.dry_run })?;
    Ok(Done::All)
}

#[derive(Serialize)]
struct Reactivated {
    keys: Vec<String>,
    dry_run: bool,
}

impl Report for Reactivated {
    fn text(&self) -> String {
        let keys = self.keys.join(", ");
        if self.dry_run {
            format!("would be active again: {keys}; nothing was changed\n")
        } else {
            format!("active again: {keys}\n")
        }
    }
}
