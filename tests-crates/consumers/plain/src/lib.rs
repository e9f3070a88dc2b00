//! A model that is for no database library, and methods of the names that it would get from one.

use fieldseal::{Encrypt, EncryptValue};
use serde::{Deserialize, Serialize};

/// Anything serde.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// When.
    pub day: String,
}

/// A newtype.
#[derive(Debug, Clone, PartialEq, EncryptValue)]
pub struct Email(pub String);

/// One row, wherever it is kept.
#[derive(Clone, PartialEq, Encrypt)]
#[encrypt(table = "patients", row = id)]
pub struct Patient {
    /// The row id.
    pub id: u64,
    /// Sealed.
    #[encrypt]
    pub name: String,
    /// Sealed as the text it is.
    #[encrypt]
    pub email: Option<Email>,
    /// Sealed as JSON.
    #[encrypt(json, pad = 64, hide_null)]
    pub history: Option<Vec<Visit>>,
}

impl Patient {
    /// The name that a model for rusqlite gets.
    pub fn params(&self) -> &'static str {
        "the program's own"
    }
}

impl TryFrom<&str> for Patient {
    type Error = std::num::ParseIntError;

    fn try_from(id: &str) -> Result<Self, Self::Error> {
        Ok(Self { id: id.parse()?, name: String::new(), email: None, history: None })
    }
}
