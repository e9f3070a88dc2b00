use super::*;
use proptest::prelude::*;

/// `prefix ‖ text ‖ suffix`, as it is stored behind the header.
fn seal(suite: Suite, cipher: &ColumnCipher, aad: &[u8], text: &[u8]) -> Vec<u8> {
    let mut body = [&vec![0; suite.prefix_len()], text, &vec![0; suite.suffix_len()]].concat();
    let (prefix, rest) = body.split_at_mut(suite.prefix_len());
    let (text, suffix) = rest.split_at_mut(text.len());
    cipher.seal(aad, prefix, text, suffix).unwrap();
    body
}

fn open(suite: Suite, cipher: &ColumnCipher, aad: &[u8], body: &[u8]) -> Result<Vec<u8>, CipherError> {
    let (prefix, rest) = body.split_at(suite.prefix_len());
    let (text, suffix) = rest.split_at(rest.len() - suite.suffix_len());
    let mut text = text.to_vec();
    cipher.open(aad, prefix, &mut text, suffix).map(|()| text)
}

fn cipher(suite: Suite) -> ColumnCipher {
    ColumnCipher::new(suite, &ColumnKey::for_tests(u8::try_from(suite.key_len()).unwrap())).unwrap()
}

fn for_each_suite(test: impl Fn(Suite, ColumnCipher)) {
    for suite in Suite::ALL {
        test(suite, cipher(suite));
    }
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[test]
fn texts_of_any_length_come_back() {
    for_each_suite(|suite, cipher| {
        for len in (0..=100).chain([4 * 1024]) {
            let body = seal(suite, &cipher, b"aad", &text(len));
            assert_eq!(body.len() + crate::format::envelope::HEADER_LEN, len + suite.overhead());
            assert_eq!(open(suite, &cipher, b"aad", &body), Ok(text(len)), "{suite}, {len} bytes");
        }
    });
}

#[test]
fn every_flipped_bit_is_rejected() {
    for_each_suite(|suite, cipher| {
        for len in [0, 1, 33] {
            let body = seal(suite, &cipher, b"aad", &text(len));
            for bit in 0..body.len() * 8 {
                let mut forged = body.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(open(suite, &cipher, b"aad", &forged), Err(CipherError::Rejected), "{suite}, bit {bit}");
            }
            assert_eq!(open(suite, &cipher, b"aad", &body), Ok(text(len)));
        }
    });
}

#[test]
fn what_is_shorter_or_longer_is_rejected() {
    for_each_suite(|suite, cipher| {
        let body = seal(suite, &cipher, b"aad", &text(40));
        for len in suite.prefix_len() + suite.suffix_len()..body.len() {
            assert_eq!(
                open(suite, &cipher, b"aad", &body[..len]),
                Err(CipherError::Rejected),
                "{suite}, {len} bytes"
            );
            let end = &body[body.len() - len..];
            assert_eq!(open(suite, &cipher, b"aad", end), Err(CipherError::Rejected), "{suite}, last {len} bytes");
        }
        assert_eq!(open(suite, &cipher, b"aad", &[&*body, b"\0"].concat()), Err(CipherError::Rejected));
        assert_eq!(open(suite, &cipher, b"aad", &[b"\0", &*body].concat()), Err(CipherError::Rejected));
    });
}

#[test]
fn a_prefix_or_suffix_of_another_length_is_rejected() {
    for_each_suite(|suite, cipher| {
        for prefix in (0..=40).filter(|len| *len != suite.prefix_len()) {
            let opened = cipher.open(b"", &vec![0; prefix], &mut [0; 8], &vec![0; suite.suffix_len()]);
            assert_eq!(opened, Err(CipherError::Rejected), "{suite}, prefix of {prefix}");
        }
        for suffix in (0..=40).filter(|len| *len != suite.suffix_len()) {
            let opened = cipher.open(b"", &vec![0; suite.prefix_len()], &mut [0; 8], &vec![0; suffix]);
            assert_eq!(opened, Err(CipherError::Rejected), "{suite}, suffix of {suffix}");
        }
    });
}

#[test]
fn another_aad_is_rejected() {
    for_each_suite(|suite, cipher| {
        let body = seal(suite, &cipher, b"aad", &text(40));
        for other in [b"".as_slice(), b"aa", b"aae", b"aad\0", b"AAD"] {
            assert_eq!(open(suite, &cipher, other, &body), Err(CipherError::Rejected), "{suite}, {other:?}");
        }
    });
}

#[test]
fn another_key_is_rejected() {
    for_each_suite(|suite, cipher| {
        let body = seal(suite, &cipher, b"aad", &text(40));
        for bit in 0..suite.key_len() * 8 {
            let mut key: Vec<u8> = (0..u8::try_from(suite.key_len()).unwrap()).collect();
            key[bit / 8] ^= 1 << (bit % 8);
            let other = ColumnCipher::new(suite, &ColumnKey::from_bytes(&key)).unwrap();
            assert_eq!(open(suite, &other, b"aad", &body), Err(CipherError::Rejected), "{suite}, key bit {bit}");
        }
    });
}

#[test]
fn a_suite_never_opens_what_another_sealed() {
    for_each_suite(|sealing, cipher_of_it| {
        let body = seal(sealing, &cipher_of_it, b"aad", &text(40));
        for_each_suite(|opening, cipher| {
            if opening != sealing {
                assert_eq!(
                    open(opening, &cipher, b"aad", &body),
                    Err(CipherError::Rejected),
                    "{sealing} as {opening}"
                );
            }
        });
    });
}

#[test]
fn only_siv_repeats() {
    for_each_suite(|suite, cipher| {
        let mut bodies: Vec<_> = (0..1_000).map(|_| seal(suite, &cipher, b"aad", b"text")).collect();
        bodies.sort_unstable();
        bodies.dedup();
        assert_eq!(bodies.len(), if suite == Suite::Aes256Siv { 1 } else { 1_000 }, "{suite}");
    });
}

#[test]
fn siv_is_equal_only_for_equal_text_aad_and_key() {
    let (suite, other) = (Suite::Aes256Siv, ColumnKey::from_bytes(&[9; 64]));
    let body = seal(suite, &cipher(suite), b"aad", b"text");
    assert_eq!(seal(suite, &cipher(suite), b"aad", b"text"), body);
    assert_ne!(seal(suite, &cipher(suite), b"aad", b"texu"), body);
    assert_ne!(seal(suite, &cipher(suite), b"aae", b"text"), body);
    assert_ne!(seal(suite, &ColumnCipher::new(suite, &other).unwrap(), b"aad", b"text"), body);
}

#[test]
fn keys_of_another_length_are_refused() {
    for suite in Suite::ALL {
        for len in (0..=96).filter(|len| usize::from(*len) != suite.key_len()) {
            assert!(ColumnCipher::new(suite, &ColumnKey::for_tests(len)).is_none(), "{suite}, {len} bytes");
        }
    }
}

#[test]
fn names_and_overheads_are_those_of_the_format() {
    let known = Suite::ALL.map(|suite| (suite.name(), suite.overhead()));
    let documented = [("xaes-256-gcm", 45), ("xchacha20-poly1305", 45), ("aes-256-gcm", 33), ("aes-256-siv", 21)];
    assert_eq!(known, documented);
    assert!(Suite::ALL.into_iter().all(|suite| Suite::from_name(suite.name()) == Some(suite)));
    assert_eq!(Suite::from_name("AES-256-GCM"), None);
}

proptest! {
    #[test]
    fn round_trips(
        suite in prop::sample::select(&Suite::ALL),
        aad in prop::collection::vec(any::<u8>(), 0..100),
        text in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let cipher = cipher(suite);
        let body = seal(suite, &cipher, &aad, &text);
        prop_assert_eq!(open(suite, &cipher, &aad, &body), Ok(text));
    }

    #[test]
    fn arbitrary_bodies_are_rejected(
        suite in prop::sample::select(&Suite::ALL),
        body in prop::collection::vec(any::<u8>(), 40..200),
    ) {
        prop_assert_eq!(open(suite, &cipher(suite), b"aad", &body), Err(CipherError::Rejected));
    }
}
