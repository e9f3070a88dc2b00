//! `fieldseal key rotate`: new primary keys for one scope, some, or all.
//!
//! What a run has done is in the key store alone, so that it can be killed at any moment and run
//! again: a key that it staged is found there and taken up.

mod plan;
mod report;

use super::{Context, Done};
use crate::error::{Error, is_of_one_key};
use crate::target::Kek;
use crate::words;
use fieldseal::keys::{KeyId, KeyRecord, KeyState};
use fieldseal::{Keyring, KeyringError};
use humantime::parse_duration;
use plan::{ScopePlan, ScopeSelection};
use report::{Cost, Rotated, Step};
use std::collections::BTreeSet;
use std::time::Duration;

/// Gives scopes a new primary data key; old values stay readable
///
/// A new key is staged first, and promoted when every running program has read it from the key
/// store. A key that is staged already, by a run that was interrupted for example, is taken up: the
/// command can be killed and run again. To leave alone what a first run has rotated already, add
/// --older-than.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: ScopeSelection,

    /// How long a key must have been staged before it's promoted: twice the longest time in which a
    /// program reads the key store again
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2m")]
    propagation: Duration,

    /// Makes new primaries at once, without staging: programs load them when they meet the first
    /// value
    #[arg(long, conflicts_with_all = ["propagation", "stage_only", "promote"])]
    at_once: bool,

    /// Stages the keys, and leaves promoting them to a second command
    #[arg(long, conflicts_with = "promote")]
    stage_only: bool,

    /// Promotes the keys that are staged already, and stages none
    #[arg(long)]
    promote: bool,

    /// Says which scopes would be rotated, and changes nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let stored = context.target.readable_records()?;
    args.selection.check_readable(&stored, &*context.target.key_store()?)?;
    let (records, done) = context.warn_of_damage(stored);
    let plans = args.selection.plans(&records, args.promote)?;
    if plans.is_empty() {
        context.output.report(&Rotated::planned(&plans, None, args.dry_run))?;
        return Ok(done);
    }
    let keks = context.target.keks()?;
    if args.dry_run {
        let cost = Cost::of(&records, &plans, &keks)?;
        context.output.report(&Rotated::planned(&plans, Some(cost), true))?;
        return Ok(done);
    }
    if !args.promote {
        warn_of_missing_keks(&records, &keks, context);
    }
    let keyring = context.target.keyring_with(&keks, |builder| builder.propagation(args.propagation))?;
    let rotation = Rotation { args, context, keyring };
    let mut steps: Vec<Step> = plans.iter().map(Step::planned).collect();
    let rotated = rotation.run(&plans, &mut steps);
    let kms_calls = rotation.keyring.stats().kms_calls;
    let done = if steps.iter().any(Step::has_failed) { Done::SomethingLeft } else { done };
    // After a failure too: it says what was done until then.
    context.output.report(&Rotated { scopes: steps, kms_calls, seconds: None, dry_run: false })?;
    rotated.map(|()| done).map_err(|error| error.hint("run the command again: what is staged is taken up"))
}

/// New keys have no copy under a KEK that wasn't given: a break-glass file would open the old ones
/// alone.
fn warn_of_missing_keks(records: &[KeyRecord], keks: &[Kek], context: &Context<'_>) {
    let primaries = records.iter().filter(|record| record.state == KeyState::Primary);
    let copies = primaries.flat_map(|record| &record.wrapped);
    let missing = copies.map(|copy| &copy.kek).filter(|kek| !keks.iter().any(|given| given.kms().holds(kek)));
    let missing: BTreeSet<_> = missing.map(|kek| words::plain(kek.as_str())).collect();
    for kek in missing {
        context.output.warn(format!(
            "the new keys have no copy under {kek}, which was not given: name it by --kek too, or add one by `fieldseal kek add`"
        ));
    }
}

/// How far ahead the clock of the machine may be that staged a key.
const MOST_SKEW: Duration = Duration::from_secs(60);

struct Rotation<'a> {
    args: &'a Args,
    context: &'a Context<'a>,
    keyring: Keyring,
}

