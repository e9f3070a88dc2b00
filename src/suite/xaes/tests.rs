use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use shake::{ExtendableOutput, Shake128, Update, XofReader};

/// A value sealed by itself: prefix, text and suffix.
#[derive(Debug, Clone, PartialEq)]
struct Sealed {
    nonce: [u8; 24],
    text: Vec<u8>,
    tag: [u8; 16],
}

impl Sealed {
    fn stretch(&self) -> StretchId {
        self.nonce[..12].try_into().unwrap()
    }
}

fn cipher() -> Cipher {
    Cipher::new(&ColumnKey::for_tests(32)).unwrap()
}

fn seal(cipher: &Cipher, aad: &[u8], text: &[u8]) -> Sealed {
    let mut sealed = Sealed { nonce: [0; 24], text: text.to_vec(), tag: [0; 16] };
    cipher.seal(aad, &mut sealed.nonce, &mut sealed.text, &mut sealed.tag).unwrap();
    sealed
}

/// What [`Cipher::seal`] does once it has drawn a nonce.
fn seal_under_nonce(cipher: &Cipher, nonce: [u8; 24], aad: &[u8], text: &[u8]) -> Sealed {
    let mut sealed = Sealed { nonce, text: text.to_vec(), tag: [0; 16] };
    let stretch = cipher.derive(&sealed.stretch()).unwrap();
    stretch.seal(&nonce[12..], aad, &mut sealed.text, &mut sealed.tag).unwrap();
    sealed
}

fn seal_plainly(key: &ColumnKey, nonce: [u8; 24], aad: &[u8], text: &[u8]) -> Sealed {
    let mut sealed = Sealed { nonce, text: text.to_vec(), tag: [0; 16] };
    let plain = Xaes256Gcm::new_from_slice(key.expose()).unwrap();
    let text = sealed.text.as_mut_slice().into();
    sealed.tag = plain.encrypt_inout_detached((&nonce).into(), aad, text).unwrap().into();
    sealed
}

fn open(cipher: &Cipher, aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, CipherError> {
    let mut text = sealed.text.clone();
    cipher.open(aad, &sealed.nonce, &mut text, &sealed.tag).map(|()| text)
}

fn kept(cipher: &Cipher) -> Vec<StretchId> {
    cipher.openers.iter().filter_map(|slot| slot.stretch.load().as_ref().map(|stretch| stretch.id)).collect()
}

mod c2sp {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        vectors: Vec<Vector>,
        accumulated: Vec<Accumulated>,
    }

    #[derive(Deserialize)]
    struct Vector {
        key: String,
        nonce: String,
        plaintext: String,
        aad: String,
        ciphertext: String,
    }

    #[derive(Deserialize)]
    struct Accumulated {
        iterations: u32,
        digest: String,
    }

    fn file() -> File {
        serde_json::from_str(include_str!("../../../tests/vectors/xaes_c2sp.json")).unwrap()
    }

    #[test]
    fn published_vectors() {
        let file = file();
        assert_eq!(file.vectors.len(), 2);
        for vector in file.vectors {
            let bytes = |hex: &str| hex::decode(hex).unwrap();
            let cipher = Cipher::new(&ColumnKey::from_bytes(&bytes(&vector.key))).unwrap();
            let (nonce, aad, plaintext) = (bytes(&vector.nonce), bytes(&vector.aad), bytes(&vector.plaintext));
            let sealed = seal_under_nonce(&cipher, nonce.try_into().unwrap(), &aad, &plaintext);
            assert_eq!(hex::encode([sealed.text.as_slice(), &sealed.tag].concat()), vector.ciphertext);
            for _ in 0..3 {
                assert_eq!(open(&cipher, &aad, &sealed), Ok(plaintext.clone()));
            }
        }
    }

    /// The file's `procedure`.
    fn accumulate(iterations: u32) -> String {
        let mut stream = Shake128::default().finalize_xof();
        let mut hash = Shake128::default();
        for _ in 0..iterations {
            let mut read = |len: usize| {
                let mut bytes = vec![0; len];
                stream.read(&mut bytes);
                bytes
            };
            let (key, nonce) = (read(32), read(24));
            let len = read(1)[0];
            let plaintext = read(len.into());
            let len = read(1)[0];
            let aad = read(len.into());
            let cipher = Cipher::new(&ColumnKey::from_bytes(&key)).unwrap();
            let sealed = seal_under_nonce(&cipher, nonce.try_into().unwrap(), &aad, &plaintext);
            hash.update(&sealed.text);
            hash.update(&sealed.tag);
        }
        let mut digest = [0; 32];
        hash.finalize_xof().read(&mut digest);
        hex::encode(digest)
    }

    fn check(iterations: u32) {
        let known = file().accumulated.into_iter().find(|known| known.iterations == iterations).unwrap();
        assert_eq!(accumulate(iterations), known.digest);
    }

    #[test]
    fn digest_of_10_000_values() {
        check(10_000);
    }

    #[test]
    #[ignore = "takes minutes in a debug build: bash tests/all runs it in release"]
    fn digest_of_1_000_000_values() {
        check(1_000_000);
    }
}

