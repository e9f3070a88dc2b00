//! `tests/vectors/plaintexts.json`, which the Python oracle wrote.

use crate::format::frame::{push_framed, unframe};
use crate::model::Column;
use crate::value::{Kind, Malformed, Value};
use testkit::plaintexts::{Case, file, with_each_type};
use testkit::spelt::Spelt;
use zeroize::Zeroizing;

fn column(case: &Case) -> Column {
    let column = Column::new("table", "column");
    match (case.pad, case.hide_null) {
        (None, _) => column,
        (Some(pad), false) => column.pad(pad),
        (Some(pad), true) => column.hide_null(pad),
    }
}

/// `Ok(None)` for a hidden NULL.
fn decode<T: Value>(case: &Case) -> Result<Option<T>, Malformed> {
    assert_eq!(T::KIND.name(), case.kind);
    let mut plaintext = case.plaintext();
    match unframe(&column(case), &mut plaintext) {
        Ok(true) => T::decode(Zeroizing::new(plaintext)).map(Some),
        Ok(false) => Ok(None),
        Err(_) => Err(Malformed),
    }
}

fn encode<T: Value>(case: &Case, value: Option<&T>) -> Vec<u8> {
    let encoded = value.map(|value| value.encode().unwrap());
    let mut plaintext = Vec::new();
    push_framed(&column(case), encoded.as_deref(), &mut plaintext);
    plaintext
}

fn check_both_ways<T: Value + Spelt>(case: &Case) {
    let decoded = decode::<T>(case);
    if case.is_beyond(T::CRATE) {
        assert!(decoded.is_err(), "{}: {} can't hold it", case.name, T::CRATE);
        return;
    }
    let value = decoded.unwrap_or_else(|Malformed| panic!("{} is malformed", case.name));
    assert_eq!(value.as_ref().map(Spelt::spelt), case.value, "{}", case.name);
    assert_eq!(encode(case, value.as_ref()), case.plaintext(), "{}", case.name);
}

fn check_reading<T: Value + Spelt>(case: &Case) {
    let value = decode::<T>(case).unwrap_or_else(|Malformed| panic!("{} is malformed", case.name));
    let without_spaces = |text: &String| match T::KIND {
        Kind::JSON => serde_json::from_str::<serde_json::Value>(text).unwrap().to_string(),
        _ => text.clone(),
    };
    assert_eq!(value.as_ref().map(Spelt::spelt), case.value.as_ref().map(without_spaces), "{}", case.name);
    assert_ne!(encode(case, value.as_ref()), case.plaintext(), "{}: not what is written now", case.name);
}

fn check_refusal<T: Value + Spelt>(case: &Case) {
    assert!(decode::<T>(case).is_err(), "{} is accepted", case.name);
}

#[test]
fn cases() {
    for case in &file().cases {
        with_each_type!(case.kind.as_str() => check_both_ways(case));
    }
}

#[test]
fn read_only() {
    for case in &file().read_only {
        with_each_type!(case.kind.as_str() => check_reading(case));
    }
}

#[test]
fn malformed() {
    for case in &file().malformed {
        with_each_type!(case.kind.as_str() => check_refusal(case));
    }
}
