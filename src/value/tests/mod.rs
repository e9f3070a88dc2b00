use super::*;
use ::chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use ::time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};
use ::uuid::Uuid;
use proptest::prelude::*;
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretBox, SecretSlice, SecretString};
use std::fmt::Debug;
use testkit::spelt::Spelt;

mod ranges;
mod vectors;

fn bytes_of<T: Value>(value: &T) -> Vec<u8> {
    value.encode().unwrap().to_vec()
}

fn decode<T: Value>(bytes: &[u8]) -> Result<T, Malformed> {
    T::decode(Zeroizing::new(bytes.to_vec()))
}

fn comes_back<T: Value + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let back = decode::<T>(&bytes_of(value));
    prop_assert_eq!(back.as_ref(), Ok(value));
    Ok(())
}

/// The value read as another type of its kind.
fn reread<T: Value, U: Value>(value: &T) -> U {
    assert_eq!(T::KIND, U::KIND);
    decode(&bytes_of(value)).unwrap()
}

mod strategies {
    use super::*;

    const DAY: i64 = 86_400;

    fn nanos() -> impl Strategy<Value = u32> {
        prop_oneof![Just(0), Just(999_999_999), 0..1_000_000_000_u32]
    }

    pub(super) fn chrono_time() -> impl Strategy<Value = NaiveTime> {
        let any = (0..86_400_u32, nanos());
        let leap = (0..1_440_u32, nanos()).prop_map(|(minute, nanos)| (minute * 60 + 59, nanos + 1_000_000_000));
        prop_oneof![3 => any, 1 => leap]
            .prop_map(|(second, nanos)| NaiveTime::from_num_seconds_from_midnight_opt(second, nanos).unwrap())
    }

    pub(super) fn chrono_date() -> impl Strategy<Value = NaiveDate> {
        let days = |date: NaiveDate| ::chrono::Datelike::num_days_from_ce(&date);
        prop_oneof![
            1 => prop::sample::select(vec![NaiveDate::MIN, NaiveDate::MAX]),
            1 => (days(NaiveDate::MIN)..=days(NaiveDate::MAX)).prop_map(|days| NaiveDate::from_num_days_from_ce_opt(days).unwrap()),
            2 => (1_800..2_200, 1..=365_u32).prop_map(|(year, day)| NaiveDate::from_yo_opt(year, day).unwrap()),
        ]
    }

    pub(super) fn chrono_utc() -> impl Strategy<Value = DateTime<Utc>> {
        prop_oneof![
            1 => prop::sample::select(vec![DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC]),
            9 => (chrono_date(), chrono_time()).prop_map(|(date, time)| date.and_time(time).and_utc()),
        ]
    }

    pub(super) fn chrono_offset() -> impl Strategy<Value = DateTime<FixedOffset>> {
        let offset = (-86_399..86_400).prop_map(|east| FixedOffset::east_opt(east).unwrap());
        (chrono_utc(), offset)
            .prop_map(|(utc, offset)| DateTime::from_naive_utc_and_offset(utc.naive_utc(), offset))
    }

    pub(super) fn time_date() -> impl Strategy<Value = Date> {
        prop_oneof![
            1 => prop::sample::select(vec![Date::MIN, Date::MAX]),
            3 => (Date::MIN.to_julian_day()..=Date::MAX.to_julian_day()).prop_map(|day| Date::from_julian_day(day).unwrap()),
        ]
    }

    pub(super) fn time_time() -> impl Strategy<Value = Time> {
        (0..24_u8, 0..60_u8, 0..60_u8, nanos())
            .prop_map(|(hour, minute, second, nanos)| Time::from_hms_nano(hour, minute, second, nanos).unwrap())
    }

    pub(super) fn time_primitive() -> impl Strategy<Value = PrimitiveDateTime> {
        prop_oneof![
            1 => prop::sample::select(vec![PrimitiveDateTime::MIN, PrimitiveDateTime::MAX]),
            9 => (time_date(), time_time()).prop_map(|(date, time)| PrimitiveDateTime::new(date, time)),
        ]
    }

    pub(super) fn time_offset() -> impl Strategy<Value = OffsetDateTime> {
        let offset = (-93_599..=93_599).prop_map(|east| UtcOffset::from_whole_seconds(east).unwrap());
        (time_primitive(), offset).prop_map(|(local, offset)| local.assume_offset(offset))
    }

    pub(super) fn decimal() -> impl Strategy<Value = Decimal> {
        let coefficient = prop_oneof![Just(0), Just((1_i128 << 96) - 1), 0..1_i128 << 96, 0..1_000_i128];
        (coefficient, 0..=28_u32, any::<bool>()).prop_map(|(coefficient, scale, negative)| {
            let mut decimal = Decimal::from_i128_with_scale(coefficient, scale);
            decimal.set_sign_negative(negative);
            decimal
        })
    }

