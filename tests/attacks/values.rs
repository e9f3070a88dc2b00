//! Sealed values in places that they weren't sealed for.

use super::*;
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fieldseal::{Encrypt, Error, ErrorKind, Suite};
use rusqlite::params;

test_keyring!(Keys, &[1, 2]);

macro_rules! model {
    ($name:ident, $table:literal) => {
        #[derive(Encrypt)]
        #[encrypt(table = $table, row = id, scope = org_id, keyring = Keys, rusqlite)]
        struct $name {
            id: i64,
            org_id: i64,
            #[encrypt]
            xaes_a: String,
            #[encrypt]
            xaes_b: String,
            #[encrypt(suite = "xchacha20-poly1305")]
            xchacha_a: String,
            #[encrypt(suite = "xchacha20-poly1305")]
            xchacha_b: String,
            #[encrypt(suite = "aes-256-gcm")]
            gcm_a: String,
            #[encrypt(suite = "aes-256-gcm")]
            gcm_b: String,
            #[encrypt(suite = "aes-256-siv", unbound_row)]
            siv_a: String,
            #[encrypt(suite = "aes-256-siv", unbound_row)]
            siv_b: String,
            #[encrypt(unbound_row)]
            unbound_a: String,
            #[encrypt(unbound_row)]
            unbound_b: String,
        }

        impl $name {
            fn insert(victim: &Victim, id: i64, org_id: i64) {
                let text = |column: &'static str| Cell { table: $table, column, id, org_id }.plaintext();
                let row = Self {
                    id,
                    org_id,
                    xaes_a: text("xaes_a"),
                    xaes_b: text("xaes_b"),
                    xchacha_a: text("xchacha_a"),
                    xchacha_b: text("xchacha_b"),
                    gcm_a: text("gcm_a"),
                    gcm_b: text("gcm_b"),
                    siv_a: text("siv_a"),
                    siv_b: text("siv_b"),
                    unbound_a: text("unbound_a"),
                    unbound_b: text("unbound_b"),
                };
                let columns = COLUMNS.map(|column| format!(":{column}")).join(", ");
                let sql = format!("INSERT INTO {} VALUES (:id, :org_id, {columns})", $table);
                victim.attacker.execute(&sql, row.params().bind().as_slice()).unwrap();
            }

            /// One column of a row that is loaded as a whole.
            fn read(victim: &Victim, column: &str, id: i64) -> Result<String, Error> {
                let sql = concat!("SELECT * FROM ", $table, " WHERE id = ?1");
                let row = victim.attacker.query_row(sql, [id], |row| Self::try_from(row));
                let row = row.map_err(|error| Error::find_in(&error).unwrap().clone())?;
                Ok(match column {
                    "xaes_a" => row.xaes_a,
                    "xaes_b" => row.xaes_b,
                    "xchacha_a" => row.xchacha_a,
                    "xchacha_b" => row.xchacha_b,
                    "gcm_a" => row.gcm_a,
                    "gcm_b" => row.gcm_b,
                    "siv_a" => row.siv_a,
                    "siv_b" => row.siv_b,
                    "unbound_a" => row.unbound_a,
                    _ => row.unbound_b,
                })
            }
        }
    };
}

model!(Left, "left_side");
model!(Right, "right_side");

const TABLES: [&str; 2] = ["left_side", "right_side"];
const COLUMNS: [&str; 10] =
    ["xaes_a", "xaes_b", "xchacha_a", "xchacha_b", "gcm_a", "gcm_b", "siv_a", "siv_b", "unbound_a", "unbound_b"];
/// Two rows of each of two tenants; the second of each was written after a rotation.
const ROWS: [(i64, i64); 4] = [(1, 1), (2, 1), (3, 2), (4, 2)];

#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    table: &'static str,
    column: &'static str,
    id: i64,
    org_id: i64,
}

impl Cell {
    fn all() -> Vec<Self> {
        let mut cells = Vec::new();
        for table in TABLES {
            for column in COLUMNS {
                cells.extend(ROWS.map(|(id, org_id)| Self { table, column, id, org_id }));
            }
        }
        cells
    }

    fn get(self, victim: &Victim) -> Vec<u8> {
        victim.ask(&format!("SELECT {} FROM {} WHERE id = {}", self.column, self.table, self.id))
    }

    fn set(self, victim: &Victim, value: &[u8]) {
        let sql = format!("UPDATE {} SET {} = ?1 WHERE id = ?2", self.table, self.column);
        victim.attacker.execute(&sql, params![value, self.id]).unwrap();
    }

    fn read(self, victim: &Victim) -> Result<String, Error> {
        let read = if self.table == TABLES[0] { Left::read } else { Right::read };
        read(victim, self.column, self.id)
    }

    fn plaintext(self) -> String {
        // Longer than what any suite adds, so that no value is too short for another column.
        format!("plaintext of {}, {}, row {}, of tenant {}", self.table, self.column, self.id, self.org_id)
    }

    /// What the threat model grants to whoever writes the database: moving a value that isn't bound to its row to
    /// another row of the same column and scope.
    fn accepts(self, from: Self) -> bool {
        let unbound = self.column.starts_with("siv") || self.column.starts_with("unbound");
        let same = (self.table, self.column, self.org_id) == (from.table, from.column, from.org_id);
        self == from || (unbound && same)
    }
}

