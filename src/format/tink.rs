//! Tink's keyset as JSON and as protobuf (`tink.proto` in Tink's sources).

use crate::suite::Suite;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The keys of one AEAD, ordered by id.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Keyset {
    primary_key_id: u32,
    key: Vec<TinkKey>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TinkKey {
    key_data: KeyData,
    status: &'static str,
    key_id: u32,
    output_prefix_type: &'static str,
}

#[derive(Serialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
struct KeyData {
    #[zeroize(skip)]
    type_url: String,
    value: String,
    #[zeroize(skip)]
    key_material_type: &'static str,
    /// What `value` is in base64.
    #[serde(skip)]
    message: Vec<u8>,
}

/// A keyset that needs a KEK.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EncryptedKeyset<'a> {
    encrypted_keyset: String,
    keyset_info: KeysetInfo<'a>,
}

/// What may be known of a keyset without the KEK.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeysetInfo<'a> {
    primary_key_id: u32,
    key_info: Vec<TinkKeyInfo<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TinkKeyInfo<'a> {
    type_url: &'a str,
    status: &'static str,
    key_id: u32,
    output_prefix_type: &'static str,
}

impl Keyset {
    pub(crate) fn new(primary_key_id: u32, mut key: Vec<TinkKey>) -> Self {
        key.sort_by_key(|key| key.key_id);
        Self { primary_key_id, key }
    }

    /// Cleartext.
    pub(crate) fn to_json(&self) -> Zeroizing<String> {
        // Counted first, so that the buffer holding keys never moves.
        #[expect(clippy::expect_used, reason = "strings and numbers always serialize, to text")]
        let bytes = crate::value::encode_json(self).expect("a keyset is JSON");
        #[expect(clippy::expect_used, reason = "as above")]
        let text = std::str::from_utf8(&bytes).expect("JSON is UTF-8");
        Zeroizing::new(text.to_owned())
    }

    /// The message `Keyset`, cleartext: what is encrypted.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let keys: Vec<_> = self.key.iter().map(TinkKey::to_bytes).collect();
        let len = keys.iter().map(|key| key.len() + FRAME).sum::<usize>();
        let mut message = Zeroizing::new(Vec::with_capacity(FRAME + len));
        push_number(&mut message, 1, self.primary_key_id);
        for key in &keys {
            push_bytes(&mut message, 2, key);
        }
        message
    }

    /// With what the KEK made of [`Self::to_bytes`].
    pub(crate) fn to_encrypted_json(&self, encrypted: &[u8]) -> String {
        let key_info = self.key.iter().map(TinkKeyInfo::of).collect();
        let keyset_info = KeysetInfo { primary_key_id: self.primary_key_id, key_info };
        let keyset = EncryptedKeyset { encrypted_keyset: STANDARD.encode(encrypted), keyset_info };
        #[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
        serde_json::to_string(&keyset).expect("a keyset is JSON")
    }
}

impl<'a> TinkKeyInfo<'a> {
    fn of(key: &'a TinkKey) -> Self {
        let TinkKey { key_data, status, key_id, output_prefix_type } = key;
        Self { type_url: &key_data.type_url, status, key_id: *key_id, output_prefix_type }
    }
}

impl TinkKey {
    pub(crate) fn new(key_id: u32, suite: Suite, key: &[u8]) -> Self {
        let (name, message) = proto(suite, key);
        let key_data = KeyData {
            type_url: format!("type.googleapis.com/google.crypto.tink.{name}"),
            value: STANDARD.encode(&*message),
            key_material_type: "SYMMETRIC",
            message: message.to_vec(),
        };
        Self { key_data, status: "ENABLED", key_id, output_prefix_type: "TINK" }
    }

