//! How things are written for people: ages, scopes, names that an attacker may have chosen.

use fieldseal::Scope;
use fieldseal::keys::KeyId;
use humantime::{format_duration, format_rfc3339_seconds};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `1 data key`, `2 data keys`.
pub(crate) fn count(number: usize, one: &str) -> String {
    count_of(number, one, &format!("{one}s"))
}

/// `1 wrapped copy`, `2 wrapped copies`.
pub(crate) fn count_of(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `1 value`, `2 values`.
pub(crate) fn values(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "value")
}

/// `1 KMS call`, `2 KMS calls`.
pub(crate) fn kms_calls(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "KMS call")
}

/// A duration in its two largest units: `1m 30s`.
pub(crate) fn duration(duration: Duration) -> String {
    let rounded = match duration.as_secs() {
        0 => return "less than 1s".to_owned(),
        seconds @ 1..3600 => seconds,
        seconds @ 3600..86_400 => seconds / 60 * 60,
        seconds => seconds / 3600 * 3600,
    };
    format_duration(Duration::from_secs(rounded)).to_string()
}

/// How long ago, in its largest unit: `12d`.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Seconds since `created`, which is in Unix seconds; 0 if it's in the future.
pub(crate) fn seconds_since(created: i64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    now.saturating_sub(u64::try_from(created).unwrap_or_default())
}

/// Unix seconds as RFC 3339 has them.
pub(crate) fn timestamp(created: i64) -> String {
    // The last second that can be written.
    const YEAR_9999: u64 = 253_402_300_799;
    let seconds = u64::try_from(created).unwrap_or_default().min(YEAR_9999);
    format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// The scope in a table: its tenant's name, or `(application)`.
pub(crate) fn scope(scope: &Scope) -> String {
    if *scope == Scope::APPLICATION { "(application)".to_owned() } else { plain(scope.as_str()) }
}

/// The tenant's name in JSON; null for the application.
pub(crate) fn tenant(scope: &Scope) -> Option<String> {
    (*scope != Scope::APPLICATION).then(|| scope.as_str().to_owned())
}

/// Text from the key store, where it can do a terminal no harm. At most 120 characters.
pub(crate) fn plain(text: &str) -> String {
    plain_up_to(120, text)
}

/// A sentence with such text in it.
pub(crate) fn plain_long(text: &str) -> String {
    plain_up_to(1000, text)
}

/// Words of our own that may have such text in them: as they are, and in lines.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        // Combining marks count as letters, and characters that change the direction of text don't.
        if character == '\n' || !character.is_control() && !BIDI.contains(&character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

/// Explicit directions, which can make text look like something else.
const BIDI: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

fn plain_up_to(most: usize, text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(most) {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// A key's id as a person writes it: eight hex digits, with or without `0x`.
pub(crate) fn key_id(text: &str) -> Result<KeyId, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_id = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_id);
    number.and_then(KeyId::new).ok_or_else(|| "a key's id is eight hex digits, as `key list` shows it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_printed() {
        let id = KeyId::new(0x00c0_ffee).unwrap();
        assert_eq!(key_id(&id.to_string()), Ok(id));
        assert_eq!(key_id("00C0FFEE"), Ok(id));
        for other in ["", "0x", "c0ffee", "0x00000000", "0x00c0ffee0", "+0c0ffee", "primary"] {
            assert!(key_id(other).is_err(), "{other}");
        }
    }

    #[test]
    fn what_others_wrote_does_a_terminal_no_harm() {
        assert_eq!(plain("north"), "north");
        assert_eq!(plain("\u{1b}[31m\n"), "\\u{1b}[31m\\n");
        assert_eq!(plain(&"x".repeat(200)).chars().count(), 121);
    }

    #[test]
    fn ages_have_one_unit() {
        assert_eq!([0, 61, 7200, 86_400 * 90].map(age), ["0s", "1m", "2h", "90d"]);
    }
}
