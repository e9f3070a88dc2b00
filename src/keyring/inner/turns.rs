//! One change at a time to the keys of a scope, by this process. Other processes are kept off by
//! revisions.

use crate::context::Scope;
use crate::keyring::error::KeyringError;
use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Default)]
pub(crate) struct Turns {
    scopes: Mutex<HashSet<Scope>>,
    freed: Condvar,
}

/// Frees the scope when it's dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    scope: Scope,
}

impl Turns {
    /// Waits until no other thread changes the scope's keys, but not past `until`.
    pub(crate) fn turn(&self, scope: &Scope, until: Instant) -> Result<Turn<'_>, KeyringError> {
        let mut scopes = self.scopes();
        while !scopes.insert(scope.clone()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(KeyringError::TimedOut { need: None, after: Duration::ZERO });
            }
            let waited = self.freed.wait_timeout(scopes, left);
            scopes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(Turn { turns: self, scope: scope.clone() })
    }

    fn scopes(&self) -> MutexGuard<'_, HashSet<Scope>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.scopes().remove(&self.scope);
        self.turns.freed.notify_all();
    }
}
