//! Looking for many texts in a file's bytes at once.

use std::collections::{HashMap, HashSet};

/// Shorter texts turn up in random bytes by chance.
const SHORTEST: usize = 8;

pub const fn is_searchable(text: &str) -> bool {
    text.len() >= SHORTEST
}

/// Those of the texts that occur somewhere in `bytes`.
pub fn found<'a>(bytes: &[u8], texts: impl Iterator<Item = &'a str>) -> HashSet<&'a str> {
    let mut by_start: HashMap<&[u8], Vec<&str>> = HashMap::new();
    for text in texts.filter(|text| is_searchable(text)) {
        by_start.entry(&text.as_bytes()[..SHORTEST]).or_default().push(text);
    }
    let mut found = HashSet::new();
    for (at, start) in bytes.windows(SHORTEST).enumerate() {
        let candidates = by_start.get(start).into_iter().flatten();
        found.extend(candidates.filter(|text| bytes[at..].starts_with(text.as_bytes())));
    }
    found
}
