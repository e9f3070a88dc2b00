//! What a keyring knows of keys and scopes, and how the hot path reads it.

use crate::context::Scope;
use crate::error::ErrorKind;
use crate::keyring::cache::material::KeyMaterial;
use crate::keyring::cache::sharded::Shard;
use crate::keyring::clock::Millis;
use crate::keyring::error::KeyringError;
use crate::keys::{KeyId, KeyRecord, KeyState};
use std::collections::HashSet;
use std::sync::Arc;

/// When a reading of the store began. Of two readings the one that began later is believed,
/// whichever ended first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// What is known of a key, from the reading `as_of`.
#[derive(Clone)]
pub(crate) struct KnownKey {
    pub(crate) scope: Scope,
    pub(crate) state: KeyState,
    /// The key itself, if it's loaded.
    pub(crate) material: Option<Arc<KeyMaterial>>,
    pub(crate) as_of: Ticket,
}

/// What is known of a scope's keys, from the reading `as_of`.
#[derive(Clone)]
pub(crate) struct KnownScope {
    pub(crate) primary: Option<KeyId>,
    /// The primary, if it's loaded.
    pub(crate) material: Option<Arc<KeyMaterial>>,
    pub(crate) keys: Vec<KeyId>,
    /// Whether all of its keys are known, not only those that were met.
    pub(crate) is_complete: bool,
    pub(crate) as_of: Ticket,
}

/// The scope's primary, if it's loaded and may be used now.
pub(crate) fn primary_in<'a>(
    near: &'a Shard<Scope, Arc<KnownScope>>,
    scope: &Scope,
    now: Millis,
) -> Option<&'a KeyMaterial> {
    near.get(scope)?.material.as_deref().filter(|material| material.use_at(now))
}

/// The key, if it's loaded and may be used now.
///
/// # Errors
///
/// If the key is in a state that opens nothing.
pub(crate) fn key_in(
    near: &Shard<KeyId, KnownKey>,
    id: KeyId,
    now: Millis,
) -> Result<Option<&KeyMaterial>, ErrorKind> {
    let Some(known) = near.get(&id) else { return Ok(None) };
    check_opens(id, known.state)?;
    Ok(known.material.as_deref().filter(|material| material.use_at(now)))
}

/// Whether a key in that state opens values, or why not.
pub(crate) fn check_opens(id: KeyId, state: KeyState) -> Result<(), ErrorKind> {
    match state {
        state if state.opens() => Ok(()),
        KeyState::Destroyed => Err(ErrorKind::DestroyedKey(id)),
        _ => Err(ErrorKind::RetiredKey(id)),
    }
}

/// Finds the primary among a scope's records, which are hostile.
pub(crate) fn primary_of(scope: &Scope, records: &[KeyRecord]) -> Result<Option<KeyId>, KeyringError> {
    let mut ids = HashSet::new();
    let mut primary = None;
    for record in records {
        if !ids.insert(record.id) {
            return Err(KeyringError::Doubled(record.id));
        }
        if record.state == KeyState::Primary && primary.replace(record.id).is_some() {
            return Err(KeyringError::TwoPrimaries(scope.clone()));
        }
    }
    Ok(primary)
}
