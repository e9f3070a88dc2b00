//! A sealed value taken apart is the header and the body that it was made of.

use fieldseal::envelope::Envelope;

/// `data` is the stored value.
pub fn check(data: &[u8]) -> bool {
    let Ok(Envelope { key_id, body, .. }) = Envelope::parse(data) else { return false };
    let again = [&[1], key_id.get().to_be_bytes().as_slice(), body].concat();
    assert_eq!(again, data, "something is left out or made up");
    true
}