proptest! {
    #[test]
    fn is_the_plain_construction(
        key in any::<[u8; 32]>(),
        nonce in any::<[u8; 24]>(),
        aad in prop::collection::vec(any::<u8>(), 0..64),
        text in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let key = ColumnKey::from_bytes(&key);
        let cipher = Cipher::new(&key).unwrap();
        let sealed = seal(&cipher, &aad, &text);
        prop_assert_eq!(&seal_plainly(&key, sealed.nonce, &aad, &text), &sealed);

        let sealed = seal_plainly(&key, nonce, &aad, &text);
        prop_assert_eq!(&seal_under_nonce(&cipher, nonce, &aad, &text), &sealed);
        for at_hand in [false, false, true, true] {
            prop_assert_eq!(kept(&cipher).contains(&sealed.stretch()), at_hand);
            prop_assert_eq!(open(&cipher, &aad, &sealed), Ok(text.clone()));
        }
    }
}

mod sealers {
    use super::*;
    use std::collections::HashMap;
    use std::thread;

    fn slot(cipher: &Cipher) -> &Slot {
        &cipher.sealers[random::thread_number() % SEALERS]
    }

    #[test]
    fn a_stretch_is_kept_for_2_to_the_20_values() {
        let cipher = cipher();
        let first = seal(&cipher, b"", b"").stretch();
        assert_eq!(seal(&cipher, b"", b"").stretch(), first);
        slot(&cipher).stretch.load().as_ref().unwrap().used.store((1 << 20) - 1, Ordering::Relaxed);
        assert_eq!(seal(&cipher, b"", b"").stretch(), first, "value 2^20");
        let second = seal(&cipher, b"", b"").stretch();
        assert_ne!(second, first, "value 2^20 + 1");
        assert_eq!(seal(&cipher, b"", b"").stretch(), second);
        assert_eq!(slot(&cipher).stretch.load().as_ref().unwrap().used.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn the_second_half_of_the_nonce_is_always_new() {
        let cipher = cipher();
        let mut halves: Vec<_> = (0..2_000).map(|_| seal(&cipher, b"", b"").nonce[12..].to_vec()).collect();
        halves.sort_unstable();
        halves.dedup();
        assert_eq!(halves.len(), 2_000);
    }

    #[test]
    fn threads_of_different_slots_have_stretches_of_their_own() {
        let cipher = cipher();
        let mut by_slot = HashMap::new();
        thread::scope(|scope| {
            for _ in 0..4 * SEALERS {
                let seal_once = || (random::thread_number() % SEALERS, seal(&cipher, b"", b"").stretch());
                let (slot, stretch) = scope.spawn(seal_once).join().unwrap();
                assert_eq!(*by_slot.entry(slot).or_insert(stretch), stretch, "slot {slot}");
            }
        });
        let mut stretches: Vec<_> = by_slot.values().collect();
        stretches.sort_unstable();
        stretches.dedup();
        assert!(by_slot.len() > 1);
        assert_eq!(stretches.len(), by_slot.len());
    }

    #[test]
    fn concurrent_threads_count_every_value() {
        let cipher = cipher();
        let sealed: Vec<_> = thread::scope(|scope| {
            let seal_some = || (0..500).map(|_| seal(&cipher, b"", b"x").stretch()).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(seal_some)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        for slot in &cipher.sealers {
            if let Some(stretch) = slot.stretch.load().as_ref() {
                let under_it = sealed.iter().filter(|id| **id == stretch.id).count();
                assert_eq!(stretch.used.load(Ordering::Relaxed), u32::try_from(under_it).unwrap());
            }
        }
    }

    #[test]
    fn a_stretch_of_another_process_is_not_continued() {
        let cipher = cipher();
        let parents =
            Stretch { process: random::process_number() + 1, ..cipher.derive_on_stack(&[7; 12]).unwrap() };
        slot(&cipher).stretch.store(Some(Arc::new(parents)));
        let sealed = seal(&cipher, b"", b"text");
        assert_ne!(sealed.stretch(), [7; 12]);
        assert_eq!(open(&cipher, b"", &sealed), Ok(b"text".to_vec()));
    }

    #[test]
    fn two_ciphers_of_one_key_draw_different_stretches() {
        assert_ne!(seal(&cipher(), b"", b"").stretch(), seal(&cipher(), b"", b"").stretch());
    }
}

mod openers {
    use super::*;

    /// A value under the stretch whose bytes are all `stretch`.
    fn value(cipher: &Cipher, stretch: u8, second: u8) -> Sealed {
        let mut nonce = [second; 24];
        nonce[..12].fill(stretch);
        seal_under_nonce(cipher, nonce, b"aad", b"text")
    }

    fn open_ok(cipher: &Cipher, sealed: &Sealed) {
        assert_eq!(open(cipher, b"aad", sealed), Ok(b"text".to_vec()));
    }

    #[test]
    fn a_stretch_is_kept_when_it_is_met_twice_in_a_row() {
        let cipher = cipher();
        open_ok(&cipher, &value(&cipher, 1, 1));
        assert!(kept(&cipher).is_empty());
        open_ok(&cipher, &value(&cipher, 1, 2));
        assert_eq!(kept(&cipher), [[1; 12]]);
        open_ok(&cipher, &value(&cipher, 1, 3));
        open_ok(&cipher, &value(&cipher, 2, 1));
        open_ok(&cipher, &value(&cipher, 2, 2));
        assert_eq!(kept(&cipher), [[1; 12], [2; 12]]);
    }

    #[test]
    fn a_kept_stretch_opens_without_the_plain_cipher() {
        let cipher = cipher();
        let sealed = value(&cipher, 1, 1);
        let mut other = Cipher::new(&ColumnKey::from_bytes(&[9; 32])).unwrap();
        assert_eq!(open(&other, b"aad", &sealed), Err(CipherError::Rejected));
        other.openers[1].stretch.store(Some(cipher.derive(&[1; 12]).unwrap()));
        open_ok(&other, &sealed);
        other.xaes = Xaes256Gcm::new_from_slice(cipher.key.expose()).unwrap();
        open_ok(&other, &value(&cipher, 2, 1));
    }

    #[test]
    fn a_kept_stretch_rejects_what_is_not_authentic() {
        let cipher = cipher();
        let sealed = value(&cipher, 1, 1);
        open_ok(&cipher, &sealed);
        open_ok(&cipher, &sealed);
        for at in 12..24 {
            let mut forged = sealed.clone();
            forged.nonce[at] ^= 1;
            assert_eq!(open(&cipher, b"aad", &forged), Err(CipherError::Rejected));
        }
        assert_eq!(open(&cipher, b"AAD", &sealed), Err(CipherError::Rejected));
        open_ok(&cipher, &sealed);
    }

    #[test]
    fn another_stretch_of_the_place_takes_it_only_when_met_twice_in_a_row() {
        const SAME_PLACE: u8 = 1 + 16;
        let cipher = cipher();
        let (old, new) = (value(&cipher, 1, 1), value(&cipher, SAME_PLACE, 1));
        open_ok(&cipher, &old);
        open_ok(&cipher, &old);
        open_ok(&cipher, &new);
        assert_eq!(kept(&cipher), [[1; 12]]);
        open_ok(&cipher, &new);
        assert_eq!(kept(&cipher), [[SAME_PLACE; 12]]);
        open_ok(&cipher, &old);
        open_ok(&cipher, &value(&cipher, SAME_PLACE + 16, 1));
        open_ok(&cipher, &old);
        assert_eq!(kept(&cipher), [[SAME_PLACE; 12]], "stretches that take turns change nothing");
    }

    #[test]
    fn a_stretch_that_begins_alike_is_another() {
        let cipher = cipher();
        let mut nonce = [1; 24];
        nonce[11] = 2;
        let alike = seal_under_nonce(&cipher, nonce, b"aad", b"text");
        open_ok(&cipher, &value(&cipher, 1, 1));
        open_ok(&cipher, &alike);
        for _ in 0..3 {
            open_ok(&cipher, &alike);
            open_ok(&cipher, &value(&cipher, 1, 2));
        }
    }

    #[test]
    fn hostile_prefixes_never_get_into_the_cache() {
        let cipher = cipher();
        for stretch in 0..=255 {
            let mut forged = value(&cipher, stretch, 1);
            forged.tag[0] ^= 1;
            assert_eq!(open(&cipher, b"aad", &forged), Err(CipherError::Rejected));
            assert_eq!(open(&cipher, b"aad", &forged), Err(CipherError::Rejected));
        }
        assert!(kept(&cipher).is_empty());
        for stretch in 0..16 {
            open_ok(&cipher, &value(&cipher, stretch, 1));
            open_ok(&cipher, &value(&cipher, stretch, 2));
        }
        let before = kept(&cipher);
        assert_eq!(before.len(), OPENERS);
        for stretch in 16..=255 {
            let forged = Sealed { tag: [0; 16], ..value(&cipher, stretch, 1) };
            assert!(open(&cipher, b"aad", &forged).is_err() && open(&cipher, b"aad", &forged).is_err());
        }
        assert_eq!(kept(&cipher), before);
        let candidates = cipher.openers.iter().map(|slot| slot.candidate.load(Ordering::Relaxed));
        assert!(candidates.eq((0..16).map(|byte| u64::from_be_bytes([byte; 8]))), "nor among the candidates");
    }
}
