//! A map that is read without a lock and written by copying one of its parts.

use crate::context::Scope;
use crate::keys::KeyId;
use arc_swap::{ArcSwap, Guard};
use hashbrown::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// How many shards there are: a power of two. A write copies the entries of one shard.
const SHARDS: usize = 64;

pub(crate) type Shard<K, V> = HashMap<K, V>;

pub(crate) struct Sharded<K, V> {
    shards: [ArcSwap<Shard<K, V>>; SHARDS],
}

/// What spreads keys over shards.
pub(crate) trait Spread {
    fn spread(&self) -> usize;
}

impl Spread for KeyId {
    fn spread(&self) -> usize {
        // Key ids are random already.
        usize::try_from(self.get()).unwrap_or_default()
    }
}

impl Spread for Scope {
    fn spread(&self) -> usize {
        // FNV-1a: names are short, and nobody gains much by making them collide.
        let hash = self
            .as_str()
            .bytes()
            .fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        usize::try_from(hash ^ (hash >> 16)).unwrap_or_default()
    }
}

impl<K: Hash + Eq + Clone + Spread, V: Clone> Sharded<K, V> {
    /// The part of the map that the key would be in, as it is at this moment.
    pub(crate) fn shard(&self, key: &K) -> Guard<Arc<Shard<K, V>>> {
        self.place(key).load()
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.shard(key).get(key).cloned()
    }

    /// Replaces the value of `key`. Callers take turns: of two at the same moment one change would
    /// be lost.
    pub(crate) fn set(&self, key: &K, value: Option<V>) {
        let place = self.place(key);
        let mut shard = Shard::clone(&place.load());
        match value {
            Some(value) => drop(shard.insert(key.clone(), value)),
            None => drop(shard.remove(key)),
        }
        place.store(Arc::new(shard));
    }

    /// Visits every entry, shard by shard: they needn't all have been there at one moment.
    pub(crate) fn for_each(&self, mut with: impl FnMut(&K, &V)) {
        for shard in &self.shards {
            for (key, value) in shard.load().iter() {
                with(key, value);
            }
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the index is below the number of shards")]
    fn place(&self, key: &K) -> &ArcSwap<Shard<K, V>> {
        &self.shards[key.spread() % SHARDS]
    }
}

impl<K, V> Default for Sharded<K, V> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| ArcSwap::default()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_set() {
        let map = Sharded::default();
        let id = |number: u32| KeyId::new(number + 1).unwrap();
        for number in 0..1000_u32 {
            map.set(&id(number), Some(number * 2));
        }
        for number in (0..1000).step_by(3) {
            map.set(&id(number), None);
        }
        let mut sum = 0_u32;
        map.for_each(|_, value| sum += value);
        assert_eq!(sum, (0..1000).filter(|number| number % 3 != 0).map(|number| number * 2).sum::<u32>());
        assert_eq!((map.get(&id(3)), map.get(&id(4))), (None, Some(8)));
        let fullest = map.shards.iter().map(|shard| shard.load().len()).max();
        assert!(fullest < Some(30), "keys are spread");
    }

    #[test]
    fn scopes_are_spread_whatever_their_names_have_in_common() {
        let fullest = |name: &dyn Fn(u64) -> String| {
            let mut counts = [0; SHARDS];
            (0..6400).for_each(|number| counts[Scope::tenant(name(number)).unwrap().spread() % SHARDS] += 1);
            counts.into_iter().max()
        };
        assert!(fullest(&|number| number.to_string()) < Some(200));
        assert!(fullest(&|number| format!("{number}.example.com")) < Some(200));
        assert!(fullest(&|number| format!("tenant-{number:08}")) < Some(200));
        let uuid = |number: u64| {
            let random = u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64
                | u128::from(number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
            format!("{random:032x}")
        };
        assert!(fullest(&uuid) < Some(200));
    }
}
