//! Which scopes are rotated, as the key store's records say. Nothing here does anything.

use crate::commands::tenant::{self, check_not_forgotten};
use crate::error::Error;
use crate::target::Stored;
use crate::words::{seconds_since, timestamp};
use fieldseal::Scope;
use fieldseal::keys::{KeyId, KeyRecord, KeyState};
use fieldseal::store::KeyStore;
use humantime::parse_duration;
use std::collections::BTreeMap;
use std::time::Duration;
use wildmatch::WildMatch;

/// The scopes that the arguments select.
#[derive(Debug, clap::Args)]
pub(super) struct ScopeSelection {
    #[command(flatten)]
    which: Which,

    /// Only scopes whose primary key is older than that: 90d, 12h
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    older_than: Option<Duration>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// That tenant
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,

    /// The application itself: models without a scope
    #[arg(long)]
    application: bool,

    /// Every tenant whose name fits; `*` is any text, `?` any character
    #[arg(long, value_name = "GLOB")]
    scope_pattern: Option<String>,

    /// The application, and every tenant
    #[arg(long)]
    all: bool,
}

/// A scope that is to be rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScopePlan {
    pub(super) scope: Scope,
    pub(super) primary: Option<Dated>,
    /// A key that is there already, and will be promoted in place of a new one: the one that was
    /// staged first.
    pub(super) staged: Option<Dated>,
}

/// A key, and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dated {
    pub(super) id: KeyId,
    pub(super) created: i64,
}

impl Dated {
    pub(super) fn timestamp(self) -> String {
        timestamp(self.created)
    }
}

impl ScopeSelection {
    /// Whether the records of a scope that was named can be read: one that can't is no reason to
    /// say that there is none.
    pub(super) fn check_readable(&self, stored: &Stored, store: &dyn KeyStore) -> Result<(), Error> {
        let Some(named) = self.named()? else { return Ok(()) };
        store.load_scope(&named)?;
        match stored.of_unknown_scope() {
            Some(error) if !stored.records.iter().any(|record| record.scope == named) => Err(error),
            _ => Ok(()),
        }
    }

    fn named(&self) -> Result<Option<Scope>, Error> {
        match &self.which.scope {
            Some(name) => tenant::parse(name).map(Some),
            None => Ok(self.which.application.then_some(Scope::APPLICATION)),
        }
    }

    /// What is to be done, ordered by scope; only scopes with a staged key if `only_staged`.
    pub(super) fn plans(&self, records: &[KeyRecord], only_staged: bool) -> Result<Vec<ScopePlan>, Error> {
        let mut plans: BTreeMap<Scope, ScopePlan> = BTreeMap::new();
        for record in records {
            let empty = || ScopePlan { scope: record.scope.clone(), primary: None, staged: None };
            let plan = plans.entry(record.scope.clone()).or_insert_with(empty);
            let key = Dated { id: record.id, created: record.created };
            match record.state {
                KeyState::Primary => plan.primary = Some(key),
                KeyState::Staged if plan.staged.is_none_or(|first| key.created < first.created) => {
                    plan.staged = Some(key);
                }
                _ => {}
            }
        }
        // A tenant that was forgotten has neither, and gets no new key.
        plans.retain(|_, plan| plan.primary.is_some() || plan.staged.is_some());
        self.check_named(&plans, records)?;
        let is_due = |plan: &ScopePlan| {
            let age = |key: Dated| Duration::from_secs(seconds_since(key.created));
            let old = |limit| plan.primary.is_none_or(|primary| age(primary) > limit);
            self.older_than.is_none_or(old) && (plan.staged.is_some() || !only_staged)
        };
        let plans = plans.into_values().filter(|plan| self.which.means(&plan.scope) && is_due(plan));
        Ok(plans.collect())
    }

    /// A scope that was named must exist.
    fn check_named(&self, plans: &BTreeMap<Scope, ScopePlan>, records: &[KeyRecord]) -> Result<(), Error> {
        let Some(named) = self.named()? else { return Ok(()) };
        let make = match self.which.application {
            true => "`fieldseal init` makes the application's first key",
            false => "`fieldseal init --scope NAME` makes a tenant's first key",
        };
        if plans.contains_key(&named) {
            return Ok(());
        }
        check_not_forgotten(&named, records)?;
        Err(Error::failed(format!("{named} has no primary key to rotate"))
            .hint("`fieldseal key list` shows every scope that has")
            .hint(make))
    }
}

