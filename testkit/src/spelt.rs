//! Values as text, spelt as `docs/format-vectors.md` says.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretBox, SecretString};

pub trait Spelt {
    /// The crate of the type, where there is more than one for its kind.
    const CRATE: &'static str = "";

    fn spelt(&self) -> String;
}

macro_rules! displayed {
    ($($ty:ty)*) => {$(
        impl Spelt for $ty {
            fn spelt(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

displayed!(String bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize uuid::Uuid serde_json::Value);

macro_rules! floats {
    ($($ty:ty)*) => {$(
        impl Spelt for $ty {
            fn spelt(&self) -> String {
                match self.to_bits() {
                    bits if self.is_nan() && bits != <$ty>::NAN.to_bits() => format!("NaN:{bits:x}"),
                    _ => format!("{self:?}"),
                }
            }
        }
    )*};
}

floats!(f32 f64);

impl Spelt for SecretString {
    fn spelt(&self) -> String {
        self.expose_secret().to_owned()
    }
}

impl Spelt for Vec<u8> {
    fn spelt(&self) -> String {
        hex::encode(self)
    }
}

impl Spelt for SecretBox<[u8]> {
    fn spelt(&self) -> String {
        hex::encode(self.expose_secret())
    }
}

impl Spelt for Decimal {
    fn spelt(&self) -> String {
        let scale = self.scale() as usize;
        let digits = format!("{:0width$}", self.mantissa().unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale == 0 { "" } else { "." };
        format!("{}{whole}{point}{fraction}", if self.is_sign_negative() { "-" } else { "" })
    }
}

fn date(year: i32, month: u32, day: u32) -> String {
    match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:+05}-{month:02}-{day:02}"),
    }
}

/// `nanos` counts on to 1,999,999,999 in a leap second.
fn time([hour, minute, second]: [u32; 3], nanos: u32) -> String {
    let (second, nanos) = (second + nanos / 1_000_000_000, nanos % 1_000_000_000);
    let fraction = if nanos == 0 { String::new() } else { format!(".{nanos:09}") };
    format!("{hour:02}:{minute:02}:{second:02}{fraction}")
}

fn offset(seconds: i32) -> String {
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let tail = if size % 60 == 0 { String::new() } else { format!(":{:02}", size % 60) };
    format!("{sign}{:02}:{:02}{tail}", size / 3600, size / 60 % 60)
}

macro_rules! spelt_by {
    ($krate:literal: $($ty:ty => |$value:ident| $spelt:expr;)*) => {$(
        impl Spelt for $ty {
            const CRATE: &'static str = $krate;

            fn spelt(&self) -> String {
                let $value = self;
                $spelt
            }
        }
    )*};
}

spelt_by! {
    "chrono":
    NaiveDate => |it| date(it.year(), it.month(), it.day());
    NaiveTime => |it| time([it.hour(), it.minute(), it.second()], it.nanosecond());
    NaiveDateTime => |it| format!("{}T{}", it.date().spelt(), it.time().spelt());
    DateTime<Utc> => |it| format!("{}Z", it.naive_utc().spelt());
    DateTime<FixedOffset> => |it| it.naive_local().spelt() + &offset(it.offset().local_minus_utc());
}

spelt_by! {
    "time":
    ::time::Date => |it| date(it.year(), u8::from(it.month()).into(), it.day().into());
    ::time::Time => |it| time([it.hour().into(), it.minute().into(), it.second().into()], it.nanosecond());
    ::time::PrimitiveDateTime => |it| format!("{}T{}", it.date().spelt(), it.time().spelt());
    ::time::UtcDateTime => |it| format!("{}T{}Z", it.date().spelt(), it.time().spelt());
    ::time::OffsetDateTime => |it| {
        format!("{}T{}{}", it.date().spelt(), it.time().spelt(), offset(it.offset().whole_seconds()))
    };
}
