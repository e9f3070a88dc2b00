//! A key store that ends with the process.

use super::{Change, KeyStore, Page, StoreError, apply, check_writable};
use crate::context::Scope;
use crate::keys::{KeyId, KeyRecord};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Data keys in memory, for tests: everything that was sealed under them is lost with the process.
///
/// Share it in an [`Arc`](std::sync::Arc) to give several keyrings the same store.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Vec<KeyRecord>>);

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, Vec<KeyRecord>> {
        // `apply` changes the records in one step, so even after a panic they are whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyStore for Memory {
    fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Page, StoreError> {
        Ok(Page::cut(self.records().clone(), Vec::new(), after, limit))
    }

    fn load_scope(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        Ok(self.records().iter().filter(|record| record.scope == *scope).cloned().collect())
    }

    fn get(&self, id: KeyId) -> Result<Option<KeyRecord>, StoreError> {
        Ok(self.records().iter().find(|record| record.id == id).cloned())
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        check_writable(&self.name(), changes)?;
        apply(&mut self.records(), changes).map_err(StoreError::Conflict)
    }

    fn name(&self) -> String {
        "in memory".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_thread_that_panicked() {
        let store = Memory::new();
        let panicked = std::thread::scope(|threads| {
            let thread = threads.spawn(|| {
                let _guard = store.0.lock();
                panic!("on purpose");
            });
            thread.join().is_err()
        });
        assert!(panicked && store.0.is_poisoned());
        assert!(store.page(None, 1).is_ok());
    }
}
