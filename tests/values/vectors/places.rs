//! What the columns of a row make of its scope and of its id: `docs/format.md`, "What a value is
//! bound to".

use super::*;
use fieldseal::context::ContextError;
use fieldseal::{Column, RowContext, RowId, Scope};
use uuid::Uuid;

#[derive(Deserialize)]
struct File {
    data_key: String,
    key_id: u32,
    scopes: Vec<ScopeCase>,
    rows: Vec<RowCase>,
}

#[derive(Deserialize)]
struct ScopeCase {
    name: String,
    kind: String,
    stored: Stored,
    scope: Option<String>,
    sealed: Option<String>,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct RowCase {
    name: String,
    kinds: Vec<String>,
    stored: Vec<Stored>,
    row: String,
    sealed: String,
}

/// As the database has it.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stored {
    Integer(String),
    Text(String),
    /// In hex.
    Bytes(String),
}

impl Stored {
    fn integer(&self) -> i128 {
        match self {
            Self::Integer(text) | Self::Text(text) => text.parse().unwrap(),
            Self::Bytes(_) => panic!("bytes are no integer"),
        }
    }

    fn text(&self) -> &str {
        if let Self::Text(text) = self { text } else { panic!("it is no text") }
    }

    fn bytes(&self) -> Vec<u8> {
        if let Self::Bytes(hex) = self { bytes(hex) } else { panic!("it is no bytes") }
    }

    fn uuid(&self) -> Uuid {
        match self {
            Self::Text(text) => Uuid::try_parse(text).unwrap(),
            _ => Uuid::from_slice(&self.bytes()).unwrap(),
        }
    }

    fn scope(&self, kind: &str) -> Result<Scope, ContextError> {
        match kind {
            "int" => Scope::tenant(self.integer()),
            "text" => Scope::tenant(self.text()),
            "uuid" => Scope::tenant(self.uuid()),
            other => panic!("{other} is no kind of a scope"),
        }
    }

    fn push_to(&self, row: RowId, kind: &str) -> RowId {
        match kind {
            "int" => row.and(&self.integer()),
            "text" => row.and(self.text()),
            "bytes" => row.and(&self.bytes()),
            "uuid" => row.and(&self.uuid()),
            other => panic!("{other} is no kind of a row id"),
        }
    }
}

const NAME: Column = Column::new("patients", "name");

fn file() -> File {
    serde_json::from_str(&text_of("places.json")).unwrap()
}

#[test]
fn scopes_of_columns() {
    let File { data_key, key_id, scopes, .. } = file();
    assert_eq!(scopes.len(), 17);
    for ScopeCase { name, kind, stored, scope: text, sealed, refused } in scopes {
        let scope = match (stored.scope(&kind), refused.as_deref()) {
            (Ok(scope), None) => scope,
            (Err(ContextError::EmptyScope), Some("empty_scope")) => continue,
            (Err(ContextError::LongScope), Some("long_scope")) => continue,
            (made, _) => panic!("{name}: {made:?}"),
        };
        assert_eq!(Some(scope.as_str()), text.as_deref(), "{name}");
        let keyring = known_keys::keyring(&bytes(&data_key), key_id, scope.clone());
        let place = RowContext::default().in_scope(scope);
        let opened = keyring.open_bytes(&NAME.unbound_row(), &place, &bytes(&sealed.unwrap()));
        assert_eq!(**opened.unwrap().unwrap(), *b"Ada", "{name}");
    }
}

#[test]
fn row_ids_of_columns() {
    let File { data_key, key_id, rows, .. } = file();
    assert_eq!(rows.len(), 14);
    let scope = Scope::tenant(42).unwrap();
    let keyring = known_keys::keyring(&bytes(&data_key), key_id, scope.clone());
    for RowCase { name, kinds, stored, row: encoded, sealed } in rows {
        assert_eq!(kinds.len(), stored.len(), "{name}");
        let row = kinds.iter().zip(&stored).fold(RowId::UNBOUND, |row, (kind, stored)| stored.push_to(row, kind));
        let place = RowContext::of_row(row).in_scope(scope.clone());
        let opened = keyring.open_bytes(&NAME, &place, &bytes(&sealed));
        assert_eq!(**opened.unwrap().unwrap(), *b"Ada", "{name}");
        assert_eq!(hex::encode(elements(&kinds, &stored)), encoded, "{name}");
    }
}

/// The elements one after the other, written here from the page once more.
fn elements(kinds: &[String], stored: &[Stored]) -> Vec<u8> {
    let element = |(kind, stored): (&String, &Stored)| {
        let (tag, content) = match kind.as_str() {
            "int" => (b'i', stored.integer().to_string().into_bytes()),
            "text" => (b't', stored.text().to_owned().into_bytes()),
            "uuid" => (b'b', stored.uuid().as_bytes().to_vec()),
            _ => (b'b', stored.bytes()),
        };
        [&[tag][..], &u32::try_from(content.len()).unwrap().to_be_bytes(), &content].concat()
    };
    kinds.iter().zip(stored).flat_map(element).collect()
}
