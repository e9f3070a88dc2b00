//! Where a value is sealed, as the vectors and the oracle write it, and what `docs/format.md` makes
//! of it.

use fieldseal::{Column, RowContext, RowId, Scope, Suite};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    pub suite: String,
    pub table: String,
    pub column: String,
    pub scope: String,
    /// `None` where values aren't bound to their row.
    pub row: Option<Vec<Element>>,
}

/// One column of a row id.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    Int(String),
    Text(String),
    /// In hex.
    Bytes(String),
}

impl Place {
    pub fn new(suite: Suite) -> Self {
        let row = (suite != Suite::Aes256Siv).then(|| vec![Element::Int("42".into())]);
        let text = str::to_owned;
        Self { suite: text(suite.name()), table: text("patients"), column: text("diagnosis"), scope: text(""), row }
    }

    pub fn suite(&self) -> Suite {
        Suite::from_name(&self.suite).expect("a suite")
    }

    /// Leaks the names: only a program's constants are columns otherwise.
    pub fn column(&self) -> Column {
        let leak = |name: &str| -> &'static str { Box::leak(name.to_owned().into_boxed_str()) };
        let column = Column::new(leak(&self.table), leak(&self.column)).with_suite(self.suite());
        if self.row.is_none() { column.unbound_row() } else { column }
    }

    pub fn scope(&self) -> Scope {
        match self.scope.as_str() {
            "" => Scope::APPLICATION,
            tenant => Scope::tenant(tenant).expect("a tenant"),
        }
    }

    pub fn context(&self) -> RowContext {
        let row = self.row.iter().flatten().fold(RowId::UNBOUND, |row, element| match element {
            Element::Int(int) => row.and(&int.parse::<i128>().expect("an integer")),
            Element::Text(text) => row.and(text),
            Element::Bytes(hex) => row.and(&hex::decode(hex).expect("hex")),
        });
        RowContext::of_row(row).in_scope(self.scope())
    }

    /// The associated data, written here from the page once more.
    pub fn aad(&self) -> Vec<u8> {
        let row = self.row.iter().flatten().flat_map(|element| {
            let (tag, bytes) = match element {
                Element::Int(int) => (b'i', int.clone().into_bytes()),
                Element::Text(text) => (b't', text.clone().into_bytes()),
                Element::Bytes(hex) => (b'b', hex::decode(hex).expect("hex")),
            };
            [vec![tag], lp(&bytes)].concat()
        });
        let row: Vec<u8> = row.collect();
        let names = [&self.table, &self.column, &self.scope].map(|name| lp(name.as_bytes())).concat();
        [lp(b"fieldseal/1 value"), names, lp(&row)].concat()
    }

    pub fn column_key(&self, data_key: &[u8]) -> Vec<u8> {
        let names = [&self.suite, &self.table, &self.column].map(|name| lp(name.as_bytes())).concat();
        let mut key = vec![0; if self.suite() == Suite::Aes256Siv { 64 } else { 32 }];
        hkdf(data_key, &[lp(b"fieldseal/1 column key"), names].concat(), &mut key);
        key
    }
}

pub fn commitment(data_key: &[u8], key_id: u32, scope: &str) -> [u8; 32] {
    let mut commitment = [0; 32];
    let info = [lp(b"fieldseal/1 commitment"), lp(&key_id.to_be_bytes()), lp(scope.as_bytes())].concat();
    hkdf(data_key, &info, &mut commitment);
    commitment
}

fn lp(bytes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).expect("a short part");
    [&len.to_be_bytes(), bytes].concat()
}

fn hkdf(key: &[u8], info: &[u8], out: &mut [u8]) {
    Hkdf::<Sha256>::new(None, key).expand(info, out).expect("a short output");
}