    /// The message `Keyset.Key`. The numbers are those of SYMMETRIC, ENABLED and TINK, of which
    /// each is the first.
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let KeyData { type_url, message, .. } = &self.key_data;
        let mut data = Zeroizing::new(Vec::with_capacity(3 * FRAME + type_url.len() + message.len()));
        push_bytes(&mut data, 1, type_url.as_bytes());
        push_bytes(&mut data, 2, message);
        push_number(&mut data, 3, 1);
        let mut key = Zeroizing::new(Vec::with_capacity(4 * FRAME + data.len()));
        push_bytes(&mut key, 1, &data);
        push_number(&mut key, 2, 1);
        push_number(&mut key, 3, self.key_id);
        push_number(&mut key, 4, 1);
        key
    }
}

/// The most that comes in front of a field's bytes, or that a number takes: a tag, and 32 bits in
/// groups of seven.
const FRAME: usize = 6;

fn push_number(message: &mut Vec<u8>, field: u8, number: u32) {
    message.push(field << 3);
    push_varint(message, number);
}

fn push_bytes(message: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    message.push(field << 3 | 2);
    // A keyset is far shorter.
    push_varint(message, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    message.extend_from_slice(bytes);
}

fn push_varint(message: &mut Vec<u8>, mut number: u32) {
    loop {
        let [group, ..] = (number & 0x7f).to_le_bytes();
        number >>= 7;
        if number == 0 {
            return message.push(group);
        }
        message.push(group | 0x80);
    }
}

/// The key's protobuf message: its name and its bytes. Field `version` is 0 and therefore absent.
fn proto(suite: Suite, key: &[u8]) -> (&'static str, Zeroizing<Vec<u8>>) {
    /// XAesGcmParams { salt_size = 12 } as field 2.
    const XAES_PARAMS: [u8; 4] = [0x12, 2, 0x08, 12];
    /// Field 2 and field 3, length-delimited.
    const FIELD_2: u8 = 0x12;
    const FIELD_3: u8 = 0x1a;
    let (name, params, field): (_, &[u8], _) = match suite {
        Suite::Xaes256Gcm => ("XAesGcmKey", &XAES_PARAMS, FIELD_3),
        Suite::XChaCha20Poly1305 => ("XChaCha20Poly1305Key", &[], FIELD_3),
        Suite::Aes256Gcm => ("AesGcmKey", &[], FIELD_3),
        Suite::Aes256Siv => ("AesSivKey", &[], FIELD_2),
    };
    let mut message = Zeroizing::new(Vec::with_capacity(params.len() + 2 + key.len()));
    message.extend_from_slice(params);
    // One length byte: the longest key has 64.
    message.extend_from_slice(&[field, u8::try_from(key.len()).unwrap_or_default()]);
    message.extend_from_slice(key);
    (name, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_groups_of_seven_bits() {
        for (number, bytes) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (300, &[0xac, 2]),
            (u32::MAX, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            let mut message = Vec::new();
            push_varint(&mut message, number);
            assert_eq!(message, bytes);
        }
    }

    #[test]
    fn the_buffer_that_holds_keys_never_moves() {
        let key = |id| TinkKey::new(id, Suite::Aes256Siv, &[7; 64]);
        let keyset = Keyset::new(u32::MAX, (1..200).map(|id| key(u32::MAX - id)).collect());
        let len = keyset.key.iter().map(|key| key.to_bytes().len() + FRAME).sum::<usize>();
        assert!(keyset.to_bytes().len() <= FRAME + len);
        for key in &keyset.key {
            let data = &key.key_data;
            assert!(key.to_bytes().len() <= 7 * FRAME + data.type_url.len() + data.message.len());
        }
    }

    #[test]
    fn an_encrypted_keyset_shows_no_key() {
        let keyset = Keyset::new(1, vec![TinkKey::new(1, Suite::Xaes256Gcm, &[7; 32])]);
        let json = keyset.to_encrypted_json(b"encrypted");
        assert!(!json.contains(&keyset.key[0].key_data.value) && json.contains("ZW5jcnlwdGVk"));
    }
}
