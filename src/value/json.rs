//! Anything serde, as JSON text.

use super::{Encoded, Kind, Malformed, Value};
use crate::db::StoredValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::io::{self, Write};
use zeroize::Zeroizing;

/// What `#[encrypt(json)]` needs of a type: serde's `Serialize` and `DeserializeOwned`.
///
/// It can't be implemented outside of this crate, and needn't be: every type that has both has it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sealed as JSON",
    label = "not `Serialize` and `DeserializeOwned`",
    note = "`#[encrypt(json)]` needs `#[derive(serde::Serialize, serde::Deserialize)]` on the type and on what it holds"
)]
pub trait JsonValue: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> JsonValue for T {}

/// A value that is sealed as JSON: what `#[encrypt(json)]` makes of a field.
///
/// Its `Debug` is redacted, as a model prints its sealed fields; print `.0` where the value is
/// meant to be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Json<T>(pub T);

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json([redacted])")
    }
}

impl<T: JsonValue> Value for Json<T> {
    const KIND: Kind = Kind::JSON;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        encode_readable(&self.0)
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        serde_json::from_slice(&bytes).map(Self).map_err(|_| Malformed)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        serde_json::from_str(stored.text()?).ok().map(Self)
    }
}

impl Value for serde_json::Value {
    const KIND: Kind = Kind::JSON;

    fn encode(&self) -> Result<Encoded<'_>, &'static str> {
        encode_readable(self)
    }

    fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        serde_json::from_slice(&bytes).map_err(|_| Malformed)
    }

    fn from_plaintext(stored: StoredValue<'_>) -> Option<Self> {
        serde_json::from_str(stored.text()?).ok()
    }
}

/// The value as JSON, which was read back once: serde_json can't always read what it writes. NaN
/// becomes `null`, lists in lists may be too deep, and a type's `Serialize` and `Deserialize` may
/// not match. Such a value would be lost if it were sealed.
pub(crate) fn encode_readable<T: JsonValue>(value: &T) -> Result<Encoded<'_>, &'static str> {
    const UNREADABLE: &str = "serde_json can't read back what it writes for it: NaN or an infinity, more than 127 lists \
                              and maps in each other, or a `Deserialize` that doesn't match `Serialize`";
    let bytes = encode_json(value)?;
    serde_json::from_slice::<T>(&bytes).map_err(|_| UNREADABLE)?;
    Ok(Encoded::owned(bytes))
}

/// Serializes twice, first to count: a buffer that grew would leave copies of the plaintext behind.
pub(crate) fn encode_json<T: Serialize>(value: &T) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    const NOT_JSON: &str = "serde_json can't write it: a map whose keys aren't text, or a failing `Serialize`";
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).map_err(|_| NOT_JSON)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(count.0));
    serde_json::to_writer(&mut *bytes, value).map_err(|_| NOT_JSON)?;
    Ok(bytes)
}

struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
