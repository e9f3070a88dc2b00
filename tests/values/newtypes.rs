//! `#[derive(EncryptValue)]`: a newtype is sealed as what it wraps.

use fieldseal::value::{Kind, StoredValue};
use fieldseal::{Column, EncryptValue, ErrorKind, RowContext, RowId, Scope, Value};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use testkit::known_keys;

#[derive(Debug, Clone, PartialEq, EncryptValue)]
struct Name(String);

#[derive(Debug, Clone, PartialEq, EncryptValue)]
struct Nickname(Name);

#[derive(Debug, Clone, PartialEq, EncryptValue)]
struct Cents {
    amount: i64,
}

#[derive(Debug, EncryptValue)]
struct Token(SecretString);

const COLUMN: Column = Column::new("people", "secret").hide_null(16);

fn row() -> RowContext {
    RowContext::of_row(RowId::of(&1))
}

fn keyring() -> fieldseal::Keyring {
    known_keys::keyring(&[7; 32], 1, Scope::APPLICATION)
}

#[test]
fn have_the_kind_of_what_they_wrap() {
    assert_eq!(
        (Name::KIND, Nickname::KIND, Cents::KIND, Token::KIND),
        (Kind::TEXT, Kind::TEXT, Kind::I64, Kind::TEXT)
    );
}

proptest! {
    #[test]
    fn come_back_and_are_read_by_what_they_wrap(text in any::<String>(), amount in any::<i64>()) {
        let (keyring, row) = (keyring(), row());
        let nickname = Nickname(Name(text.clone()));
        let sealed = keyring.seal(&COLUMN, &row, &nickname).into_bytes().unwrap();
        prop_assert_eq!(keyring.open::<Nickname>(&COLUMN, &row, sealed.as_ref()), Ok(nickname));
        prop_assert_eq!(keyring.open::<Name>(&COLUMN, &row, sealed.as_ref()), Ok(Name(text.clone())));
        prop_assert_eq!(keyring.open::<Option<String>>(&COLUMN, &row, sealed.as_ref()), Ok(Some(text.clone())));
        let token: Token = keyring.open(&COLUMN, &row, sealed.as_ref()).unwrap();
        prop_assert_eq!(token.0.expose_secret(), &text);

        let sealed = keyring.seal(&COLUMN, &row, &Some(Cents { amount })).into_bytes().unwrap();
        prop_assert_eq!(keyring.open::<Option<Cents>>(&COLUMN, &row, sealed.as_ref()), Ok(Some(Cents { amount })));
        prop_assert_eq!(keyring.open::<i64>(&COLUMN, &row, sealed.as_ref()), Ok(amount));
    }
}

#[test]
fn may_be_null_in_an_option() {
    let (keyring, row) = (keyring(), row());
    let sealed = keyring.seal(&COLUMN, &row, &None::<Nickname>).into_bytes().unwrap();
    assert_eq!(keyring.open::<Option<Nickname>>(&COLUMN, &row, sealed.as_ref()), Ok(None));
    let error = keyring.open::<Nickname>(&COLUMN, &row, sealed.as_ref()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnexpectedNull);
}

#[test]
fn refuse_what_the_wrapped_type_refuses() {
    let (keyring, row) = (keyring(), row());
    let sealed = keyring.seal(&COLUMN, &row, &vec![0xff_u8]).into_bytes().unwrap();
    let error = keyring.open::<Nickname>(&COLUMN, &row, sealed.as_ref()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Malformed(Kind::TEXT));
    assert_eq!(Cents::from_plaintext(StoredValue::Integer(5)), Some(Cents { amount: 5 }));
    assert_eq!(Nickname::from_plaintext(StoredValue::Integer(5)), None);
}
