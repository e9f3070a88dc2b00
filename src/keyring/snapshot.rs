//! The keys a keyring has at one moment. A snapshot is replaced as a whole, so readers need no lock.

use super::KeyringError;
use crate::context::Scope;
use crate::keys::{Commitment, DataKey, KeyId, KeyRecord, KeyState, column_key, scrubbed};
use crate::model::Column;
use crate::suite::{ColumnCipher, Failed, Suite};
use arc_swap::{ArcSwap, Guard};
use hashbrown::HashMap;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Snapshot {
    by_id: HashMap<KeyId, Entry>,
    primaries: HashMap<Scope, Arc<KeyMaterial>>,
}

pub(super) struct Entry {
    pub(super) scope: Scope,
    pub(super) state: KeyState,
    /// Present exactly in the states that open values.
    pub(super) material: Option<Arc<KeyMaterial>>,
}

impl Snapshot {
    pub(super) fn insert(&mut self, id: KeyId, entry: Entry) -> Result<(), KeyringError> {
        if entry.state == KeyState::Primary
            && let Some(material) = &entry.material
            && self.primaries.insert(entry.scope.clone(), Arc::clone(material)).is_some()
        {
            return Err(KeyringError::TwoPrimaries(entry.scope));
        }
        match self.by_id.insert(id, entry) {
            None => Ok(()),
            Some(_) => Err(KeyringError::Doubled(id)),
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&KeyId, &Entry)> {
        self.by_id.iter()
    }

    pub(super) fn entry(&self, id: KeyId) -> Option<&Entry> {
        self.by_id.get(&id)
    }

    pub(super) fn material(&self, id: KeyId) -> Option<Arc<KeyMaterial>> {
        self.by_id.get(&id)?.material.clone()
    }

    pub(super) fn primary(&self, scope: &Scope) -> Option<&KeyMaterial> {
        self.primaries.get(scope).map(Arc::as_ref)
    }
}

/// An unwrapped data key, with the column ciphers that were needed so far.
pub(super) struct KeyMaterial {
    pub(super) id: KeyId,
    pub(super) scope: Scope,
    pub(super) commitment: Commitment,
    key: DataKey,
    ciphers: ArcSwap<Ciphers>,
}

type Ciphers = HashMap<CipherId<'static>, Arc<ColumnCipher>>;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct CipherId<'a> {
    table: &'a str,
    column: &'a str,
    suite: Suite,
}

/// A cipher that stays alive while the guard does; no reference count is touched to get it.
pub(super) struct CipherRef {
    ciphers: Guard<Arc<Ciphers>>,
    id: CipherId<'static>,
}

impl CipherRef {
    pub(super) fn get(&self) -> Result<&ColumnCipher, Failed> {
        self.ciphers.get(&self.id).map(Arc::as_ref).ok_or(Failed::Rejected)
    }
}

impl KeyMaterial {
    pub(super) fn new(record: &KeyRecord, key: DataKey) -> Self {
        Self {
            id: record.id,
            scope: record.scope.clone(),
            commitment: record.commitment,
            key,
            ciphers: ArcSwap::default(),
        }
    }

    pub(super) fn key(&self) -> &DataKey {
        &self.key
    }

    /// The column's cipher under that suite, derived at its first use.
    pub(super) fn cipher(&self, column: &Column, suite: Suite) -> Result<CipherRef, Failed> {
        let id = CipherId { table: column.table(), column: column.name(), suite };
        let ciphers = self.ciphers.load();
        if ciphers.contains_key(&id) {
            return Ok(CipherRef { ciphers, id });
        }
        let derive = || ColumnCipher::new(suite, &column_key(&self.key, suite, id.table, id.column));
        let cipher = Arc::new(scrubbed(derive).ok_or(Failed::Rejected)?);
        self.ciphers.rcu(|ciphers| {
            let mut more = Ciphers::clone(ciphers);
            // Another thread's, if it was faster: its state counts the values sealed so far.
            more.entry(id).or_insert_with(|| Arc::clone(&cipher));
            more
        });
        Ok(CipherRef { ciphers: self.ciphers.load(), id })
    }
}