    pub(super) fn json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<u64>().prop_map(|bits| Value::from(f64::from_bits(bits))),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// Bytes of every length, and such that numbers in them are often in a range that means
    /// something.
    pub(super) fn encoding() -> impl Strategy<Value = Vec<u8>> {
        let seconds = prop_oneof![-400_000 * 366 * DAY..400_000 * 366 * DAY, 0..4_000_000_000_i64, any::<i64>()];
        let nanos = prop_oneof![0..2_000_000_100_u32, Just(1_000_000_000)];
        let moment = (seconds, nanos, -100_000..100_000_i32, prop::sample::select(vec![12_usize, 16]));
        let clock = (0..90_000_u32, 0..2_000_000_100_u32);
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            prop::collection::vec(0..3_u8, 14),
            any::<String>().prop_map(String::into_bytes),
            (-3_000_000..3_000_000_i32).prop_map(|day| day.to_be_bytes().to_vec()),
            clock.prop_map(|(second, nanos)| [second.to_be_bytes(), nanos.to_be_bytes()].concat()),
            moment.prop_map(|(seconds, nanos, offset, len)| {
                let all = [&seconds.to_be_bytes()[..], &nanos.to_be_bytes(), &offset.to_be_bytes()].concat();
                all[..len].to_vec()
            }),
        ]
    }
}

macro_rules! every_value_comes_back {
    ($($name:ident: $strategy:expr;)*) => {
        proptest! {$(
            #[test]
            fn $name(value in $strategy) {
                comes_back(&value)?;
            }
        )*}
    };
}

mod round_trips {
    use super::strategies::*;
    use super::*;

    every_value_comes_back! {
        booleans: any::<bool>();
        i8s: any::<i8>();
        i16s: any::<i16>();
        i32s: any::<i32>();
        i64s: any::<i64>();
        i128s: any::<i128>();
        isizes: any::<isize>();
        u8s: any::<u8>();
        u16s: any::<u16>();
        u32s: any::<u32>();
        u64s: any::<u64>();
        u128s: any::<u128>();
        usizes: any::<usize>();
        texts: any::<String>();
        bytes: prop::collection::vec(any::<u8>(), 0..200);
        uuids: any::<u128>().prop_map(Uuid::from_u128);
        chrono_dates: chrono_date();
        chrono_times: chrono_time();
        chrono_datetimes: chrono_utc().prop_map(|time| time.naive_utc());
        chrono_timestamps: chrono_utc();
        time_dates: time_date();
        time_times: time_time();
        time_datetimes: time_primitive();
        time_timestamps: time_primitive().prop_map(PrimitiveDateTime::as_utc);
        jsons: json();
    }

    proptest! {
        #[test]
        fn floats(bits in any::<u64>(), short in any::<u32>()) {
            prop_assert_eq!(decode::<f64>(&bytes_of(&f64::from_bits(bits))).map(f64::to_bits), Ok(bits));
            prop_assert_eq!(decode::<f32>(&bytes_of(&f32::from_bits(short))).map(f32::to_bits), Ok(short));
        }

        /// Neither the sign of zero nor the scale is part of `Decimal`'s equality.
        #[test]
        fn decimals(value in decimal()) {
            let back: Decimal = decode(&bytes_of(&value)).unwrap();
            prop_assert_eq!(back.serialize(), value.serialize());
        }

        /// The offset is part of the value, and no part of equality in either crate.
        #[test]
        fn offsets(chrono in chrono_offset(), time in time_offset()) {
            comes_back(&chrono)?;
            let back: DateTime<FixedOffset> = reread(&chrono);
            prop_assert_eq!(back.offset(), chrono.offset());
            if time.checked_to_utc().is_some() {
                comes_back(&time)?;
                prop_assert_eq!(reread::<_, OffsetDateTime>(&time).offset(), time.offset());
            } else {
                prop_assert!(time.encode().is_err());
            }
        }

        #[test]
        fn json_floats(bits in any::<u64>().prop_filter("finite", |bits| f64::from_bits(*bits).is_finite())) {
            let Json(float) = reread::<_, Json<f64>>(&Json(f64::from_bits(bits)));
            prop_assert_eq!(float.to_bits(), bits);
            let value: serde_json::Value = reread(&Json(f64::from_bits(bits)));
            prop_assert_eq!(value.as_f64().map(f64::to_bits), Some(bits));
        }

        #[test]
        fn secrets(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..50), number in any::<i64>()) {
            let secret: SecretString = reread(&SecretString::from(text.clone()));
            prop_assert_eq!(secret.expose_secret(), &text);
            let secret: SecretSlice<u8> = reread(&SecretSlice::from(bytes.clone()));
            prop_assert_eq!(secret.expose_secret(), &bytes);
            let secret: SecretBox<i64> = reread(&SecretBox::new(Box::new(number)));
            prop_assert_eq!(*secret.expose_secret(), number);
        }
    }

    #[test]
    fn edges() {
        for bits in [f64::NAN.to_bits(), 1, 1 << 63, 0x7ff0_0000_0000_0001, 0xfff8_0000_dead_beef] {
            assert_eq!(decode::<f64>(&bytes_of(&f64::from_bits(bits))).unwrap().to_bits(), bits);
        }
        assert_eq!(bytes_of(&String::new()), b"");
        assert_eq!(decode::<String>(b"").as_deref(), Ok(""));
        assert_eq!(decode::<Vec<u8>>(b""), Ok(Vec::new()));
        assert_eq!(decode::<SecretString>(b"").unwrap().expose_secret(), "");
        assert_eq!(decode::<SecretSlice<u8>>(b"").unwrap().expose_secret(), b"");
        comes_back(&NaiveDateTime::MIN).unwrap();
        comes_back(&NaiveDateTime::MAX).unwrap();
        comes_back(&NaiveDateTime::new(NaiveDate::MAX, NaiveTime::MIN)).unwrap();
    }
}

