//! Every derivation from a data key (`docs/format.md`, `docs/format-keys.md`).

use super::{ColumnKey, Commitment, DataKey, KeyId, scrubbed};
use crate::context::Scope;
use crate::format::length_prefix::lp_all;
use crate::suite::Suite;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The key of one column under one suite.
pub(crate) fn column_key(key: &DataKey, suite: Suite, table: &str, column: &str) -> ColumnKey {
    let info = lp_all(&[b"fieldseal/1 column key", suite.name().as_bytes(), table.as_bytes(), column.as_bytes()]);
    let mut out = Zeroizing::new(vec![0; suite.key_len()]);
    hkdf(key.expose(), &info, &mut out);
    ColumnKey(out)
}

/// The commitment to a data key under its id and scope.
pub(crate) fn commitment(key: &DataKey, id: KeyId, scope: &Scope) -> Commitment {
    let info = lp_all(&[b"fieldseal/1 commitment", &id.get().to_be_bytes(), scope.as_str().as_bytes()]);
    let mut out = [0; Commitment::LEN];
    hkdf(key.expose(), &info, &mut out);
    Commitment(out)
}

/// HKDF-SHA256 (RFC 5869) with an empty salt.
pub(crate) fn hkdf(key: &[u8], info: &[u8], out: &mut [u8]) {
    let expanded = scrubbed(|| Hkdf::<Sha256>::new(None, key).expand(info, out));
    #[expect(clippy::expect_used, reason = "no caller asks for more than 64 bytes, and zeros must never be a key")]
    expanded.expect("RFC 5869 allows 8,160 bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869, appendix A.3: zero-length salt.
    #[test]
    fn is_rfc_5869() {
        let mut out = [0; 42];
        hkdf(&[0x0b; 22], b"", &mut out);
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
        assert_eq!(hex::encode(out), expected);
    }

    #[test]
    fn every_input_changes_the_column_key() {
        let key = DataKey::take(&mut [1; 32]).unwrap();
        let derive = |suite, table, column| column_key(&key, suite, table, column).expose().to_vec();
        let base = derive(Suite::Xaes256Gcm, "ab", "c");
        assert_ne!(base, derive(Suite::XChaCha20Poly1305, "ab", "c"));
        assert_ne!(base, derive(Suite::Xaes256Gcm, "a", "bc"));
        assert_ne!(base, derive(Suite::Xaes256Gcm, "ab", "d"));
        assert_ne!(base, column_key(&DataKey::take(&mut [2; 32]).unwrap(), Suite::Xaes256Gcm, "ab", "c").expose());
        assert_eq!(derive(Suite::Aes256Siv, "ab", "c").len(), 64);
    }
}
