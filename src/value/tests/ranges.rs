//! The ranges that `docs/format.md` gives in numbers, and what serde makes of JSON's corner cases.

use super::*;
use std::collections::BTreeMap;

/// The ends are read, and what is one beyond them is refused.
fn ends_at<T: Value>(encode: impl Fn(i64) -> Vec<u8>, first: i64, last: i64) {
    for inside in [first, last] {
        assert!(decode::<T>(&encode(inside)).is_ok(), "{} {inside}", T::KIND);
    }
    for outside in [first - 1, last + 1] {
        assert!(decode::<T>(&encode(outside)).is_err(), "{} {outside}", T::KIND);
    }
}

fn days(days: i64) -> Vec<u8> {
    i32::try_from(days).unwrap().to_be_bytes().to_vec()
}

fn seconds(seconds: i64) -> Vec<u8> {
    [seconds.to_be_bytes().as_slice(), &[0; 4]].concat()
}

fn with_offset(offset: i64) -> Vec<u8> {
    [seconds(0), i32::try_from(offset).unwrap().to_be_bytes().to_vec()].concat()
}

#[test]
fn of_dates_times_and_offsets() {
    ends_at::<NaiveDate>(days, -96_465_292, 95_026_236);
    ends_at::<Date>(days, -4_371_587, 2_932_896);
    ends_at::<NaiveDateTime>(seconds, -8_334_601_228_800, 8_210_266_876_799);
    ends_at::<DateTime<Utc>>(seconds, -8_334_601_228_800, 8_210_266_876_799);
    ends_at::<PrimitiveDateTime>(seconds, -377_705_116_800, 253_402_300_799);
    ends_at::<UtcDateTime>(seconds, -377_705_116_800, 253_402_300_799);
    ends_at::<DateTime<FixedOffset>>(with_offset, -86_399, 86_399);
    ends_at::<OffsetDateTime>(with_offset, -93_599, 93_599);
    // One hour ahead of UTC the last hour of the last year is in no year.
    let last = [seconds(253_402_300_799), 3_600_i32.to_be_bytes().to_vec()].concat();
    assert!(decode::<OffsetDateTime>(&last).is_err());
}

#[test]
fn a_negative_zero_stays_one() {
    let zero = [[1, 2].as_slice(), &[0; 12]].concat();
    let decimal = decode::<Decimal>(&zero).unwrap();
    assert!(decimal.is_zero() && decimal.is_sign_negative());
    assert_eq!(bytes_of(&decimal), zero);
}

#[test]
fn of_json() {
    let value = |text: &str| decode::<serde_json::Value>(text.as_bytes());
    assert_eq!(value(r#"{"a":1,"a":2}"#).unwrap(), serde_json::json!({"a": 2}));
    for exact in ["18446744073709551615", "-9223372036854775808"] {
        assert_eq!(value(exact).unwrap().to_string(), exact);
    }
    assert!(value("18446744073709551616").unwrap().is_f64());
    let deep = |lists: usize| "[".repeat(lists) + &"]".repeat(lists);
    assert!(value(&deep(127)).is_ok());
    for refused in ["1e400", "\u{feff}1", "NaN", "1 1", deep(128).as_str()] {
        assert_eq!(value(refused), Err(Malformed), "{refused}");
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Sample {
    bytes: Vec<u8>,
    some: Option<u8>,
    none: Option<u8>,
    unit: (),
    pair: (i128, char),
    keys: BTreeMap<i32, bool>,
    kinds: Vec<Kind>,
    float: f64,
    time: std::time::Duration,
}

#[derive(serde::Serialize, serde::Deserialize)]
enum Kind {
    Unit,
    Newtype(u8),
    Tuple(u8, u8),
    Struct { a: u8 },
}

#[test]
fn serde_writes_as_the_page_says() {
    let sample = Sample {
        bytes: vec![1, 2],
        some: Some(1),
        none: None,
        unit: (),
        pair: (i128::MAX, 'é'),
        keys: BTreeMap::from([(-1, true)]),
        kinds: vec![Kind::Unit, Kind::Newtype(1), Kind::Tuple(1, 2), Kind::Struct { a: 1 }],
        float: 0.1,
        time: std::time::Duration::new(1, 2),
    };
    let json = bytes_of(&Json(sample));
    let expected = r#"{"bytes":[1,2],"some":1,"none":null,"unit":null,"pair":[170141183460469231731687303715884105727,"é"],"keys":{"-1":true},"kinds":["Unit",{"Newtype":1},{"Tuple":[1,2]},{"Struct":{"a":1}}],"float":0.1,"time":{"secs":1,"nanos":2}}"#;
    assert_eq!(std::str::from_utf8(&json).unwrap(), expected);
    let without = expected.replace(r#","none":null"#, "");
    let unknown = expected.replace(r#"{"bytes""#, r#"{"more":0,"bytes""#);
    for read in [expected, &without, &unknown] {
        assert!(decode::<Json<Sample>>(read.as_bytes()).is_ok(), "{read}");
    }
    let twice = expected.replace(r#""some":1"#, r#""some":1,"some":1"#);
    let missing = expected.replace(r#","float":0.1"#, "");
    for refused in [&twice, &missing] {
        assert!(decode::<Json<Sample>>(refused.as_bytes()).is_err(), "{refused}");
    }
}
