//! chrono's dates and times, to the nanosecond and with leap seconds.

use super::{Encoded, Kind, Malformed, Value, number::array};
use crate::db::StoredValue;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use zeroize::Zeroizing;

/// Days from 0000-12-31, which chrono counts from, to 1970-01-01.
const UNIX_EPOCH_DAY: i32 = 719_163;

/// Seconds and nanoseconds since the epoch, the latter up to 1,999,999,999 in a leap second.
fn seconds_and_nanos(utc: NaiveDateTime) -> Result<[u8; 12], &'static str> {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&utc.and_utc().timestamp().to_be_bytes());
    bytes[8..].copy_from_slice(&nanos(&utc)?.to_be_bytes());
    Ok(bytes)
}

/// The nanoseconds of a time that chrono also reads: `with_nanosecond` and offsets with seconds
/// make leap seconds in the middle of a minute, and nothing else in chrono takes those.
fn nanos(time: &impl Timelike) -> Result<u32, &'static str> {
    match time.nanosecond() {
        1_000_000_000.. if time.second() != 59 => Err("its leap second isn't at the end of a minute in UTC"),
        nanos => Ok(nanos),
    }
}

fn from_seconds_and_nanos(bytes: &[u8]) -> Result<NaiveDateTime, Malformed> {
    let (seconds, nanos) = bytes.split_at_checked(8).ok_or(Malformed)?;
    let seconds = i64::from_be_bytes(array(seconds)?);
    let nanos = u32::from_be_bytes(array(nanos)?);
    DateTime::from_timestamp(seconds, nanos).map(|time| time.naive_utc()).ok_or(Malformed)
}

impl Value for NaiveDate {
    const KIND: Kind = Kind::DATE;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::short(&(self.num_days_from_ce() - UNIX_EPOCH_DAY).to_be_bytes()))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let days = i32::from_be_bytes(array(&bytes)?).checked_add(UNIX_EPOCH_DAY).ok_or(Malformed)?;
        Self::from_num_days_from_ce_opt(days).ok_or(Malformed)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        stored.text()?.parse().ok()
    }
}

impl Value for NaiveTime {
    const KIND: Kind = Kind::TIME;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.num_seconds_from_midnight().to_be_bytes());
        bytes[4..].copy_from_slice(&nanos(self)?.to_be_bytes());
        Ok(Encoded::short(&bytes))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let [a, b, c, d, nanos @ ..] = array::<8>(&bytes)?;
        Self::from_num_seconds_from_midnight_opt(u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes(nanos))
            .ok_or(Malformed)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        stored.text()?.parse().ok()
    }
}

impl Value for NaiveDateTime {
    const KIND: Kind = Kind::DATETIME;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::short(&seconds_and_nanos(*self)?))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        from_seconds_and_nanos(&bytes)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        let text = stored.text()?;
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
            .into_iter()
            .find_map(|format| Self::parse_from_str(text, format).ok())
    }
}

impl Value for DateTime<Utc> {
    const KIND: Kind = Kind::TIMESTAMP;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        Ok(Encoded::short(&seconds_and_nanos(self.naive_utc())?))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        from_seconds_and_nanos(&bytes).map(|time| time.and_utc())
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        DateTime::<FixedOffset>::from_plaintext(stored)
            .map(Into::into)
            .or_else(|| NaiveDateTime::from_plaintext(stored).map(|time| time.and_utc()))
    }
}

impl Value for DateTime<FixedOffset> {
    const KIND: Kind = Kind::TIMESTAMP_OFFSET;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        let mut bytes = [0; 16];
        bytes[..12].copy_from_slice(&seconds_and_nanos(self.naive_utc())?);
        bytes[12..].copy_from_slice(&self.offset().local_minus_utc().to_be_bytes());
        Ok(Encoded::short(&bytes))
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let (utc, offset) = bytes.split_at_checked(12).ok_or(Malformed)?;
        let offset = FixedOffset::east_opt(i32::from_be_bytes(array(offset)?)).ok_or(Malformed)?;
        Ok(Self::from_naive_utc_and_offset(from_seconds_and_nanos(utc)?, offset))
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        let text = stored.text()?;
        Self::parse_from_rfc3339(text).or_else(|_| Self::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z")).ok()
    }
}