impl Rotation<'_> {
    fn run(&self, plans: &[ScopePlan], steps: &mut [Step]) -> Result<(), Error> {
        if self.args.at_once {
            self.context.output.warn(
                "programs that never wait for a KMS (`never_wait`) fail to open the first values until they have read the \
                 key store again",
            );
            for staged in plans.iter().filter_map(|plan| plan.staged) {
                self.context.output.warn(format!(
                    "key {id} was staged before and isn't taken up now; a later rotation would: `fieldseal key destroy {id}`",
                    id = staged.id
                ));
            }
            return self.each("rotating", plans, steps, |plan, step| {
                step.rotated(self.keyring.admin().rotate(&plan.scope)?);
                Ok(())
            });
        }
        self.each("staging", plans, steps, |plan, step| {
            match plan.staged {
                Some(staged) => step.staged(staged.id, true),
                None => step.staged(self.keyring.admin().stage(&plan.scope)?, false),
            }
            Ok(())
        })?;
        if self.args.stage_only {
            let wait = words::duration(self.args.propagation);
            self.context.output.say(format!("in {wait}: the same command with --promote in place of --stage-only"));
            return Ok(());
        }
        self.wait(steps)?;
        self.each("promoting", plans, steps, |_, step| {
            if let Some(id) = step.new_key() {
                self.promote(id)?;
                step.promoted();
            }
            Ok(())
        })
    }

    /// Rotates one scope after the other. A failure of one doesn't stop the others.
    fn each(
        &self,
        what: &'static str,
        plans: &[ScopePlan],
        steps: &mut [Step],
        mut act: impl FnMut(&ScopePlan, &mut Step) -> Result<(), KeyringError>,
    ) -> Result<(), Error> {
        let output = self.context.output;
        let bar = output.bar(plans.len(), what);
        let mut later = None;
        for (plan, step) in plans.iter().zip(steps) {
            match act(plan, step) {
                Err(error @ (KeyringError::TooEarly { .. } | KeyringError::Contended(_))) => {
                    later = later.or(Some(error))
                }
                Err(error) if is_of_its_scope(&error) => {
                    step.failed();
                    let scope = words::scope(&plan.scope);
                    output.warn(format!("{what} failed for {scope}: {}", Error::from(error).summary()));
                }
                done => done?,
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        later.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Waits until every program knows the key that was staged last. Its record has the time when
    /// it was staged.
    fn wait(&self, steps: &[Step]) -> Result<(), Error> {
        if self.args.promote {
            return Ok(());
        }
        let store = self.context.target.key_store()?;
        let mut wait = Duration::ZERO;
        for id in steps.iter().filter_map(Step::new_key) {
            let Some(record) = store.get(id)?.filter(|record| record.state == KeyState::Staged) else { continue };
            let staged = Duration::from_secs(words::seconds_since(record.created));
            // By whole seconds, as promoting counts them.
            let published = self.args.propagation + Duration::from_secs(1);
            wait = wait.max(published.saturating_sub(staged));
        }
        if !wait.is_zero() && !self.args.propagation.is_zero() {
            let words = format!("waiting {} until every program has read the new keys", words::duration(wait));
            self.context.output.say(&words);
            self.context.output.during(words, || std::thread::sleep(wait));
        }
        Ok(())
    }

    fn promote(&self, id: KeyId) -> Result<(), KeyringError> {
        loop {
            match self.keyring.admin().promote(id) {
                // Times are whole seconds, and clocks differ a little. A longer wait than that is
                // not for a key of this run.
                Err(KeyringError::TooEarly { wait, .. })
                    if !self.args.promote && wait <= self.args.propagation + MOST_SKEW =>
                {
                    std::thread::sleep(wait);
                }
                // Another run has promoted it already.
                Err(KeyringError::Transition { error, .. }) if error.from == KeyState::Primary => return Ok(()),
                promoted => return promoted,
            }
        }
    }
}

/// Whether another scope's rotation won't fail for the same reason.
const fn is_of_its_scope(error: &KeyringError) -> bool {
    is_of_one_key(error)
        || matches!(
            error,
            KeyringError::TwoPrimaries(_) | KeyringError::Doubled(_) | KeyringError::Transition { .. }
        )
}
