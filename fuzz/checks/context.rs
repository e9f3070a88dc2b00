//! What is sealed for one place opens in another only if the two are the same.
//!
//! The library's own idea of "the same" is compared with one that has no encodings in it: strings,
//! and lists of typed elements.

use super::input::Input;
use super::keys::{self, Fixed};
use fieldseal::context::{AsRowId, ContextError};
use fieldseal::keys::KeyState;
use fieldseal::{Column, ErrorKind, Keyring, RowContext, RowId, Scope, Suite};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use uuid::Uuid;

/// Tables and columns that run into each other if lengths are forgotten. They are `'static`, so
/// they are chosen; and few, since each has a cipher under each tenant's key.
const NAMES: [(&str, &str); 8] = [
    ("a", "a"),
    ("a", "aa"),
    ("aa", "a"),
    ("a", "b"),
    ("a\0", "\0b"),
    ("a\0\0", "b"),
    ("a", "\0\0\0\u{1}a"),
    ("a\0\0\0\u{1}", "a"),
];
const INTEGERS: [i64; 6] = [0, 1, -1, 10, i64::MIN, i64::MAX];
const UUID_TEXT: &str = "01020304-0506-0708-090a-0b0c0d0e0f10";
const UUIDS: [Uuid; 2] = [Uuid::nil(), Uuid::from_u128(0x01020304_0506_0708_090a_0b0c0d0e0f10)];
const TEXTS: [&str; 8] = ["1", "-1", "01", "a", "aa", "\0", UUID_TEXT, "01020304-0506-0708-090A-0B0C0D0E0F10"];

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let tenants =
        INTEGERS.map(Tenant::Integer).into_iter().chain(UUIDS.map(Tenant::Uuid)).chain(TEXTS.map(Tenant::Text));
    let scopes: BTreeSet<_> = tenants.chain([Tenant::None]).map(|tenant| tenant.scope()).collect();
    let key = |(number, scope)| Fixed { id: number, byte: 7, state: KeyState::Primary, scope };
    keys::keyring(&(1..).zip(scopes).map(key).collect::<Vec<_>>())
});

/// Where a value belongs.
#[derive(Clone)]
struct Place {
    names: (&'static str, &'static str),
    suite: Suite,
    bound: bool,
    tenant: Tenant,
    row: Vec<Element>,
}

#[derive(Clone, Copy)]
enum Tenant {
    None,
    Integer(i64),
    Uuid(Uuid),
    Text(&'static str),
}

/// One column of a row id, and the Rust type that it has.
#[derive(Clone)]
enum Element {
    Integer(i64, u8),
    Text(String),
    Bytes(Vec<u8>),
    Uuid(Uuid),
}

/// What an element is, whatever its Rust type.
#[derive(PartialEq)]
enum Same {
    Integer(String),
    Text(String),
    Bytes(Vec<u8>),
}

/// `data` is one place, and what is different in the other.
pub fn check(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let first = Place::read(&mut input);
    let second = first.changed(&mut input);
    assert_eq!(first.row_id() == second.row_id(), first.row_is(&second), "row ids");
    assert_eq!(
        first.tenant.scope() == second.tenant.scope(),
        first.tenant.name() == second.tenant.name(),
        "scopes"
    );

    let same = first.is(&second);
    let plaintext = b"plaintext";
    let sealed = KEYRING.seal_bytes(&first.column(), &first.context(), plaintext);
    if first.column().is_row_bound() && first.context().row.is_unbound() {
        let error = sealed.expect_err("a value that is bound to its row, without a row");
        assert_eq!(*error.kind(), ErrorKind::Context(ContextError::MissingRow));
        return false;
    }
    let sealed = sealed.expect("every scope has a key");
    match KEYRING.open_bytes(&second.column(), &second.context(), &sealed) {
        Ok(opened) => {
            assert!(same, "opened in another place");
            assert_eq!(opened.as_deref().map(Vec::as_slice), Some(plaintext.as_slice()));
        }
        Err(error) => {
            assert!(!same, "refused in its own place");
            // AES-256-SIV adds less than the others: a short value of it is too short for them.
            assert!(matches!(error.kind(), ErrorKind::Rejected | ErrorKind::NotSealed), "{error:?}");
        }
    }
    same
}

impl Place {
    fn read(input: &mut Input<'_>) -> Self {
        Self {
            names: input.one_of(&NAMES),
            suite: input.one_of(&Suite::ALL),
            bound: input.u8() % 4 != 3,
            tenant: Tenant::read(input),
            row: row(input),
        }
    }

