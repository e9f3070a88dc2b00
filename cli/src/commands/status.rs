//! `fieldseal status`: keys, KEKs, rows by key and column, and what is due.

use super::{Context, Done};
use crate::error::Error;
use crate::output::{Report, table};
use crate::survey::{self, Surveyed};
use crate::target::DamagedKey;
use crate::words;
use fieldseal::keys::{KeyId, KeyRecord, KeyState};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Shows keys and KEKs, how many values are under each key in each column, and what is due
///
/// The database counts, in one pass over each column. It asks no KMS and opens nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Keys that are primary for longer than that are due for rotation
    #[arg(long, value_name = "AGE", default_value = "1year", value_parser = humantime::parse_duration)]
    rotate_after: Duration,

    /// Lists every key, and not only the first twenty
    #[arg(long)]
    all: bool,
}

/// How many keys are listed without `--all`.
const LISTED: usize = 20;

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let target = &context.target;
    let stored = target.readable_records()?;
    let (states, damaged) = (stored.states(), stored.damaged_keys());
    let (records, done) = context.warn_of_damage(stored);
    let client = &mut *target.sql()?.connect()?;
    let surveyed = survey::declared(target, client)?;
    let values = survey::by_key(&surveyed);
    let columns: Vec<_> = surveyed.iter().map(|column| ColumnStatus::of(column, &states)).collect();
    let keys: Vec<_> = records.iter().map(|record| Key::of(record, &values)).collect();
    let due = due(args, &records, &values, &columns);
    let mut keks = BTreeMap::new();
    for copy in records.iter().flat_map(|record| &record.wrapped) {
        *keks.entry(copy.kek.to_string()).or_default() += 1;
    }
    let listed = if args.all { usize::MAX } else { LISTED };
    context.output.report(&Status { keys, damaged, keks, columns, due, listed })?;
    Ok(done)
}

#[derive(Serialize)]
struct Status {
    keys: Vec<Key>,
    /// Records that can't be read.
    damaged: Vec<DamagedKey>,
    /// How many data keys have a copy under each KEK.
    keks: BTreeMap<String, u64>,
    columns: Vec<ColumnStatus>,
    due: Vec<String>,
    #[serde(skip)]
    listed: usize,
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
    values: u64,
}

impl Key {
    fn of(record: &KeyRecord, values: &BTreeMap<KeyId, u64>) -> Self {
        Self {
            scope: words::tenant(&record.scope),
            shown_scope: words::scope(&record.scope),
            id: record.id.to_string(),
            state: record.state.name(),
            created: words::timestamp(record.created),
            age_seconds: words::seconds_since(record.created),
            values: values.get(&record.id).copied().unwrap_or(0),
        }
    }
}

/// One column of the lock file.
#[derive(Serialize)]
struct ColumnStatus {
    table: String,
    column: String,
    suite: &'static str,
    previous_suite: Option<&'static str>,
    migrating: bool,
    rows: u64,
    null: u64,
    /// Under the primary key of a scope.
    primary: u64,
    /// Under another key that opens.
    older: u64,
    /// Under a key that is retired or destroyed.
    closed: u64,
    /// Under an id that the key store doesn't have.
    unknown: u64,
    not_sealed: u64,
    by_key: BTreeMap<String, u64>,
}

impl ColumnStatus {
    fn of(surveyed: &Surveyed, states: &HashMap<KeyId, KeyState>) -> Self {
        let (mut primary, mut older, mut closed, mut unknown) = (0, 0, 0, 0);
        for (id, values) in &surveyed.survey.by_key {
            *match states.get(id) {
                Some(KeyState::Primary) => &mut primary,
                Some(KeyState::Retired | KeyState::Destroyed) => &mut closed,
                Some(_) => &mut older,
                None => &mut unknown,
            } += values;
        }
        let column = surveyed.column;
        Self {
            table: surveyed.table.clone(),
            column: surveyed.name.clone(),
            suite: column.map_or("", |column| column.suite().name()),
            previous_suite: column.and_then(|column| column.previous_suite().map(fieldseal::Suite::name)),
            migrating: column.is_some_and(fieldseal::Column::is_migrating),
            rows: surveyed.survey.rows,
            null: surveyed.survey.null,
            primary,
            older,
            closed,
            unknown,
            not_sealed: surveyed.survey.not_sealed,
            by_key: surveyed.survey.by_key.iter().map(|(id, values)| (id.to_string(), *values)).collect(),
        }
    }

