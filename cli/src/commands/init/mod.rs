//! `fieldseal init`: makes what is missing.

mod migration;

use super::{Context, Done};
use crate::error::Error;
use crate::output::Report;
use crate::target::KekName;
use crate::words;
use fieldseal::keys::KeyState;
use fieldseal::{SchemaLock, Scope};
use serde::Serialize;
use std::path::PathBuf;

/// Makes what is missing: KEK, key store, first key, schema lock
///
/// What is there already stays as it is, so that it can be run again. A KEK file is only made where
/// no key is stored yet: a new file in place of a lost one opens nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A tenant that gets its first key too, as many as you like
    #[arg(long, value_name = "NAME")]
    scope: Vec<String>,

    /// Makes no data key
    #[arg(long, conflicts_with = "scope")]
    no_key: bool,

    /// Says what would be made, and makes nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    migration: migration::MigrationArgs,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    if let Some(tool) = args.migration.tool() {
        return migration::run(&args.migration, tool, context);
    }
    let scopes = scopes(args)?;
    let mut init = Init { args, context, steps: Vec::new(), copies: Vec::new() };
    init.check_keks()?;
    init.key_store()?;
    init.keks()?;
    for scope in &scopes {
        init.key(scope)?;
    }
    init.lock()?;
    context.output.report(&Made { steps: init.steps })?;
    for file in init.copies {
        context.output.warn(format!(
            "keep a copy of {} in a safe place, away from the database's backups: without it nothing that is sealed can be \
             opened",
            file.display()
        ));
    }
    Ok(Done::All)
}

fn scopes(args: &Args) -> Result<Vec<Scope>, Error> {
    if args.no_key {
        return Ok(Vec::new());
    }
    let tenants = args.scope.iter().map(|name| super::tenant::parse(name));
    std::iter::once(Ok(Scope::APPLICATION)).chain(tenants).collect()
}

/// What has been made so far.
struct Init<'a> {
    args: &'a Args,
    context: &'a Context<'a>,
    steps: Vec<Step>,
    /// Files of which a copy must be kept.
    copies: Vec<PathBuf>,
}

impl Init<'_> {
    /// Before anything is made: whether there will be a KEK, and whether one may be made.
    fn check_keks(&self) -> Result<(), Error> {
        let target = &self.context.target;
        let names = match target.kek_names() {
            Err(_) if self.args.no_key => Vec::new(),
            names => names?,
        };
        let missing = names.iter().find_map(|name| match name {
            KekName::Local(path) if path.symlink_metadata().is_err() => Some(path),
            _ => None,
        });
        let Some(missing) = missing else { return Ok(()) };
        let stored = if target.key_store_at()?.exists()? { target.records()? } else { Vec::new() };
        let live = stored.iter().filter(|record| record.state != KeyState::Destroyed).count();
        // This is checked again: another process may have made the KEK file meanwhile, and then the
        // keys.
        if live == 0 || missing.symlink_metadata().is_ok() {
            return Ok(());
        }
        Err(Error::refused(format!("there is no KEK file at {}, and the key store is not empty", missing.display()))
            .why(format!("a new KEK file opens none of the {} that are in it", words::count(live, "data key")))
            .hint("put the file's copy back; `fieldseal kek list` shows which KEK it is")
            .hint("to move the keys to a new KEK, or to add one: `fieldseal kek rotate --to`, `fieldseal kek add`, with --create"))
    }

    fn key_store(&mut self) -> Result<(), Error> {
        let at = self.context.target.key_store_at()?;
        let state = if at.exists()? { State::WasThere } else { self.make(|| at.create())? };
        self.step("key store", at.to_string(), state);
        Ok(())
    }

    fn keks(&mut self) -> Result<(), Error> {
        let target = &self.context.target;
        for name in target.kek_names().unwrap_or_default() {
            let state = match &name {
                KekName::Local(path) if path.symlink_metadata().is_err() => {
                    self.copies.push(path.clone());
                    self.make(|| target.create_kek(path).map(drop))?
                }
                name => {
                    target.open_kek(name)?;
                    State::WasThere
                }
            };
            self.step("KEK", name.to_string(), state);
        }
        if self.args.dry_run {
            self.copies.clear();
        }
        Ok(())
    }

    fn key(&mut self, scope: &Scope) -> Result<(), Error> {
        let target = &self.context.target;
        let what = if *scope == Scope::APPLICATION { "application key" } else { "tenant key" };
        let of = words::tenant(scope).map(|tenant| format!("{} ", words::plain(&tenant))).unwrap_or_default();
        let is_there = !self.args.dry_run || target.key_store_at()?.exists()?;
        let records = if is_there { target.key_store()?.load_scope(scope)? } else { Vec::new() };
        if let Some(primary) = records.iter().find(|record| record.state == KeyState::Primary) {
            self.step(what, format!("{of}{}", primary.id), State::WasThere);
            return Ok(());
        }
        // A key of this scope whose record can't be read counts as well.
        if is_there && let Some(error) = target.readable_records()?.of_unknown_scope() {
            return Err(error);
        }
        if self.args.dry_run {
            self.step(what, of.trim_end().to_owned(), State::WouldBeMade);
            return Ok(());
        }
        let id = target.keyring()?.admin().ensure_scope(scope)?;
        self.step(what, format!("{of}{id}"), State::Made);
        Ok(())
    }

    fn lock(&mut self) -> Result<(), Error> {
        let path = self.context.target.lock();
        let state = if path.exists() { State::WasThere } else { self.make(|| Ok(SchemaLock::new().write(path)?))? };
        self.step("schema lock", path.display().to_string(), state);
        Ok(())
    }

    fn make(&self, make: impl FnOnce() -> Result<(), Error>) -> Result<State, Error> {
        if self.args.dry_run {
            return Ok(State::WouldBeMade);
        }
        make().map(|()| State::Made)
    }

    fn step(&mut self, what: &'static str, name: String, state: State) {
        self.steps.push(Step { what, name, state });
    }
}

#[derive(Serialize)]
struct Made {
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    what: &'static str,
    name: String,
    state: State,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Made,
    WasThere,
    WouldBeMade,
}

impl Report for Made {
    fn text(&self) -> String {
        let line = |step: &Step| {
            let state = match step.state {
                State::Made => "made",
                State::WasThere => "was there",
                State::WouldBeMade => "would be made",
            };
            let line = format!("{state:<14}{:<17}{}", step.what, step.name);
            format!("{}\n", line.trim_end())
        };
        self.steps.iter().map(line).collect()
    }
}
