//! `tests/vectors/plaintexts.json` and `limits.json`, and every type that a kind has.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(rename = "about")]
    _about: String,
    pub cases: Vec<Case>,
    pub read_only: Vec<Case>,
    pub malformed: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub kind: String,
    pub value: Option<String>,
    pub pad: Option<usize>,
    pub hide_null: bool,
    plaintext: String,
    /// The one crate that can hold it.
    only: Option<String>,
    #[serde(rename = "expect")]
    _expect: Option<String>,
}

impl Case {
    pub fn plaintext(&self) -> Vec<u8> {
        hex::decode(&self.plaintext).unwrap()
    }

    /// Whether the types of that crate can't hold it.
    pub fn is_beyond(&self, krate: &str) -> bool {
        self.only.as_ref().is_some_and(|only| only != krate)
    }
}

/// The cases of both files.
pub fn file() -> File {
    let mut file = parsed(include_str!("../../tests/vectors/plaintexts.json"), [146, 5, 52]);
    let limits = parsed(include_str!("../../tests/vectors/limits.json"), [26, 3, 37]);
    file.cases.extend(limits.cases);
    file.read_only.extend(limits.read_only);
    file.malformed.extend(limits.malformed);
    file
}

fn parsed(text: &str, counts: [usize; 3]) -> File {
    let file: File = serde_json::from_str(text).unwrap();
    assert_eq!([file.cases.len(), file.read_only.len(), file.malformed.len()], counts);
    file
}

/// Does the same with every type of a kind: `with_each_type!("i64" => check(case))` is
/// `check::<i64>(case)` and `check::<isize>(case)`.
#[macro_export]
macro_rules! with_each_type {
    ($kind:expr => $check:ident $args:tt) => {
        $crate::with_each_type! {
            $kind => $check $args
            "text": String, ::secrecy::SecretString;
            "bytes": Vec<u8>, ::secrecy::SecretSlice<u8>;
            "bool": bool;
            "i8": i8;
            "i16": i16;
            "i32": i32;
            "i64": i64, isize;
            "i128": i128;
            "u8": u8;
            "u16": u16;
            "u32": u32;
            "u64": u64, usize;
            "u128": u128;
            "f32": f32;
            "f64": f64;
            "uuid": ::uuid::Uuid;
            "date": ::chrono::NaiveDate, ::time::Date;
            "time": ::chrono::NaiveTime, ::time::Time;
            "datetime": ::chrono::NaiveDateTime, ::time::PrimitiveDateTime;
            "timestamp": ::chrono::DateTime<::chrono::Utc>, ::time::UtcDateTime;
            "timestamp-offset": ::chrono::DateTime<::chrono::FixedOffset>, ::time::OffsetDateTime;
            "decimal": ::rust_decimal::Decimal;
            "json": ::serde_json::Value;
        }
    };
    ($kind:expr => $check:ident $args:tt $($name:literal: $($ty:ty),+;)*) => {
        match $kind {
            $($name => {$($check::<$ty> $args;)+})*
            kind => panic!("{kind} is a kind without types"),
        }
    };
}

pub use with_each_type;
