//! A sealed value as text: base64 (RFC 4648, section 4), with padding, for columns that can't hold bytes.

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

/// The bytes; `None` for what isn't exactly the base64 of some bytes: no white space, the padding complete.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
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

    proptest! {
        #[test]
        fn there_and_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            prop_assert_eq!(text.len(), len(bytes.len()));
            prop_assert_eq!(decode(&text), Some(bytes));
        }
    }
}
