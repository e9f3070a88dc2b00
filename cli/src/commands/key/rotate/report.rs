//! What `fieldseal key rotate` says.

use super::plan::ScopePlan;
use crate::error::Error;
use crate::output::{Report, table};
use crate::target::{Kek, opening};
use crate::words;
use fieldseal::keys::{KeyId, KeyRecord};
use fieldseal::kms::check_rights;
use serde::Serialize;
use std::time::{Duration, Instant};

#[derive(Serialize)]
pub(super) struct Rotated {
    pub(super) scopes: Vec<Step>,
    pub(super) kms_calls: u64,
    /// About how long those calls would take, without the wait for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seconds: Option<f64>,
    pub(super) dry_run: bool,
}

/// What a rotation would ask of the KMS.
pub(super) struct Cost {
    kms_calls: u64,
    time: Duration,
}

impl Cost {
    /// The keys are loaded, and a new one is wrapped and unwrapped under each KEK. One call is
    /// measured, the second time, since the first one connects.
    pub(super) fn of(records: &[KeyRecord], plans: &[ScopePlan], keks: &[Kek]) -> Result<Self, Error> {
        let calls = opening(records) + plans.len().saturating_mul(keks.len() * 2);
        let mut pair = Duration::ZERO;
        if let Some(kek) = keks.first() {
            check_rights(&*kek.kms())?;
            let began = Instant::now();
            check_rights(&*kek.kms())?;
            pair = began.elapsed();
        }
        let time = pair.saturating_mul(u32::try_from(calls).unwrap_or(u32::MAX)) / 2;
        Ok(Self { kms_calls: u64::try_from(calls).unwrap_or(u64::MAX), time })
    }
}

/// How far a scope has come.
#[derive(Serialize)]
pub(super) struct Step {
    /// Null for the application.
    scope: Option<String>,
    #[serde(skip)]
    shown_scope: String,
    old: Option<String>,
    #[serde(serialize_with = "id")]
    new: Option<KeyId>,
    state: State,
    /// When the key was staged, if it was there already.
    staged_before: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    ToDo,
    Staged,
    Rotated,
    /// It failed; the reason was printed.
    Failed,
}

impl Rotated {
    pub(super) fn planned(plans: &[ScopePlan], cost: Option<Cost>, dry_run: bool) -> Self {
        Self {
            scopes: plans.iter().map(Step::planned).collect(),
            kms_calls: cost.as_ref().map_or(0, |cost| cost.kms_calls),
            seconds: cost.map(|cost| cost.time.as_secs_f64()),
            dry_run,
        }
    }
}

impl Step {
    pub(super) fn planned(plan: &ScopePlan) -> Self {
        Self {
            scope: words::tenant(&plan.scope),
            shown_scope: words::scope(&plan.scope),
            old: plan.primary.map(|key| key.id.to_string()),
            new: None,
            state: State::ToDo,
            staged_before: plan.staged.map(super::plan::Dated::timestamp),
        }
    }

    pub(super) fn new_key(&self) -> Option<KeyId> {
        self.new
    }

    pub(super) fn staged(&mut self, id: KeyId, was_there: bool) {
        (self.new, self.state) = (Some(id), State::Staged);
        if !was_there {
            self.staged_before = None;
        }
    }

    pub(super) fn failed(&mut self) {
        self.state = State::Failed;
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state == State::Failed
    }

    pub(super) fn promoted(&mut self) {
        self.state = State::Rotated;
    }

    pub(super) fn rotated(&mut self, id: KeyId) {
        (self.new, self.state, self.staged_before) = (Some(id), State::Rotated, None);
    }

    fn row(&self) -> Vec<String> {
        let state = match self.state {
            State::ToDo => "to do",
            State::Staged => "staged",
            State::Rotated => "rotated",
            State::Failed => "failed",
        };
        let before = self.staged_before.as_ref().map(|time| format!(", staged before, {time}"));
        let or_dash = |id: Option<String>| id.unwrap_or_else(|| "-".to_owned());
        vec![
            self.shown_scope.clone(),
            or_dash(self.old.clone()),
            or_dash(self.new.map(|id| id.to_string())),
            format!("{state}{}", before.unwrap_or_default()),
        ]
    }
}

fn id<S: serde::Serializer>(id: &Option<KeyId>, serializer: S) -> Result<S::Ok, S::Error> {
    id.map(|id| id.to_string()).serialize(serializer)
}

impl Report for Rotated {
    fn text(&self) -> String {
        if self.scopes.is_empty() {
            return "no scope to rotate\n".to_owned();
        }
        let mut text = table(&["SCOPE", "OLD KEY", "NEW KEY", "STATE"], self.scopes.iter().map(Step::row));
        let done = self.scopes.iter().filter(|step| step.state == State::Rotated).count();
        let scopes = words::count(self.scopes.len(), "scope");
        if self.dry_run {
            let time = Duration::try_from_secs_f64(self.seconds.unwrap_or_default()).unwrap_or_default();
            text += &format!(
                "{scopes} would be rotated, by about {} ({}) and the wait for programs; nothing was changed\n",
                words::kms_calls(self.kms_calls),
                words::duration(time)
            );
        } else {
            text += &format!("{done} of {scopes} rotated ({})\n", words::kms_calls(self.kms_calls));
        }
        text
    }
}
