//! The scanner finds what it looks for.

use base64::{Engine as _, engine::general_purpose};
use testkit::scanner::Secrets;

#[test]
fn finds_every_spelling() {
    let secret: Vec<u8> = (190..230).collect();
    let mut secrets = Secrets::new();
    secrets.add("key", &secret);
    let hidden = [b"ab", &secret[..], b"c"].concat();
    for text in [
        hidden.clone(),
        hex::encode(&hidden).into_bytes(),
        hex::encode_upper(&hidden).into_bytes(),
        general_purpose::STANDARD.encode(&hidden).into_bytes(),
        general_purpose::URL_SAFE_NO_PAD.encode(&hidden[1..]).into_bytes(),
        format!("{hidden:?}").into_bytes(),
        format!("{hidden:#?}").into_bytes(),
        format!("{:?}", String::from_utf8_lossy(&hidden)).into_bytes(),
        hidden.escape_ascii().to_string().into_bytes(),
    ] {
        assert!(secrets.found_in(&text).contains("key"), "{}", String::from_utf8_lossy(&text));
    }
    assert!(secrets.found_in(&secret[1..]).is_empty());
}
