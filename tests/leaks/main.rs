//! Neither plaintext nor keys are anywhere but where they belong: not in the database and its
//! journals, not in the key store, not in logs, not in what any type or error prints, not in what
//! database libraries print of queries.
//!
//! A binary of its own: it installs the process's tracing subscriber, which hears everything that
//! the process logs.

mod files;
mod printed;

use diesel::prelude::*;
use fieldseal::keyring::KeyringSource;
use fieldseal::kms::Local;
use fieldseal::store::KeyStore;
use fieldseal::{Column, Encrypt, Error, Keyring, Model as _, Scope, Sealed, Suite};
use std::cell::Cell;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, Once};
use testkit::database;
use testkit::scanner::{PLANTED, Secrets};
use testkit::spy::Spy;

thread_local! {
    static CURRENT: Cell<Option<&'static Keyring>> = const { Cell::new(None) };
}

/// Each test's own keyring.
struct Current;

impl KeyringSource for Current {
    fn keyring() -> Result<&'static Keyring, Error> {
        CURRENT.get().map_or_else(fieldseal::keyring::Installed::keyring, Ok)
    }
}

diesel::table! {
    vault (id) {
        id -> BigInt,
        org_id -> BigInt,
        name -> Binary,
        photo -> Binary,
        account -> Binary,
        email -> Binary,
        visits -> Binary,
        illness -> Binary,
        ssn -> Binary,
        remark -> Text,
    }
}

#[derive(Clone, Encrypt)]
#[encrypt(table = "vault", row = id, scope = org_id, keyring = Current, rusqlite)]
#[diesel(table_name = vault)]
struct Vault {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: String,
    #[encrypt(suite = "xchacha20-poly1305")]
    photo: Vec<u8>,
    #[encrypt(suite = "aes-256-gcm")]
    account: String,
    #[encrypt(suite = "aes-256-siv", unbound_row)]
    email: String,
    #[encrypt(json)]
    visits: Vec<String>,
    #[encrypt(pad = 32, hide_null)]
    illness: Option<String>,
    #[encrypt]
    ssn: Sealed<String>,
    remark: String,
}

const SCHEMA: &str =
    "CREATE TABLE vault (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL, name, photo, account, email,
                      visits, illness, ssn, remark TEXT)";

const INSERT: &str =
    "INSERT INTO vault VALUES (:id, :org_id, :name, :photo, :account, :email, :visits, :illness, :ssn,
                      :remark)";

/// Plaintexts without spaces, different in every row, column and version.
fn row(id: i64, version: i64) -> Vault {
    let text = |column: &str| format!("{column}-of-{id}-in-version-{version}-кириллица");
    Vault {
        id,
        org_id: 1 + id % 2,
        name: text("name"),
        photo: (0..40).map(|at: u8| at.wrapping_mul(7) ^ u8::try_from(id * 16 + version).unwrap()).collect(),
        account: text("account"),
        email: text("email"),
        visits: vec![text("first-visit"), text("second-visit")],
        illness: Some(text("illness")),
        ssn: Sealed::new(text("ssn")),
        remark: PLANTED.to_owned(),
    }
}

fn add_plaintexts(secrets: &mut Secrets, row: &Vault) {
    let Vault { name, photo, account, email, visits, illness, ssn, .. } = row;
    let (illness, ssn) = (illness.clone().unwrap(), ssn.open().unwrap());
    for text in [name, account, email, &visits[0], &visits[1], &illness, &ssn] {
        secrets.add(text, text.as_bytes());
        // What is left if only the Unicode is mangled.
        secrets.add(text, text.trim_end_matches("-кириллица").as_bytes());
    }
    secrets.add("photo", photo);
}

/// A keyring for this thread's models, over a KMS that remembers the data keys.
fn open(folder: &Path, store: impl KeyStore + 'static) -> (&'static Keyring, Arc<Mutex<Vec<[u8; 32]>>>) {
    let spy = Spy::on(Local::open_or_create(folder.join("kek.json")).unwrap());
    let keys = spy.keys();
    let keyring: &Keyring = Box::leak(Box::new(Keyring::start(spy, store).unwrap()));
    for tenant in [1, 2] {
        keyring.admin().ensure_scope(&Scope::tenant(tenant).unwrap()).unwrap();
    }
    CURRENT.set(Some(keyring));
    (keyring, keys)
}

/// Data keys, column keys, and the KEK with what is derived from it.
fn add_keys(secrets: &mut Secrets, folder: &Path, keyring: &Keyring, data_keys: &Mutex<Vec<[u8; 32]>>) {
    for key in data_keys.lock().unwrap().iter() {
        secrets.add("data key", key);
    }
    for column in Vault::SCHEMA.columns {
        for tenant in [1, 2] {
            for key in column_keys(keyring, column, tenant) {
                for half in key.chunks(32) {
                    secrets.add("column key", half);
                }
            }
        }
    }
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("kek.json")).unwrap()).unwrap();
    for entry in file["keys"].as_array().unwrap() {
        let kek = decode(entry["key"].as_str().unwrap());
        secrets.add("KEK", &kek);
        for label in [&b"\0\0\0\x10fieldseal/1 wrap"[..], b"\0\0\0\x14fieldseal/1 kek file"] {
            let mut key = [0; 32];
            hkdf::Hkdf::<sha2::Sha256>::new(None, &kek).expand(label, &mut key).unwrap();
            secrets.add("key from KEK", &key);
        }
    }
}

fn column_keys(keyring: &Keyring, column: &Column, tenant: i64) -> Vec<Vec<u8>> {
    let scope = Scope::tenant(tenant).unwrap();
    let keyset = keyring.admin().dangerously_export_cleartext_tink_keyset(column, &scope).unwrap();
    let keyset: serde_json::Value = serde_json::from_str(&keyset).unwrap();
    let len = if column.suite() == Suite::Aes256Siv { 64 } else { 32 };
    let keys = keyset["key"].as_array().unwrap().iter().map(|key| {
        let message = decode(key["keyData"]["value"].as_str().unwrap());
        message[message.len() - len..].to_vec()
    });
    keys.collect()
}

fn decode(text: &str) -> Vec<u8> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap()
}

/// Everything that is logged in this process, at every level.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn capture_logs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(|| Log).init();
    });
    tracing::trace!(secret = PLANTED, "planted");
}

fn check_logs(secrets: &Secrets) {
    let log = LOG.lock().unwrap();
    secrets.check("the log", &log);
    assert!(String::from_utf8_lossy(&log).contains("changed a data key"), "administration is logged");
}