    /// This place with the parts read again that the next byte names.
    fn changed(&self, input: &mut Input<'_>) -> Self {
        let parts = input.u8();
        let mut place = self.clone();
        let part = |bit: u8| parts & 1 << bit != 0;
        if part(0) {
            place.names = input.one_of(&NAMES);
        }
        if part(1) {
            place.suite = input.one_of(&Suite::ALL);
        }
        if part(2) {
            place.bound = input.u8() % 4 != 3;
        }
        if part(3) {
            place.tenant = Tenant::read(input);
        }
        if part(4) {
            place.row = row(input);
        }
        place
    }

    fn column(&self) -> Column {
        let (table, name) = self.names;
        let column = Column::new(table, name).with_suite(self.suite);
        if self.bound { column } else { column.unbound_row() }
    }

    fn context(&self) -> RowContext {
        RowContext::of_row(self.row_id()).in_scope(self.tenant.scope())
    }

    fn row_id(&self) -> RowId {
        self.row.iter().fold(RowId::UNBOUND, Element::push)
    }

    fn is(&self, other: &Self) -> bool {
        let key = |place: &Self| (place.names, place.suite, place.tenant.name());
        key(self) == key(other) && self.bound_row() == other.bound_row()
    }

    fn row_is(&self, other: &Self) -> bool {
        self.row.iter().map(Element::same).eq(other.row.iter().map(Element::same))
    }

    fn bound_row(&self) -> Vec<Same> {
        let bound = self.bound && self.suite != Suite::Aes256Siv;
        if bound { self.row.iter().map(Element::same).collect() } else { Vec::new() }
    }
}

impl Tenant {
    fn read(input: &mut Input<'_>) -> Self {
        match input.u8() % 4 {
            0 => Self::None,
            1 => Self::Integer(input.one_of(&INTEGERS)),
            2 => Self::Uuid(input.one_of(&UUIDS)),
            _ => Self::Text(input.one_of(&TEXTS)),
        }
    }

    fn scope(self) -> Scope {
        match self {
            Self::None => Ok(Scope::APPLICATION),
            Self::Integer(integer) => Scope::tenant(integer),
            Self::Uuid(uuid) => Scope::tenant(uuid),
            Self::Text(text) => Scope::tenant(text),
        }
        .expect("no tenant's name is empty")
    }

    fn name(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Integer(integer) => integer.to_string(),
            Self::Uuid(uuid) => uuid.to_string(),
            Self::Text(text) => text.to_owned(),
        }
    }
}

/// Up to three elements.
fn row(input: &mut Input<'_>) -> Vec<Element> {
    (0..input.u8() % 4).map(|_| Element::read(input)).collect()
}

/// Calls a macro's body with the integer as the type of that number: as many of its low bits as
/// fit.
macro_rules! as_width {
    ($integer:expr, $width:expr, $as:ident => $call:expr) => {
        match $width % 8 {
            0 => {
                let $as = $integer as i8;
                $call
            }
            1 => {
                let $as = $integer as i16;
                $call
            }
            2 => {
                let $as = $integer as i32;
                $call
            }
            3 => {
                let $as = $integer;
                $call
            }
            4 => {
                let $as = i128::from($integer);
                $call
            }
            5 => {
                let $as = $integer as u8;
                $call
            }
            6 => {
                let $as = $integer as u64;
                $call
            }
            _ => {
                let $as = $integer as u128;
                $call
            }
        }
    };
}

impl Element {
    fn read(input: &mut Input<'_>) -> Self {
        match input.u8() % 5 {
            0 => Self::Integer(i64::from(input.u8() as i8), input.u8()),
            1 => Self::Integer(input.i64(), input.u8()),
            2 => Self::Text(String::from_utf8_lossy(input.short()).into_owned()),
            3 => Self::Bytes(input.short().to_vec()),
            _ => Self::Uuid(Uuid::from_bytes(input.array())),
        }
    }

    fn push(row: RowId, element: &Self) -> RowId {
        fn and(row: RowId, id: &(impl AsRowId + ?Sized)) -> RowId {
            row.and(id)
        }
        match element {
            Self::Integer(integer, width) => as_width!(*integer, width, id => and(row, &id)),
            Self::Text(text) => and(row, text),
            Self::Bytes(bytes) => and(row, bytes),
            Self::Uuid(uuid) => and(row, uuid),
        }
    }

    fn same(&self) -> Same {
        match self {
            Self::Integer(integer, width) => Same::Integer(as_width!(*integer, width, id => id.to_string())),
            Self::Text(text) => Same::Text(text.clone()),
            Self::Bytes(bytes) => Same::Bytes(bytes.clone()),
            Self::Uuid(uuid) => Same::Bytes(uuid.as_bytes().to_vec()),
        }
    }
}
