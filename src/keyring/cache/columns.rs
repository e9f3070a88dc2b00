//! The column ciphers of one data key: found without a lock, derived at their first use, never
//! taken away.

use crate::context::{AadStart, Scope};
use crate::keys::{DataKey, column_key, scrubbed};
use crate::model::Column;
use crate::suite::{CipherError, ColumnCipher, Suite};
use std::sync::OnceLock;

/// How many lists there are: a power of two. Most programs have fewer sealed columns.
const BUCKETS: usize = 16;

/// A list only grows, so what was found in it may be used for as long as the key.
#[derive(Default)]
pub(crate) struct Columns([OnceLock<Box<Node>>; BUCKETS]);

struct Node {
    id: CipherId<'static>,
    ready: ColumnSealer,
    next: OnceLock<Box<Node>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct CipherId<'a> {
    table: &'a str,
    column: &'a str,
    suite: Suite,
}

/// All that the values of one column in one scope have in common.
pub(crate) struct ColumnSealer {
    pub(crate) cipher: ColumnCipher,
    pub(crate) aad: AadStart,
}

impl Columns {
    /// The column's cipher under that suite, derived from `key` if it isn't there.
    pub(crate) fn get_or_derive(
        &self,
        column: &Column,
        suite: Suite,
        key: &DataKey,
        scope: &Scope,
    ) -> Result<&ColumnSealer, CipherError> {
        let id = CipherId { table: column.table(), column: column.name(), suite };
        let mut place = self.bucket(id);
        while let Some(node) = place.get() {
            if node.id == id {
                return Ok(&node.ready);
            }
            place = &node.next;
        }
        Ok(self.append(id, derive(id, key, scope)?))
    }

    /// Puts a cipher at the end of its list, unless another thread was faster. That thread's cipher
    /// stays then, because it counts the values that were sealed so far.
    #[cold]
    fn append(&self, id: CipherId<'static>, ready: ColumnSealer) -> &ColumnSealer {
        let mut fresh = Some(Box::new(Node { id, ready, next: OnceLock::new() }));
        let mut place = self.bucket(id);
        loop {
            if let Some(node) = fresh.take() {
                fresh = place.set(node).err();
            }
            // It's there now, whichever thread set it.
            let Some(node) = place.get() else { continue };
            if node.id == id {
                return &node.ready;
            }
            place = &node.next;
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the index is below the number of buckets")]
    fn bucket(&self, id: CipherId<'_>) -> &OnceLock<Box<Node>> {
        let last = id.column.as_bytes().last().copied().unwrap_or_default();
        &self.0[(id.table.len() * 7 + id.column.len() * 3 + usize::from(last)) % BUCKETS]
    }
}

fn derive(id: CipherId<'static>, key: &DataKey, scope: &Scope) -> Result<ColumnSealer, CipherError> {
    let derive = || ColumnCipher::new(id.suite, &column_key(key, id.suite, id.table, id.column));
    let cipher = scrubbed(derive).ok_or(CipherError::Rejected)?;
    Ok(ColumnSealer { cipher, aad: AadStart::new(id.table, id.column, scope) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_columns_have_one_cipher_each_whoever_comes_first() {
        let (columns, key) = (Columns::default(), DataKey::take(&mut [7; 32]).unwrap());
        let names: Vec<&'static str> = (0..100).map(|number| &*format!("c{number}").leak()).collect();
        let find = || {
            let all = names.iter().flat_map(|name| {
                Suite::ALL.map(|suite| {
                    let column = Column::new("t", name);
                    let ready = columns.get_or_derive(&column, suite, &key, &Scope::APPLICATION);
                    std::ptr::from_ref(ready.unwrap_or_else(|_| panic!("a cipher"))) as usize
                })
            });
            all.collect::<Vec<_>>()
        };
        let found: Vec<_> = std::thread::scope(|threads| {
            let threads: Vec<_> = (0..4).map(|_| threads.spawn(find)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(found.iter().all(|others| *others == found[0]));
        let distinct: std::collections::HashSet<_> = found[0].iter().collect();
        assert_eq!(distinct.len(), 400);
    }
}
