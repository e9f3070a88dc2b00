//! How much is lost with a key: the stored values that nobody will be able to read.

use crate::error::Error;
use crate::target::Target;
use fieldseal::KeyId;

/// How many stored values are sealed under those keys; `None` where that isn't known.
///
/// What `key destroy` and `shred` show before they ask. Counting needs the program's tables, which nothing here reads yet.
#[expect(clippy::unnecessary_wraps, reason = "reading the program's tables can fail")]
pub(super) fn readable(_: &Target, _: &[KeyId]) -> Result<Option<u64>, Error> {
    Ok(None)
}

/// For people, before they are asked.
pub(super) fn lost(values: Option<u64>) -> String {
    match values {
        Some(0) => "no stored value is under them".to_owned(),
        Some(1) => "1 stored value can't be read any more".to_owned(),
        Some(values) => format!("{values} stored values can't be read any more"),
        None => "whatever is sealed under them can't be read any more".to_owned(),
    }
}