impl Which {
    fn means(&self, scope: &Scope) -> bool {
        let is_application = *scope == Scope::APPLICATION;
        match (&self.scope, &self.scope_pattern) {
            (Some(name), _) => !is_application && scope.as_str() == name,
            (None, Some(pattern)) => !is_application && WildMatch::new(pattern).matches(scope.as_str()),
            (None, None) => self.all || (self.application && is_application),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fieldseal::keys::{Binding, Commitment};

    const ALL: Which = Which { scope: None, application: false, scope_pattern: None, all: true };

    fn record(id: u32, scope: &str, state: KeyState, age: i64) -> KeyRecord {
        let now = i64::try_from(seconds_since(0)).unwrap();
        let scope = if scope.is_empty() { Scope::APPLICATION } else { Scope::tenant(scope).unwrap() };
        let binding = Binding::new(KeyId::new(id).unwrap(), scope, Commitment::from_bytes([0; 32]));
        KeyRecord::new(binding, state, Vec::new(), now - age)
    }

    fn scopes(which: Which, older_than: Option<u64>, only_staged: bool) -> Vec<(String, Option<u32>)> {
        let records = [
            record(1, "", KeyState::Primary, 1000),
            record(2, "north", KeyState::Primary, 10),
            record(3, "north", KeyState::Staged, 5),
            record(4, "north", KeyState::Staged, 7),
            record(5, "south", KeyState::Primary, 100),
            record(6, "south", KeyState::Active, 5000),
            record(7, "gone", KeyState::Destroyed, 5000),
        ];
        let selection = ScopeSelection { which, older_than: older_than.map(Duration::from_secs) };
        let plans = selection.plans(&records, only_staged).unwrap();
        let shown = |plan: ScopePlan| (plan.scope.as_str().to_owned(), plan.staged.map(|staged| staged.id.get()));
        plans.into_iter().map(shown).collect()
    }

    fn named(name: &str) -> Which {
        Which { scope: Some(name.into()), all: false, ..ALL }
    }

    fn pattern(pattern: &str) -> Which {
        Which { scope_pattern: Some(pattern.into()), all: false, ..ALL }
    }

    fn key(scope: &str, staged: Option<u32>) -> (String, Option<u32>) {
        (scope.to_owned(), staged)
    }

    #[test]
    fn all_is_everyone_who_has_a_key_and_what_was_staged_first_is_taken_up() {
        assert_eq!(scopes(ALL, None, false), [key("", None), key("north", Some(4)), key("south", None)]);
    }

    #[test]
    fn a_pattern_is_for_tenants() {
        assert_eq!(scopes(pattern("*"), None, false), [key("north", Some(4)), key("south", None)]);
        assert_eq!(scopes(pattern("so?th"), None, false), [key("south", None)]);
        assert_eq!(scopes(pattern("nobody*"), None, false), []);
    }

    #[test]
    fn the_primary_s_age_decides() {
        assert_eq!(scopes(ALL, Some(50), false), [key("", None), key("south", None)]);
        assert_eq!(scopes(ALL, Some(5000), false), []);
    }

    #[test]
    fn promoting_is_for_scopes_with_a_staged_key() {
        assert_eq!(scopes(ALL, None, true), [key("north", Some(4))]);
        assert_eq!(scopes(named("south"), None, true), []);
    }

    #[test]
    fn a_scope_that_is_named_must_have_a_key() {
        assert_eq!(scopes(named("north"), None, false), [key("north", Some(4))]);
        for name in ["nobody", "gone", "North"] {
            let selection = ScopeSelection { which: named(name), older_than: None };
            let records = [record(1, "", KeyState::Primary, 1), record(7, "gone", KeyState::Destroyed, 5000)];
            assert!(selection.plans(&records, false).is_err(), "{name}");
        }
    }
}
