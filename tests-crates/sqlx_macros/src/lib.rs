//! The models of the tests, and the keyring that they share.

use fieldseal::keyring::KeyringSource;
use fieldseal::{Encrypt, Error, Keyring, Scope, kms, store};
use sqlx::types::JsonValue;
use std::sync::LazyLock;

/// docs/sqlx.md, compiled and run as it is printed.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/sqlx.md")]
struct Guide;

/// A keyring of its own for each program of tests.
pub struct Keys;

impl KeyringSource for Keys {
    fn keyring() -> Result<&'static Keyring, Error> {
        static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let kms = kms::Local::create(folder.path().join("kek.json")).expect("a local KEK");
            let keyring = Keyring::start(kms, store::Memory::new()).expect("a keyring");
            keyring.admin().ensure_scope(&Scope::APPLICATION).expect("a key");
            keyring
        });
        Ok(&KEYRING)
    }
}

/// A column of every kind: of bytes and of text, with and without NULL; and JSON that isn't sealed.
#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "patients", row = id, keyring = Keys, sqlx, stored = StoredPatient, size = 255)]
pub struct Patient {
    pub id: i64,
    #[encrypt]
    #[sqlx(rename = "full_name")]
    pub name: String,
    #[encrypt(pad = 32)]
    pub diagnosis: Option<String>,
    #[encrypt(base64, suite = "aes-256-siv", unbound_row)]
    pub email: String,
    #[encrypt(base64)]
    pub ssn: Option<String>,
    #[sqlx(json)]
    pub wards: Vec<String>,
    #[sqlx(json(nullable))]
    pub flags: Option<JsonValue>,
    pub city: String,
    #[sqlx(skip)]
    pub is_new: bool,
}

/// A table that sqlx.toml has overrides for.
#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "visits", row = id, keyring = Keys, sqlx, stored = StoredVisit, size = 65535)]
pub struct Visit {
    pub id: i64,
    #[encrypt]
    pub note: String,
    #[encrypt]
    pub remark: Option<String>,
}

/// With every `Option` there, or none.
#[must_use]
pub fn patient(id: i64, has_all: bool) -> Patient {
    Patient {
        id,
        name: format!("Ada {id}"),
        diagnosis: has_all.then(|| "influenza".to_owned()),
        email: format!("{id}@example.org"),
        ssn: has_all.then(|| "078-05-1120".to_owned()),
        wards: vec!["north".to_owned(), "west".to_owned()],
        flags: has_all.then(|| JsonValue::from("urgent")),
        city: "London".to_owned(),
        is_new: false,
    }
}
