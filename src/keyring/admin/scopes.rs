//! What the key store holds of keys and scopes, damaged records too, and a scope's first key: for
//! sweeps.

use crate::context::Scope;
use crate::keyring::Keyring;
use crate::keyring::admin::change::Proposal;
use crate::keyring::error::KeyringError;
use crate::keys::{KeyId, KeyState, MalformedRecord};
use std::collections::{HashMap, HashSet};

impl Keyring {
    /// The state of every data key in the key store. A key whose record is damaged counts as
    /// active: there was one, and nothing is sealed under it now.
    pub(crate) fn states(&self) -> Result<HashMap<KeyId, KeyState>, KeyringError> {
        let mut states = HashMap::new();
        let damaged = self.inner.backends.each_record(|record| {
            states.insert(record.id, record.state);
            Ok(())
        })?;
        states.extend(damaged.iter().filter_map(|error| Some((error.key?, KeyState::Active))));
        Ok(states)
    }

    /// Whether the key store has a record that may be of any scope: its id or scope can't be read.
    pub(crate) fn hides_scopes(&self) -> Result<bool, KeyringError> {
        let damaged = self.inner.backends.each_record(|_| Ok(()))?;
        Ok(damaged.iter().any(MalformedRecord::may_be_of_any_scope))
    }

    /// Every scope that has a key in the key store, or had one.
    pub(crate) fn stored_scopes(&self) -> Result<HashSet<Scope>, KeyringError> {
        let mut scopes = HashSet::new();
        self.inner.backends.each_record(|record| {
            scopes.insert(record.scope);
            Ok(())
        })?;
        Ok(scopes)
    }

    /// Gives a scope that never had a key its first one, and says which; `None` if it had keys and
    /// has no primary: a tenant that was forgotten isn't begun again.
    pub(crate) fn begin_scope(&self, scope: &Scope) -> Result<Option<KeyId>, KeyringError> {
        let of = scope.clone();
        self.inner.administer(scope, move |inner, records| {
            match records.iter().find(|record| record.state == KeyState::Primary) {
                Some(primary) => Ok(Proposal::of(Vec::new(), Some(primary.id))),
                None if records.is_empty() => {
                    Ok(Proposal::insert(Vec::new(), inner.new_record(&of, KeyState::Primary)?).map(Some))
                }
                None => Ok(Proposal::of(Vec::new(), None)),
            }
        })
    }
}
