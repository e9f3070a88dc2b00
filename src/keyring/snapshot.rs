//! The keys a keyring has at one moment. A snapshot is replaced as a whole, so readers need no lock.

use super::KeyringError;
use crate::context::{AadStart, Scope};
use crate::error::ErrorKind;
use crate::keys::{Commitment, DataKey, KeyId, KeyRecord, KeyState, column_key, scrubbed};
use crate::model::Column;
use crate::suite::{ColumnCipher, Failed, Suite};
use arc_swap::ArcSwap;
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

    /// The key of that id, if it may open values.
    pub(super) fn openable(&self, id: KeyId) -> Result<&KeyMaterial, ErrorKind> {
        let entry = self.by_id.get(&id).ok_or(ErrorKind::UnknownKey(id))?;
        entry.material.as_deref().ok_or(match entry.state {
            KeyState::Destroyed => ErrorKind::DestroyedKey(id),
            _ => ErrorKind::RetiredKey(id),
        })
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
    columns: ArcSwap<Columns>,
}

type Columns = HashMap<CipherId<'static>, Arc<ColumnSealer>>;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct CipherId<'a> {
    table: &'a str,
    column: &'a str,
    suite: Suite,
}

/// All that the values of one column in one scope have in common.
pub(super) struct ColumnSealer {
    pub(super) cipher: ColumnCipher,
    pub(super) aad: AadStart,
}

impl KeyMaterial {
    pub(super) fn new(record: &KeyRecord, key: DataKey) -> Self {
        Self {
            id: record.id,
            scope: record.scope.clone(),
            commitment: record.commitment,
            key,
            columns: ArcSwap::default(),
        }
    }

    pub(super) fn key(&self) -> &DataKey {
        &self.key
    }

    /// Hands the column's cipher under that suite to `with`. It is derived at its first use.
    pub(super) fn with_column<T>(
        &self,
        column: &Column,
        suite: Suite,
        with: impl FnOnce(&ColumnSealer) -> T,
    ) -> Result<T, Failed> {
        let id = CipherId { table: column.table(), column: column.name(), suite };
        if let Some(ready) = self.columns.load().get(&id) {
            return Ok(with(ready));
        }
        self.derive(id)?;
        let columns = self.columns.load();
        columns.get(&id).map(|ready| with(ready)).ok_or(Failed::Rejected)
    }

    #[cold]
    fn derive(&self, id: CipherId<'static>) -> Result<(), Failed> {
        let derive = || ColumnCipher::new(id.suite, &column_key(&self.key, id.suite, id.table, id.column));
        let cipher = scrubbed(derive).ok_or(Failed::Rejected)?;
        let ready = Arc::new(ColumnSealer { cipher, aad: AadStart::new(id.table, id.column, &self.scope) });
        self.columns.rcu(|columns| {
            let mut more = Columns::clone(columns);
            // Another thread's, if it was faster: its state counts the values sealed so far.
            more.entry(id).or_insert_with(|| Arc::clone(&ready));
            more
        });
        Ok(())
    }
}
