//! Nothing opens that wasn't sealed, and what was sealed opens only where it belongs.
//!
//! `sealed.json` holds genuine values of every sort of column, made by the Python oracle. An input
//! is one of them with changes, or anything else, and the column and row it is read in. It must be
//! refused unless it is, byte for byte, a genuine value of that place.

use super::input::Input;
use super::keys::{self, Fixed};
use fieldseal::envelope::Envelope;
use fieldseal::keys::KeyState;
use fieldseal::value::{Json, StoredValue};
use fieldseal::{Column, ErrorKind, Keyring, RowContext, RowId, Scope, Suite, Value};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::sync::LazyLock;
use uuid::Uuid;

/// `seeds.py` has the same list.
const COLUMNS: [Column; 13] = [
    column("xaes"),
    column("xchacha").with_suite(Suite::XChaCha20Poly1305),
    column("gcm").with_suite(Suite::Aes256Gcm),
    column("siv").with_suite(Suite::Aes256Siv),
    column("unbound").unbound_row(),
    column("padded").pad(16),
    column("hidden").hide_null(16),
    column("migrating").migrating(),
    column("from siv").with_previous_suite(Suite::Aes256Siv),
    column("to siv").with_suite(Suite::Aes256Siv).with_previous_suite(Suite::Xaes256Gcm),
    column("from gcm").with_suite(Suite::XChaCha20Poly1305).with_previous_suite(Suite::Aes256Gcm),
    column("unbound from siv").unbound_row().with_previous_suite(Suite::Aes256Siv),
    column("everything")
        .with_suite(Suite::Aes256Gcm)
        .with_previous_suite(Suite::Aes256Siv)
        .hide_null(16)
        .migrating(),
];

const fn column(name: &'static str) -> Column {
    Column::new("fuzzed", name)
}

/// As `seeds.py` has them: each data key is 32 times the first byte of its id.
static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let key = |byte: u8, state, tenant: &str| Fixed {
        id: u32::from_be_bytes([byte; 4]),
        byte,
        state,
        scope: scope(tenant),
    };
    keys::keyring(&[
        key(1, KeyState::Primary, ""),
        key(2, KeyState::Active, ""),
        key(3, KeyState::Retired, ""),
        key(4, KeyState::Destroyed, ""),
        key(5, KeyState::Staged, ""),
        key(6, KeyState::Primary, "7"),
    ])
});

/// Tenant and row. Tenant 8 has no key.
const PLACES: [(&str, Option<i64>); 6] =
    [("", Some(1)), ("", Some(2)), ("", None), ("7", Some(1)), ("7", Some(2)), ("8", Some(1))];

static GENUINE: LazyLock<Vec<Genuine>> =
    LazyLock::new(|| serde_json::from_str(include_str!("sealed.json")).expect("seeds.py wrote it"));

/// A value that was sealed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Genuine {
    column: String,
    suite: String,
    scope: String,
    row: Option<i64>,
    opens: Opens,
    #[serde(deserialize_with = "from_hex")]
    sealed: Vec<u8>,
}

/// What a genuine value is where it belongs.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Opens {
    Value(String),
    Null,
    /// Authentic, but not framed as the column says.
    Malformed,
    Retired,
    Destroyed,
}

/// Where a value is read.
struct Place {
    column: &'static Column,
    scope: &'static str,
    row: Option<i64>,
}

/// `data` is the column, the place, and the value.
pub fn check(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let column = &COLUMNS[usize::from(input.u8()) % COLUMNS.len()];
    let (scope, row) = input.one_of(&PLACES);
    let place = Place { column, scope, row };
    let stored = stored(&mut input);
    let opened = place.check_bytes(&stored);
    place.check_field(&stored);
    place.check_types(&stored);
    opened
}

/// 255 and the value, or the number of a genuine value and what to change of it.
fn stored(input: &mut Input<'_>) -> Vec<u8> {
    let number = input.u8();
    if number == u8::MAX {
        return input.bytes(usize::MAX).to_vec();
    }
    let genuine = |number: u8| &GENUINE[usize::from(number) % GENUINE.len()].sealed;
    let mut value = genuine(number).clone();
    while !input.is_empty() {
        edit(&mut value, input, &genuine);
    }
    value
}

fn edit<'a>(value: &mut Vec<u8>, input: &mut Input<'_>, genuine: &impl Fn(u8) -> &'a Vec<u8>) {
    let (edit, at) = (input.u8() % 8, usize::from(input.u8()).min(value.len()));
    match edit {
        0 => value.truncate(at),
        1 => value.insert(at, input.u8()),
        2 => value.extend(input.short()),
        3 => drop(value.splice(..at, input.short().iter().copied())),
        // A part of another value, at the same place.
        4 => {
            let other = genuine(input.u8());
            let end = at.saturating_add(input.u8().into()).min(value.len()).min(other.len());
            if at < end {
                value[at..end].copy_from_slice(&other[at..end]);
            }
        }
        _ if at == value.len() => {}
        5 => drop(value.remove(at)),
        6 => value[at] = input.u8(),
        _ => value[at] ^= input.u8(),
    }
}

impl Place {
    /// Whether the value opened.
    fn check_bytes(&self, stored: &[u8]) -> bool {
        match KEYRING.open_bytes(self.column, &self.context(), stored) {
            Ok(opened) => {
                let genuine = self.genuine(stored).expect("opened what wasn't sealed for this place");
                assert_eq!(opened.as_deref().map(Vec::as_slice), genuine.plaintext(), "opened as something else");
                true
            }
            Err(error) => {
                assert_eq!((error.table(), error.column()), (Some("fuzzed"), Some(self.column.name())));
                self.check_refusal(error.kind(), stored);
                false
            }
        }
    }