mod one_kind {
    use super::strategies::*;
    use super::*;

    /// Each reads the other's, and says the same of it.
    fn agree<T: Value + Spelt, U: Value + Spelt>(value: &T) -> Result<(), TestCaseError> {
        let other: U = reread(value);
        prop_assert_eq!(other.spelt(), value.spelt());
        prop_assert_eq!(bytes_of(&other), bytes_of(value));
        Ok(())
    }

    proptest! {
        #[test]
        fn text_bytes_and_integers(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..50), a in any::<i64>(), b in any::<u64>()) {
            agree::<String, SecretString>(&text)?;
            agree::<SecretString, String>(&text.clone().into())?;
            prop_assert_eq!(bytes_of(&text.as_str()), bytes_of(&text));
            agree::<Vec<u8>, SecretSlice<u8>>(&bytes)?;
            agree::<SecretSlice<u8>, Vec<u8>>(&bytes.clone().into())?;
            prop_assert_eq!(bytes_of(&bytes.as_slice()), bytes_of(&bytes));
            agree::<i64, isize>(&a)?;
            agree::<u64, usize>(&b)?;
            prop_assert_eq!(*reread::<_, SecretBox<u64>>(&b).expose_secret(), b);
        }

        #[test]
        fn dates_and_times(time in time_offset().prop_filter("has UTC", |time| time.checked_to_utc().is_some())) {
            agree::<Date, NaiveDate>(&time.date())?;
            agree::<Time, NaiveTime>(&time.time())?;
            agree::<PrimitiveDateTime, NaiveDateTime>(&PrimitiveDateTime::new(time.date(), time.time()))?;
            agree::<UtcDateTime, DateTime<Utc>>(&time.to_utc())?;
            if time.offset().whole_seconds().abs() < 86_400 {
                agree::<OffsetDateTime, DateTime<FixedOffset>>(&time)?;
            }
        }

        #[test]
        fn json_of_any_type(json in json()) {
            prop_assert_eq!(&reread::<_, Json<serde_json::Value>>(&json).0, &json);
            prop_assert_eq!(&reread::<_, serde_json::Value>(&Json(json.clone())), &json);
        }
    }
}

macro_rules! canonical {
    ($bytes:ident: $($ty:ty)*) => {$(
        if let Ok(value) = decode::<$ty>(&$bytes) {
            prop_assert_eq!(bytes_of(&value), $bytes.clone(), "{}", stringify!($ty));
        }
    )*};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_read_is_what_would_be_written(bytes in strategies::encoding()) {
        canonical! {
            bytes: String Vec<u8> SecretString SecretSlice<u8> SecretBox<u32> bool f32 f64 Uuid Decimal
            i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize
            NaiveDate NaiveTime NaiveDateTime DateTime<Utc> DateTime<FixedOffset>
            Date Time PrimitiveDateTime UtcDateTime OffsetDateTime
        }
        // JSON has many spellings for one value: what is written is the shortest, and is read as
        // the same value.
        if let Ok(json) = decode::<serde_json::Value>(&bytes) {
            comes_back(&json)?;
        }
    }
}

#[test]
fn a_leap_second_that_could_not_be_read_again_is_not_written() {
    let leap = |second| NaiveTime::from_hms_opt(12, 0, second).unwrap().with_nanosecond(1_500_000_000).unwrap();
    let date = NaiveDate::from_ymd_opt(2016, 12, 31).unwrap();
    comes_back(&leap(59)).unwrap();
    comes_back(&date.and_time(leap(59)).and_utc()).unwrap();
    assert!(leap(58).encode().is_err());
    assert!(date.and_time(leap(58)).encode().is_err());
    assert!(date.and_time(leap(58)).and_utc().encode().is_err());
    let local = date.and_time(leap(59)).and_local_timezone(FixedOffset::east_opt(1).unwrap()).unwrap();
    assert!(local.encode().is_err());
}

#[test]
fn json_that_is_too_deep_to_be_read_again_is_not_written() {
    let nested = |depth| {
        (0..depth).fold(serde_json::Value::Null, |inner, level| match level % 2 {
            0 => serde_json::json!([inner, []]),
            _ => serde_json::json!({ "a": {}, "b": inner }),
        })
    };
    comes_back(&nested(126)).unwrap();
    assert!(nested(127).encode().is_err());
    assert!(Json(nested(127)).encode().is_err());
    let wide = serde_json::Value::from(vec![nested(1); 1_000]);
    comes_back(&wide).unwrap();
}

#[test]
fn only_writers_never_read() {
    assert!(decode::<&str>(b"text").is_err());
    assert!(decode::<&[u8]>(b"text").is_err());
}