    /// What should be done with the column next.
    fn due(&self, due: &mut Vec<String>) {
        let name = words::plain(&format!("{}.{}", self.table, self.column));
        if self.older > 0 {
            let values = words::values(self.older);
            due.push(format!("{name}: {values} under older keys: `fieldseal reencrypt --column {name}`"));
        } else if self.previous_suite.is_some() && self.primary > 0 {
            due.push(format!("{name}: its suite is changing: `fieldseal reencrypt --column {name}`, then take `previous_suite` away"));
        }
        let not_sealed = words::values(self.not_sealed);
        if self.not_sealed > 0 && !self.migrating {
            due.push(format!(
                "{name}: {not_sealed} not sealed, and the column isn't migrating: damaged, or written by another program: \
                 `fieldseal verify` lists the rows"
            ));
        } else if self.not_sealed > 0 {
            due.push(format!("{name}: {not_sealed} not sealed: `fieldseal encrypt --column {name}`"));
        } else if self.migrating && self.rows > 0 {
            due.push(format!("{name}: no plaintext is left: take `migrating` off the model"));
        }
        if self.closed > 0 {
            let values = words::values(self.closed);
            due.push(format!("{name}: {values} under keys that are retired or destroyed: `fieldseal doctor`"));
        }
        if self.unknown > 0 {
            let values = words::values(self.unknown);
            due.push(format!("{name}: {values} under keys that the key store doesn't have: `fieldseal doctor`"));
        }
    }

    fn row(&self) -> Vec<String> {
        let counts = [self.rows, self.null, self.primary, self.older, self.closed, self.unknown, self.not_sealed];
        let name = words::plain(&format!("{}.{}", self.table, self.column));
        let suite = match self.previous_suite {
            Some(previous) => format!("{} (was {previous})", self.suite),
            None => self.suite.to_owned(),
        };
        [name, suite].into_iter().chain(counts.iter().map(u64::to_string)).collect()
    }
}

/// What should be done next, each with the command for it.
fn due(args: &Args, records: &[KeyRecord], values: &BTreeMap<KeyId, u64>, columns: &[ColumnStatus]) -> Vec<String> {
    let mut due = Vec::new();
    keys_due(args, records, values, &mut due);
    columns.iter().for_each(|column| column.due(&mut due));
    due
}

fn keys_due(args: &Args, records: &[KeyRecord], values: &BTreeMap<KeyId, u64>, due: &mut Vec<String>) {
    let in_state = |state| records.iter().filter(move |record: &&KeyRecord| record.state == state);
    let old = in_state(KeyState::Primary)
        .filter(|record| words::seconds_since(record.created) > args.rotate_after.as_secs());
    let limit = words::duration(args.rotate_after);
    let rotate =
        format!("older than {limit}: `fieldseal key rotate --all --older-than {}`", limit.replace(' ', ""));
    say(due, old.count(), "key is", "keys are", &rotate);
    let promote = "staged: `fieldseal key rotate --all --promote`";
    say(due, in_state(KeyState::Staged).count(), "key is", "keys are", promote);
    let unused = in_state(KeyState::Active).filter(|record| values.get(&record.id).copied().unwrap_or(0) == 0);
    let retire = "no values any more: `fieldseal key retire --unused`";
    say(due, unused.count(), "active key has", "active keys have", retire);
}

fn say(due: &mut Vec<String>, count: usize, one: &str, many: &str, what: &str) {
    if count > 0 {
        due.push(format!("{count} {} {what}", if count == 1 { one } else { many }));
    }
}

impl Report for Status {
    fn text(&self) -> String {
        let mut text = String::new();
        let rows = self.keys.iter().take(self.listed).map(|key| {
            let id = key.id.clone();
            vec![
                key.shown_scope.clone(),
                id,
                key.state.to_owned(),
                words::age(key.age_seconds),
                key.values.to_string(),
            ]
        });
        text += &table(&["SCOPE", "KEY", "STATE", "AGE", "VALUES"], rows);
        if self.keys.len() > self.listed {
            text += &format!("… and {} more: --all lists them\n", self.keys.len() - self.listed);
        }
        text += "\n";
        text += &table(
            &["KEK", "DATA KEYS"],
            self.keks.iter().map(|(kek, keys)| vec![words::plain(kek), keys.to_string()]),
        );
        text += "\n";
        let headings = ["COLUMN", "SUITE", "ROWS", "NULL", "PRIMARY", "OLDER", "CLOSED", "UNKNOWN", "NOT SEALED"];
        text += &table(&headings, self.columns.iter().map(ColumnStatus::row));
        text += "\n";
        if self.due.is_empty() {
            text += "nothing is due\n";
        } else {
            text += "due:\n";
            self.due.iter().for_each(|due| text += &format!("- {due}\n"));
        }
        text
    }
}