#[test]
fn a_value_opens_only_where_it_was_sealed() {
    let victim = Victim::new();
    for table in TABLES {
        victim.attack(&format!(
            "CREATE TABLE {table} (id INTEGER PRIMARY KEY, org_id INTEGER, {})",
            COLUMNS.join(",")
        ));
    }
    let keyring = <Keys as fieldseal::KeyringSource>::keyring().unwrap();
    for second in [false, true] {
        for (id, org_id) in ROWS.into_iter().filter(|(id, _)| (id % 2 == 0) == second) {
            Left::insert(&victim, id, org_id);
            Right::insert(&victim, id, org_id);
        }
        for number in [1, 2] {
            keyring.rotate(&tenant(number)).unwrap();
        }
    }
    let cells = Cell::all();
    let (mut accepted, mut refused) = (0, 0);
    for to in &cells {
        let own = to.get(&victim);
        for from in &cells {
            to.set(&victim, &from.get(&victim));
            match to.read(&victim) {
                Ok(text) => {
                    assert!(to.accepts(*from), "{from:?} opened as {to:?}");
                    assert_eq!(text, from.plaintext());
                    accepted += 1;
                }
                Err(error) => {
                    assert!(!to.accepts(*from), "{from:?} refused as {to:?}: {error}");
                    assert_eq!(*error.kind(), ErrorKind::Rejected, "{from:?} as {to:?}");
                    assert_eq!((error.table(), error.column()), (Some(to.table), Some(to.column)));
                    refused += 1;
                }
            }
            to.set(&victim, &own);
        }
        assert_eq!(to.read(&victim).unwrap(), to.plaintext());
    }
    let unbound = TABLES.len() * 4 * ROWS.len();
    assert_eq!((accepted, refused), (cells.len() + unbound, cells.len() * (cells.len() - 1) - unbound));
}

#[test]
fn a_value_opens_only_under_its_own_key_and_suite() {
    let victim = Victim::new();
    let keyring = victim.start().unwrap();
    let scope = tenant(1);
    let mut ids = vec![keyring.ensure_scope(&scope).unwrap()];
    for suite in Suite::ALL {
        let column = Column::new("t", "c").with_suite(suite);
        let sealed = keyring.seal_bytes(&column, &place(1, 1), b"text").unwrap();
        ids.push(keyring.rotate(&scope).unwrap());
        for id in &ids {
            let relabelled = [&sealed[..1], &id.get().to_be_bytes(), &sealed[5..]].concat();
            let opened = keyring.open_bytes(&column, &place(1, 1), &relabelled);
            match opened {
                Ok(plaintext) => assert!(relabelled == sealed && **plaintext.unwrap() == *b"text"),
                Err(error) => assert_eq!((relabelled != sealed, error.kind()), (true, &ErrorKind::Rejected)),
            }
        }
        for other in Suite::ALL.into_iter().filter(|other| *other != suite) {
            let padded = [&sealed[..], &[0; 40]].concat();
            for value in [&sealed, &padded] {
                let column = Column::new("t", "c").with_suite(other);
                let kind = keyring.open_bytes(&column, &place(1, 1), value).unwrap_err().kind().clone();
                assert!(matches!(kind, ErrorKind::Rejected | ErrorKind::NotSealed), "{suite} as {other}: {kind:?}");
            }
        }
    }
}

/// The keys of one tenant were exported, or stolen: they forge that tenant's values, and nobody else's.
#[test]
fn the_exported_keys_of_one_tenant_forge_nothing_of_another() {
    let victim = Victim::new();
    let keyring = victim.start().unwrap();
    let column = Column::new("t", "c").with_suite(Suite::Aes256Gcm);
    let forge = |stolen: i64, target: i64| {
        let id = keyring.ensure_scope(&tenant(stolen)).unwrap();
        let keyset = keyring.dangerously_export_cleartext_tink_keyset(&column, &tenant(stolen)).unwrap();
        let keyset: serde_json::Value = serde_json::from_str(&keyset).unwrap();
        let message = STANDARD.decode(keyset["key"][0]["keyData"]["value"].as_str().unwrap()).unwrap();
        let row = [&b"i"[..], &lp(b"1")].concat();
        let target_scope = target.to_string();
        let parts: [&[u8]; 5] = [b"fieldseal/1 value", b"t", b"c", target_scope.as_bytes(), &row];
        let aad = parts.map(lp).concat();
        let sealed = Aes256Gcm::new_from_slice(&message[message.len() - 32..])
            .unwrap()
            .encrypt(&[7; 12].into(), Payload { msg: b"forged", aad: &aad })
            .unwrap();
        let stored = [&[1][..], &id.get().to_be_bytes(), &[7; 12], &sealed].concat();
        let opened = keyring.open_bytes(&column, &place(target, 1), &stored);
        opened.map(|plaintext| plaintext.unwrap().to_vec()).map_err(|error| error.kind().clone())
    };
    assert_eq!(forge(1, 1), Ok(b"forged".to_vec()));
    assert_eq!(forge(1, 2), Err(ErrorKind::Rejected));
    assert_eq!(forge(2, 1), Err(ErrorKind::Rejected));
}

fn lp(part: &[u8]) -> Vec<u8> {
    [&u32::try_from(part.len()).unwrap().to_be_bytes(), part].concat()
}

/// An older value of the same place is authentic: nothing in one database row could tell. The threat model says so.
#[test]
fn an_older_value_of_the_same_place_opens_as_documented() {
    let victim = Victim::new();
    let keyring = victim.start().unwrap();
    keyring.ensure_scope(&tenant(1)).unwrap();
    let old = keyring.seal_bytes(&COLUMN, &place(1, 1), b"old").unwrap();
    keyring.seal_bytes(&COLUMN, &place(1, 1), b"new").unwrap();
    assert_eq!(**keyring.open_bytes(&COLUMN, &place(1, 1), &old).unwrap().unwrap(), *b"old");
}
