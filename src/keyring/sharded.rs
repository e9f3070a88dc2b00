//! A map that is read without a lock and written by copying one of its parts.

use arc_swap::{ArcSwap, Guard};
use hashbrown::{DefaultHashBuilder, HashMap};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// A power of two. A write copies the entries of one shard.
const SHARDS: usize = 64;

pub(super) type Shard<K, V> = HashMap<K, V>;

pub(super) struct Sharded<K, V> {
    shards: [ArcSwap<Shard<K, V>>; SHARDS],
    hasher: DefaultHashBuilder,
}

impl<K: Hash + Eq + Clone, V: Clone> Sharded<K, V> {
    /// The part of the map that the key would be in, as it is at this moment.
    pub(super) fn shard(&self, key: &K) -> Guard<Arc<Shard<K, V>>> {
        self.place(key).load()
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.shard(key).get(key).cloned()
    }

    /// Replaces the value of `key`; two writers at the same moment would lose one of their changes.
    pub(super) fn set(&self, key: &K, value: Option<V>) {
        let place = self.place(key);
        let mut shard = Shard::clone(&place.load());
        match value {
            Some(value) => drop(shard.insert(key.clone(), value)),
            None => drop(shard.remove(key)),
        }
        place.store(Arc::new(shard));
    }

    /// Every entry, shard by shard: not all at one moment.
    pub(super) fn for_each(&self, mut with: impl FnMut(&K, &V)) {
        for shard in &self.shards {
            for (key, value) in shard.load().iter() {
                with(key, value);
            }
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the index is below the number of shards")]
    fn place(&self, key: &K) -> &ArcSwap<Shard<K, V>> {
        // The map itself uses the low and the highest bits.
        let hash = self.hasher.hash_one(key) >> 32;
        &self.shards[usize::try_from(hash).unwrap_or_default() % SHARDS]
    }
}

impl<K, V> Default for Sharded<K, V> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| ArcSwap::default()), hasher: DefaultHashBuilder::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_set() {
        let map = Sharded::default();
        for number in 0..1000_u32 {
            map.set(&number, Some(number * 2));
        }
        for number in (0..1000).step_by(3) {
            map.set(&number, None);
        }
        let mut sum = 0_u32;
        map.for_each(|_, value| sum += value);
        assert_eq!(sum, (0..1000).filter(|number| number % 3 != 0).map(|number| number * 2).sum::<u32>());
        assert_eq!((map.get(&3), map.get(&4)), (None, Some(8)));
        let used = map.shards.iter().filter(|shard| !shard.load().is_empty()).count();
        assert_eq!(used, SHARDS, "keys are spread");
    }
}
