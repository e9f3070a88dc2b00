//! `fieldseal key reactivate`.

use super::{Context, Done};
use crate::error::Error;
use crate::output::Report;
use crate::words;
use fieldseal::KeyId;
use serde::Serialize;

/// Lets a retired key open values again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The keys, by their ids
    #[arg(value_name = "ID", value_parser = words::key_id, required = true)]
    ids: Vec<KeyId>,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let keyring = context.target.keyring()?;
    for id in &args.ids {
        keyring.reactivate(*id)?;
    }
    context.output.report(&Reactivated { keys: args.ids.iter().map(KeyId::to_string).collect() })?;
    Ok(Done::All)
}

#[derive(Serialize)]
struct Reactivated {
    keys: Vec<String>,
}

impl Report for Reactivated {
    fn text(&self) -> String {
        format!("active again: {}\n", self.keys.join(", "))
    }
}
