//! The encryption context: the binding as KMS takes it, in strings.

use fieldseal::Scope;
use fieldseal::keys::Binding;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// Longer names are hashed: KMS takes a context of 8,192 bytes at most, and a scope may have
/// 65,535.
const MAX_PLAIN: usize = 256;

/// `docs/format-keys.md`, "AWS KMS".
pub(crate) fn encryption_context(binding: &Binding) -> HashMap<String, String> {
    let (scope_name, scope) = scope(&binding.scope);
    HashMap::from([
        ("fieldseal:format".to_owned(), "fieldseal/1 data key".to_owned()),
        ("fieldseal:key-id".to_owned(), format!("{:08x}", binding.id.get())),
        (scope_name.to_owned(), scope),
        ("fieldseal:commitment".to_owned(), hex::encode(binding.commitment.as_bytes())),
    ])
}

/// Each kind of scope under a name of its own, so that no two scopes have the same pair, and never
/// an empty value.
fn scope(scope: &Scope) -> (&'static str, String) {
    let text = scope.as_str();
    if text.is_empty() {
        ("fieldseal:scope", "application".to_owned())
    } else if is_plain(text) {
        ("fieldseal:tenant", text.to_owned())
    } else {
        ("fieldseal:tenant-sha256", hex::encode(Sha256::digest(text.as_bytes())))
    }
}

/// What nothing on the way to KMS, in CloudTrail or in a policy could take for something else.
fn is_plain(text: &str) -> bool {
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    printable && text.len() <= MAX_PLAIN && !text.starts_with(' ') && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use fieldseal::keys::{Commitment, KeyId};
    use std::collections::HashSet;

    fn context(scope: Scope) -> Vec<String> {
        let commitment = Commitment::from_bytes([0xab; 32]);
        let binding = Binding::new(KeyId::new(0x00c0_ffee).unwrap(), scope, commitment);
        let mut pairs: Vec<_> =
            encryption_context(&binding).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.sort();
        pairs
    }

    fn tenant(name: &str) -> Scope {
        Scope::tenant(name).unwrap()
    }

    fn scope_of(stored: &str) -> Scope {
        if stored.is_empty() { Scope::APPLICATION } else { tenant(stored) }
    }

    #[test]
    fn is_as_the_format_says() {
        let with = |scope: &str| {
            let commitment = format!("fieldseal:commitment={}", "ab".repeat(32));
            let mut pairs = vec![commitment, "fieldseal:format=fieldseal/1 data key".into()];
            pairs.extend(["fieldseal:key-id=00c0ffee".to_owned(), scope.to_owned()]);
            pairs
        };
        assert_eq!(context(Scope::APPLICATION), with("fieldseal:scope=application"));
        assert_eq!(context(tenant("42")), with("fieldseal:tenant=42"));
        assert_eq!(context(tenant("{\"a\": \\\"b\\\"} *?~")), with("fieldseal:tenant={\"a\": \\\"b\\\"} *?~"));
        // printf '%s' Zürich | sha256sum
        let zurich = "fieldseal:tenant-sha256=4251685e06cab635578c72b1f5f221e9840a05ac4d8f2404be4177aa87f9907d";
        assert_eq!(context(tenant("Zürich")), with(zurich));
    }

    /// Made by `tests/oracle`, from the format's page alone.
    #[test]
    fn is_the_oracles() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/aws_contexts.json")).unwrap();
        let cases = vectors["contexts"].as_array().unwrap();
        assert!(cases.len() > 20);
        for case in cases {
            let mut commitment = [0; 32];
            hex::decode_to_slice(case["commitment"].as_str().unwrap(), &mut commitment).unwrap();
            let binding = Binding::new(
                KeyId::new(u32::try_from(case["key_id"].as_u64().unwrap()).unwrap()).unwrap(),
                scope_of(case["scope"].as_str().unwrap()),
                Commitment::from_bytes(commitment),
            );
            let context = serde_json::to_value(encryption_context(&binding)).unwrap();
            assert_eq!(context, case["context"], "{}", case["name"]);
        }
    }

    #[test]
    fn differs_for_every_scope_and_stays_small() {
        let long = "x".repeat(65_535);
        let hash = hex::encode(Sha256::digest("é"));
        let names = [
            "application",
            "a",
            "A",
            "a ",
            " a",
            "a\0",
            "a\u{301}",
            "á",
            "é",
            &hash,
            "\n",
            "\u{feff}a",
            &long,
            &long[1..],
            &long[..256],
            &long[..257],
        ];
        let scopes = names.iter().map(|name| tenant(name)).chain([Scope::APPLICATION]);
        let contexts: HashSet<_> = scopes.map(context).collect();
        assert_eq!(contexts.len(), names.len() + 1);
        for pair in contexts.iter().flatten() {
            assert!(pair.len() <= 17 + 256 && pair.is_ascii() && !pair.ends_with('='), "{pair}");
        }
    }
}
