//! One value sealed and opened, beside `ring`'s AES-256-GCM under a ready key, which is the limit.
//!
//! `cargo bench --bench values`, with `--markdown` or `--quick` after a `--`. The ratio is to ring
//! without AAD.

use fieldseal::{Column, Encrypt, Keyring, RowContext, RowId, Scope, Suite, kms, store};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use std::error::Error;
use std::time::Duration;
use testkit::measure::{Contestant, Matrix, Options, Rounds, compare};
use uuid::Uuid;

const SIZES: [usize; 4] = [16, 32, 256, 4096];
const TABLE: &str = "patients";
const NAME: &str = "name";
const ORG: i64 = 42;
const ID: Uuid = Uuid::from_u128(0x98d9_c634_4044_4f44_8b2b_1e98_63ea_1c13);

/// For what the derive adds.
#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, rusqlite)]
struct Patient {
    id: Uuid,
    org_id: i64,
    #[encrypt]
    name: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args();
    let dir = tempfile::tempdir()?;
    let keyring = Keyring::start(kms::Local::create(dir.path().join("kek.json"))?, store::Memory::new())?;
    let scope = Scope::tenant(ORG)?;
    keyring.admin().ensure_scope(&scope)?;
    let row = RowContext::of_row(RowId::of(&ID)).in_scope(scope);
    fieldseal::install(keyring.clone())?;
    let rounds = match options.quick {
        true => Rounds::Lasting(5, Duration::from_micros(100)),
        false => Rounds::Lasting(400, Duration::from_micros(500)),
    };
    let mut matrix = Matrix::default();
    for size in SIZES {
        let text = "a secret of patients' own, ".repeat(size)[..size].to_owned();
        let ring = Ring::new(&text)?;
        let (sealers, openers) = (sealers(&keyring, &row, &ring, &text), openers(&keyring, &row, &ring, &text)?);
        for (title, contestants) in [(format!("seal {size} B"), sealers), (format!("open {size} B"), openers)] {
            match options.markdown {
                true => matrix.compare(&title, contestants, rounds),
                false => compare(&title, contestants, rounds, options),
            }
        }
    }
    if options.markdown {
        matrix.print();
    }
    Ok(())
}

fn sealers<'a>(keyring: &'a Keyring, row: &'a RowContext, ring: &'a Ring, text: &'a str) -> Vec<Contestant<'a>> {
    let mut sealers = ring_sealers(ring, text);
    for suite in Suite::ALL {
        let column = column(suite);
        sealers
            .push(Contestant::new(format!("{suite}"), move || keyring.seal_bytes(&column, row, text.as_bytes())));
    }
    sealers.push(Contestant::new("String field", move || Patient::seal_name(&ORG, &ID, text)));
    sealers
}

fn openers<'a>(
    keyring: &'a Keyring,
    row: &'a RowContext,
    ring: &'a Ring,
    text: &str,
) -> Result<Vec<Contestant<'a>>, Box<dyn Error>> {
    let mut openers = ring_openers(ring);
    for suite in Suite::ALL {
        let column = column(suite);
        let sealed = keyring.seal_bytes(&column, row, text.as_bytes())?;
        let opened = keyring.open_bytes(&column, row, &sealed)?;
        assert_eq!(opened.as_deref().map(Vec::as_slice), Some(text.as_bytes()));
        openers.push(Contestant::new(format!("{suite}"), move || keyring.open_bytes(&column, row, &sealed)));
    }
    let sealed = Patient::seal_name(&ORG, &ID, text).into_bytes()?.ok_or("NULL")?;
    assert_eq!(Patient::open_name(&ORG, &ID, &sealed)?, text);
    openers.push(Contestant::new("String field", move || Patient::open_name(&ORG, &ID, &sealed)));
    Ok(openers)
}

const fn column(suite: Suite) -> Column {
    Column::new(TABLE, NAME).with_suite(suite)
}

/// ring with nothing around it: a nonce that is counted, one allocation for what comes out.
struct Ring {
    key: LessSafeKey,
    /// As long as fieldseal's.
    aad: Vec<u8>,
    /// `nonce ‖ ciphertext ‖ tag`, without and with AAD.
    sealed: [Vec<u8>; 2],
}

const NONCE: usize = 12;

impl Ring {
    fn new(text: &str) -> Result<Self, Box<dyn Error>> {
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(|_| "ring's key")?;
        let mut ring = Self { key: LessSafeKey::new(key), aad: vec![7; aad_len()], sealed: Default::default() };
        ring.sealed = [ring.seal(&[], 1, text), ring.seal(&ring.aad, 1, text)];
        assert_eq!(ring.open(&ring.aad, &ring.sealed[1]), text.as_bytes());
        Ok(ring)
    }

    fn seal(&self, aad: &[u8], counter: u64, text: &str) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        nonce[4..].copy_from_slice(&counter.to_be_bytes());
        let mut out = Vec::with_capacity(NONCE + text.len() + AES_256_GCM.tag_len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(text.as_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag =
            self.key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut out[NONCE..]).expect("short input");
        out.extend_from_slice(tag.as_ref());
        out
    }

    fn open(&self, aad: &[u8], sealed: &[u8]) -> Vec<u8> {
        let (nonce, rest) = sealed.split_at(NONCE);
        let mut out = rest.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).expect("twelve bytes");
        let len = self.key.open_in_place(nonce, Aad::from(aad), &mut out).expect("authentic").len();
        out.truncate(len);
        out
    }
}

fn ring_sealers<'a>(ring: &'a Ring, text: &'a str) -> Vec<Contestant<'a>> {
    let contestant = |name, aad: &'a [u8]| {
        let mut counter = 1;
        Contestant::new(name, move || {
            counter += 1;
            ring.seal(aad, counter, text)
        })
    };
    vec![contestant("ring, AES-256-GCM", &[]), contestant("ring, our AAD's length", &ring.aad)]
}

fn ring_openers(ring: &Ring) -> Vec<Contestant<'_>> {
    vec![
        Contestant::new("ring, AES-256-GCM", || ring.open(&[], &ring.sealed[0])),
        Contestant::new("ring, our AAD's length", || ring.open(&ring.aad, &ring.sealed[1])),
    ]
}

/// The length of the associated data of [`ID`]'s values (`docs/format.md`): a UUID is its bytes
/// there.
fn aad_len() -> usize {
    let row = "b".len() + 4 + ID.as_bytes().len();
    let parts = ["fieldseal/1 value".len(), TABLE.len(), NAME.len(), ORG.to_string().len(), row];
    parts.map(|part| 4 + part).iter().sum()
}
