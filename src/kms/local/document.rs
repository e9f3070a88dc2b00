//! The JSON of a KEK file. Key material goes from the file's buffer to its own without a copy in
//! between.

use super::LocalError;
use super::cipher;
use crate::format::json;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::de::{Error as DeError, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::error::Category;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

pub(super) const FORMAT: &str = "fieldseal-kek/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) format: String,
    pub(super) id: String,
    pub(super) primary: u32,
    #[serde(deserialize_with = "json::objects")]
    pub(super) keys: Vec<DocumentKey>,
    #[serde(deserialize_with = "json::object_or_null")]
    pub(super) passphrase: Option<DocumentPassphrase>,
    pub(super) mac: Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentKey {
    pub(super) version: u32,
    pub(super) key: Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentPassphrase {
    pub(super) memory_kib: u32,
    pub(super) iterations: u32,
    pub(super) parallelism: u32,
    pub(super) salt: Secret,
}

/// Bytes as base64; at most as many as a key under a passphrase has.
pub(super) struct Secret(pub(super) Zeroizing<Vec<u8>>);

/// For a file whose other fields can't be read: is it a KEK file of another version?
#[derive(Deserialize)]
struct Probe {
    format: String,
}

impl Document {
    pub(super) fn from_json(bytes: &[u8], path: &Path) -> Result<Self, LocalError> {
        json::from_object(bytes).map_err(|error| Self::refused(bytes, &error, path))
    }

    /// The parser's own message is left out: it quotes what it read, and that may be a key.
    fn refused(bytes: &[u8], error: &serde_json::Error, path: &Path) -> LocalError {
        let (path, line, column) = (path.to_owned(), error.line(), error.column());
        if !matches!(error.classify(), Category::Data) {
            return LocalError::NotJson { path, line, column };
        }
        match serde_json::from_slice::<Probe>(bytes) {
            Ok(probe) if probe.format == FORMAT => LocalError::Malformed { path, line, column },
            _ => LocalError::UnknownFormat { path },
        }
    }

    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        // Room for all of it: a buffer that grows leaves copies of its content behind.
        let mut json = Zeroizing::new(Vec::with_capacity(1024 + self.keys.len() * 256));
        // Strings and numbers always serialize, and a vector takes what is written to it.
        let written = serde_json::to_writer_pretty(&mut *json, self);
        debug_assert!(written.is_ok());
        json.push(b'\n');
        json
    }
}

impl Secret {
    pub(super) fn duplicate(&self) -> Self {
        Self(Zeroizing::new(self.0.to_vec()))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(STANDARD.encode(&*self.0)))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64)
    }
}

struct Base64;

impl Visitor<'_> for Base64 {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64")
    }

    fn visit_str<E: DeError>(self, text: &str) -> Result<Secret, E> {
        let mut bytes = Zeroizing::new(vec![0; cipher::SEALED]);
        let len = STANDARD.decode_slice(text, &mut bytes).map_err(|_| E::custom("not base64, or too long"))?;
        bytes.truncate(len);
        Ok(Secret(bytes))
    }
}
