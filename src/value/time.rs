//! The `time` crate's dates and times, to the nanosecond.

use super::{Encoded, Kind, Malformed, Value, number::array};
use crate::db::StoredValue;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};
use zeroize::Zeroizing;

/// The Julian day of 1970-01-01.
const UNIX_EPOCH_DAY: i32 = 2_440_588;

fn seconds_and_nanos(time: UtcDateTime) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&time.unix_timestamp().to_be_bytes());
    bytes[8..].copy_from_slice(&time.nanosecond().to_be_bytes());
    bytes
}

fn from_seconds_and_nanos(bytes: &[u8]) -> Result<UtcDateTime, Malformed> {
    let (seconds, nanos) = bytes.split_at_checked(8).ok_or(Malformed)?;
    let nanos = u32::from_be_bytes(array(nanos)?);
    UtcDateTime::from_unix_timestamp(i64::from_be_bytes(array(seconds)?))
        .and_then(|time| time.replace_nanosecond(nanos))
        .map_err(|_| Malformed)
}

impl Value for Date {
    const KIND: Kind = Kind::DATE;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::short(&(self.to_julian_day() - UNIX_EPOCH_DAY).to_be_bytes()))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let day = i32::from_be_bytes(array(&bytes)?).checked_add(UNIX_EPOCH_DAY).ok_or(Malformed)?;
        Self::from_julian_day(day).map_err(|_| Malformed)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        parse::date(stored.text()?)
    }
}

impl Value for Time {
    const KIND: Kind = Kind::TIME;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        let (hour, minute, second, nanos) = self.as_hms_nano();
        let seconds = (u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second);
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4..].copy_from_slice(&nanos.to_be_bytes());
        Ok(Encoded::short(&bytes))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let [a, b, c, d, nanos @ ..] = array::<8>(&bytes)?;
        let seconds = u32::from_be_bytes([a, b, c, d]);
        let part = |n: u32| u8::try_from(n).map_err(|_| Malformed);
        Self::from_hms_nano(
            part(seconds / 3600)?,
            part(seconds / 60 % 60)?,
            part(seconds % 60)?,
            u32::from_be_bytes(nanos),
        )
        .map_err(|_| Malformed)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        parse::time(stored.text()?)
    }
}

impl Value for PrimitiveDateTime {
    const KIND: Kind = Kind::DATETIME;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::short(&seconds_and_nanos(self.as_utc())))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let time = from_seconds_and_nanos(&bytes)?;
        Ok(Self::new(time.date(), time.time()))
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        parse::date_time(stored.text()?)
    }
}

impl Value for UtcDateTime {
    const KIND: Kind = Kind::TIMESTAMP;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::short(&seconds_and_nanos(*self)))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        from_seconds_and_nanos(&bytes)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        let text = stored.text()?;
        parse::offset_date_time(text)
            .map(OffsetDateTime::to_utc)
            .or_else(|| parse::date_time(text).map(PrimitiveDateTime::as_utc))
    }
}

impl Value for OffsetDateTime {
    const KIND: Kind = Kind::TIMESTAMP_OFFSET;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        let utc = self.checked_to_utc().ok_or("the time crate has no UTC for it")?;
        let mut bytes = [0; 16];
        bytes[..12].copy_from_slice(&seconds_and_nanos(utc));
        bytes[12..].copy_from_slice(&self.offset().whole_seconds().to_be_bytes());
        Ok(Encoded::short(&bytes))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let (utc, offset) = bytes.split_at_checked(12).ok_or(Malformed)?;
        let seconds = i32::from_be_bytes(array(offset)?);
        let offset = UtcOffset::from_whole_seconds(seconds).map_err(|_| Malformed)?;
        from_seconds_and_nanos(utc)?.checked_to_offset(offset).ok_or(Malformed)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        parse::offset_date_time(stored.text()?)
    }
}

/// The forms that SQLite's date functions and the database libraries write, by hand: `time`'s
/// parsers would bring in another of its features.
mod parse {
    use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

    pub(super) fn date(text: &str) -> Option<Date> {
        let (year_month, day) = text.rsplit_once('-')?;
        let (year, month) = year_month.rsplit_once('-')?;
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
    }

    pub(super) fn time(text: &str) -> Option<Time> {
        let mut parts = text.splitn(3, ':');
        let hour = parts.next()?.parse().ok()?;
        let minute = parts.next()?.parse().ok()?;
        let (second, fraction) = match parts.next() {
            None => ("0", ""),
            Some(rest) => rest.split_once('.').unwrap_or((rest, "")),
        };
        if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let nanos = format!("{fraction:0<9}").parse().ok()?;
        Time::from_hms_nano(hour, minute, second.parse().ok()?, nanos).ok()
    }

    pub(super) fn date_time(text: &str) -> Option<PrimitiveDateTime> {
        let (day, clock) = text.split_once(['T', ' '])?;
        Some(PrimitiveDateTime::new(date(day)?, time(clock)?))
    }

    pub(super) fn offset_date_time(text: &str) -> Option<OffsetDateTime> {
        if let Some(utc) = text.strip_suffix('Z') {
            return Some(date_time(utc.trim_end())?.assume_utc());
        }
        let sign = text.rfind(['+', '-']).filter(|at| text.get(..*at).is_some_and(|clock| clock.contains(':')))?;
        let (clock, offset) = text.split_at_checked(sign)?;
        let seconds = i32::try_from((time(offset.get(1..)?)? - Time::MIDNIGHT).whole_seconds()).ok()?;
        let seconds = if offset.starts_with('-') { -seconds } else { seconds };
        Some(date_time(clock.trim_end())?.assume_offset(UtcOffset::from_whole_seconds(seconds).ok()?))
    }
}