    fn check_refusal(&self, kind: &ErrorKind, stored: &[u8]) {
        let genuine = self.genuine(stored).map(|genuine| &genuine.opens);
        match kind {
            ErrorKind::Malformed(_) | ErrorKind::MalformedPadding => {
                assert!(matches!(genuine, Some(Opens::Malformed)))
            }
            ErrorKind::RetiredKey(_) => assert_eq!(stored[1..5], [3; 4]),
            ErrorKind::DestroyedKey(_) => assert_eq!(stored[1..5], [4; 4]),
            ErrorKind::UnknownKey(id) => assert!(stored[1..5] == id.get().to_be_bytes() && !is_known(id.get())),
            ErrorKind::Rejected => assert!(genuine.is_none()),
            ErrorKind::NotSealed => assert!(genuine.is_none() && self.cannot_be_sealed(stored)),
            other => panic!("{other:?} is not for a value of this length"),
        }
        assert!(!matches!(genuine, Some(Opens::Value(_) | Opens::Null)), "refused in its own place: {kind:?}");
    }

    /// A field's plaintext is taken only in a migrating column, and only if it can't be a sealed
    /// value.
    fn check_field(&self, stored: &[u8]) {
        let open = |value| KEYRING.open::<Option<Vec<u8>>>(self.column, &self.context(), value).ok();
        let plaintext = |plaintext: Option<Vec<u8>>| self.column.is_migrating().then_some(plaintext);
        let sealed = KEYRING.open_bytes(self.column, &self.context(), stored);
        let expected = match sealed {
            Ok(opened) => Some(opened.map(|opened| opened.to_vec())),
            // What begins like a value under a key that there is was one.
            Err(error) if *error.kind() == ErrorKind::NotSealed && claims_a_key(stored) => None,
            Err(error) if matches!(error.kind(), ErrorKind::NotSealed | ErrorKind::UnknownKey(_)) => {
                plaintext(Some(stored.to_vec()))
            }
            Err(_) => None,
        };
        assert_eq!(open(StoredValue::Bytes(stored)), expected);
        assert_eq!(open(StoredValue::Text(stored)), plaintext(Some(stored.to_vec())));
        assert_eq!(open(StoredValue::Integer(1)), None);
        let null = if self.column.hides_null() { plaintext(None) } else { Some(None) };
        assert_eq!(open(StoredValue::Null), null);
    }

    /// The other types panic at nothing either.
    fn check_types(&self, stored: &[u8]) {
        self.open_as::<String>(stored);
        self.open_as::<bool>(stored);
        self.open_as::<i32>(stored);
        self.open_as::<u128>(stored);
        self.open_as::<f64>(stored);
        self.open_as::<Uuid>(stored);
        self.open_as::<Json<serde_json::Value>>(stored);
    }

    fn open_as<V: Value>(&self, stored: &[u8]) {
        for value in [StoredValue::Bytes(stored), StoredValue::Text(stored)] {
            let opened = KEYRING.open::<V>(self.column, &self.context(), value);
            let may_open = self.column.is_migrating() || self.genuine(stored).is_some();
            assert!(opened.is_err() || may_open, "opened as {} what wasn't sealed", V::KIND);
        }
    }

    fn context(&self) -> RowContext {
        let row = self.row.map_or(RowId::UNBOUND, |row| RowId::of(&row));
        RowContext::of_row(row).in_scope(scope(self.scope))
    }

    /// The genuine value that those bytes are, if it belongs here.
    fn genuine(&self, stored: &[u8]) -> Option<&'static Genuine> {
        GENUINE.iter().find(|genuine| genuine.sealed == stored && genuine.belongs_to(self))
    }

    fn cannot_be_sealed(&self, stored: &[u8]) -> bool {
        let suites = [Some(self.column.suite()), self.column.previous_suite()];
        let shortest = suites.into_iter().flatten().map(Suite::overhead).min();
        Envelope::parse(stored).is_err() || Some(stored.len()) < shortest
    }
}

impl Genuine {
    fn belongs_to(&self, place: &Place) -> bool {
        let bound = self.suite != Suite::Aes256Siv.name() && !place.column.name().starts_with("unbound");
        self.column == place.column.name() && self.scope == place.scope && (!bound || self.row == place.row)
    }

    fn plaintext(&self) -> Option<&[u8]> {
        match &self.opens {
            Opens::Value(text) => Some(text.as_bytes()),
            Opens::Null => None,
            Opens::Malformed | Opens::Retired | Opens::Destroyed => panic!("opened what must be refused"),
        }
    }
}

/// Whether it begins like a value under a key that there is.
fn claims_a_key(stored: &[u8]) -> bool {
    matches!(stored, [1, a, b, c, d, ..] if is_known(u32::from_be_bytes([*a, *b, *c, *d])))
}

fn is_known(key_id: u32) -> bool {
    let [byte, rest @ ..] = key_id.to_be_bytes();
    (1..=6).contains(&byte) && rest == [byte; 3]
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn scope(tenant: &str) -> Scope {
    if tenant.is_empty() { Scope::APPLICATION } else { Scope::tenant(tenant).expect("not empty") }
}
