//! Equality that forgives nothing: bits of floats, offsets of instants, scales of decimals.

use chrono::{DateTime, FixedOffset, Utc};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::fmt::Debug;

pub trait Exactly {
    fn exactly(&self, other: &Self) -> bool;
}

macro_rules! by {
    ($($type:ty: $key:expr;)*) => {$(
        impl Exactly for $type {
            fn exactly(&self, other: &Self) -> bool {
                let key: fn(&$type) -> _ = $key;
                key(self) == key(other)
            }
        }
    )*};
}

by! {
    f32: |value| value.to_bits();
    f64: |value| value.to_bits();
    DateTime<Utc>: |value| (value.timestamp(), value.timestamp_subsec_nanos());
    DateTime<FixedOffset>: |value| (value.naive_utc(), value.offset().local_minus_utc());
    time::OffsetDateTime: |value| (value.unix_timestamp_nanos(), value.offset().whole_seconds());
    Decimal: |value| value.serialize();
    serde_json::Value: |value| value.to_string();
    SecretString: |value| value.expose_secret().to_owned();
    SecretBox<[u8]>: |value| value.expose_secret().to_vec();
    SecretBox<String>: |value| value.expose_secret().clone();
}

macro_rules! by_equality {
    ($($type:ty)*) => {$(
        impl Exactly for $type {
            fn exactly(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

by_equality! {
    bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize
    String Vec<u8> uuid::Uuid
    chrono::NaiveDate chrono::NaiveTime chrono::NaiveDateTime
    time::Date time::Time time::PrimitiveDateTime time::UtcDateTime
    super::Visit super::Status super::Email super::Score Vec<super::Visit>
    std::collections::BTreeMap<String, Option<i64>>
}

impl<T: Exactly> Exactly for Option<T> {
    fn exactly(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(one), Some(two)) => one.exactly(two),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: fieldseal::Value + Clone + Debug + Exactly> Exactly for fieldseal::Sealed<T> {
    fn exactly(&self, other: &Self) -> bool {
        self.open().unwrap().exactly(&other.open().unwrap())
    }
}
