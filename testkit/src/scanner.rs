//! Looks for secrets in whatever a program leaves behind, however they are spelt.

use base64::{Engine as _, engine::general_purpose};
use std::collections::{BTreeSet, HashMap};

/// What every check must find, or it looks in the wrong place.
pub const PLANTED: &str = "planted-so-that-the-scanner-is-seen-to-work";

#[derive(Default, Clone)]
pub struct Secrets {
    /// Spellings by their first four bytes.
    forms: HashMap<[u8; 4], Vec<(String, Vec<u8>)>>,
}

impl Secrets {
    pub fn new() -> Self {
        let mut secrets = Self::default();
        secrets.add("planted", PLANTED.as_bytes());
        secrets
    }

    pub fn add(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= 8, "{name} would be found anywhere");
        for form in spellings(secret) {
            let start = *form.first_chunk().unwrap();
            self.forms.entry(start).or_default().push((name.to_owned(), form));
        }
    }

    /// Fails unless the planted secret is there, and no other.
    pub fn check(&self, what: &str, haystack: &[u8]) {
        let found = self.found_in(haystack);
        assert!(
            found.contains("planted"),
            "{what}: the scanner misses what was planted in {} bytes",
            haystack.len()
        );
        assert_eq!(found.len(), 1, "{what}: {found:?}");
    }

    pub fn check_text(&self, what: &str, text: &str) {
        self.check(what, format!("{text}\n{PLANTED}").as_bytes());
    }

    pub fn found_in(&self, haystack: &[u8]) -> BTreeSet<&str> {
        let squeezed: Vec<u8> = haystack.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let mut found = BTreeSet::new();
        for haystack in [haystack, &squeezed] {
            for (at, start) in haystack.windows(4).enumerate() {
                for (name, form) in self.forms.get(start).into_iter().flatten() {
                    if haystack[at..].starts_with(form) {
                        found.insert(name.as_str());
                    }
                }
            }
        }
        found
    }
}

/// As it is, in hex, in base64 wherever in a longer string it stands, and as Rust prints bytes.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let list = |each: &dyn Fn(&u8) -> String, between: &str| {
        secret.iter().map(each).collect::<Vec<_>>().join(between).into_bytes()
    };
    let mut forms = vec![
        secret.to_vec(),
        hex::encode(secret).into_bytes(),
        hex::encode_upper(secret).into_bytes(),
        list(&u8::to_string, ","),
        list(&|byte| format!("0x{byte:02x}"), ","),
        list(&|byte| format!("\\x{byte:02x}"), ""),
        secret.escape_ascii().to_string().into_bytes(),
        String::from_utf8_lossy(secret).escape_debug().to_string().into_bytes(),
    ];
    for engine in [general_purpose::STANDARD, general_purpose::URL_SAFE] {
        for before in 0..3 {
            let text = engine.encode([&[0; 2][..before], secret].concat());
            let (start, end) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
            forms.push(text.as_bytes()[start..end].to_vec());
        }
    }
    forms.retain(|form| form.len() >= 8);
    forms.dedup();
    forms
}
