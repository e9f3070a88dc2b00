//! A sealed value as text: base64 (RFC 4648, section 4), with padding, for columns that can't hold
//! bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The length in base64 of that many bytes.
pub(crate) const fn len(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

/// The text form. It is ASCII.
pub(crate) fn encode(sealed: &[u8]) -> Vec<u8> {
    STANDARD.encode(sealed).into_bytes()
}

/// The bytes; `None` unless the text is exactly their base64: no white space, complete padding.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether it is a sealed value as PostgreSQL writes a `bytea` that is assigned to a column of
/// text: `\\x01…` in hex. It must not be taken for a plaintext.
pub(crate) fn is_hex_of_sealed(text: &[u8]) -> bool {
    /// Of the suite that adds least.
    const SHORTEST: usize = 2 * 21;
    let hex = text.strip_prefix(b"\\x").unwrap_or_default();
    hex.len() >= SHORTEST
        && hex.len().is_multiple_of(2)
        && hex.starts_with(b"01")
        && hex.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_text_a_value() {
        for bad in [&b"AQ"[..], b"AQ=", b"AR==", b"AQ==\n", b" AQ==", b"AQ==AQ==", b"_w==", b"A", b"AQ==\0"] {
            assert_eq!(decode(bad), None, "{bad:?}");
        }
        assert_eq!(decode(b"AQ==").as_deref(), Some(&[1][..]));
    }

    #[test]
    fn hex_of_a_sealed_value_is_told_from_text() {
        let hex = |bytes: &[u8]| format!("\\x{}", hex::encode(bytes));
        assert!(is_hex_of_sealed(hex(&[1; 21]).as_bytes()));
        assert!(is_hex_of_sealed(hex(&[1; 65]).as_bytes()));
        for text in ["", "\\x", "\\x01", &hex(&[1; 20]), &hex(&[2; 65]), &hex(&[1; 65])[1..], &hex(&[1; 65])[..131]]
        {
            assert!(!is_hex_of_sealed(text.as_bytes()), "{text}");
        }
        assert!(!is_hex_of_sealed(format!("{}g", &hex(&[1; 65])[..131]).as_bytes()));
    }

    proptest! {
        #[test]
        fn there_and_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            prop_assert_eq!(text.len(), len(bytes.len()));
            prop_assert_eq!(decode(&text), Some(bytes));
        }
    }
}
