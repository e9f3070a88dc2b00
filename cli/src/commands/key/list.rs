//! `fieldseal key list`.

use super::{Context, Done};
use crate::error::Error;
use crate::output::{Report, table};
use crate::target::DamagedKey;
use crate::words;
use clap::ValueEnum;
use fieldseal::Scope;
use fieldseal::keys::{KeyRecord, KeyState};
use serde::Serialize;

/// Lists the data keys: scope, id, state, age, KEKs
///
/// Ordered by scope and age. It asks no KMS.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those of that tenant
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,

    /// Only the application's
    #[arg(long, conflicts_with = "scope")]
    application: bool,

    /// Only those in that state, or in one of those states
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    Staged,
    Primary,
    Active,
    Retired,
    Destroyed,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let scope = match &args.scope {
        Some(name) => Some(crate::commands::tenant::parse(name)?),
        None => args.application.then_some(Scope::APPLICATION),
    };
    let wanted = |record: &KeyRecord| {
        let state = |state: &State| state.to_possible_value().and_then(|name| KeyState::from_name(name.get_name()));
        scope.as_ref().is_none_or(|scope| record.scope == *scope)
            && (args.state.is_empty() || args.state.iter().any(|wanted| state(wanted) == Some(record.state)))
    };
    let stored = context.target.readable_records()?;
    let damaged = stored.damaged_keys();
    let (records, done) = context.warn_of_damage(stored);
    let keys = records.into_iter().filter(wanted).map(Key::of).collect();
    context.output.report(&Keys { keys, damaged })?;
    Ok(done)
}

#[derive(Serialize)]
struct Keys {
    keys: Vec<Key>,
    /// Records that can't be read.
    damaged: Vec<DamagedKey>,
}

#[derive(Serialize)]
struct Key {
    /// Null for the application.
    scope: Option<String>,
    #[serde(skip)]
    shown_scope: String,
    id: String,
    state: &'static str,
    created: String,
    age_seconds: u64,
    keks: Vec<String>,
}

impl Key {
    fn of(record: KeyRecord) -> Self {
        Self {
            scope: words::tenant(&record.scope),
            shown_scope: words::scope(&record.scope),
            id: record.id.to_string(),
            state: record.state.name(),
            created: words::timestamp(record.created),
            age_seconds: words::seconds_since(record.created),
            keks: record.wrapped.iter().map(|copy| copy.kek.to_string()).collect(),
        }
    }

    fn row(&self) -> Vec<String> {
        let keks: Vec<_> = self.keks.iter().map(|kek| words::plain(kek)).collect();
        let keks = if keks.is_empty() { "-".to_owned() } else { keks.join(", ") };
        vec![self.shown_scope.clone(), self.id.clone(), self.state.to_owned(), words::age(self.age_seconds), keks]
    }
}

impl Report for Keys {
    fn text(&self) -> String {
        if self.keys.is_empty() {
            return "no data keys\n".to_owned();
        }
        table(&["SCOPE", "ID", "STATE", "AGE", "KEKS"], self.keys.iter().map(Key::row))
    }
}
